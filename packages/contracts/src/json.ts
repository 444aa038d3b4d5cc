/** A value that survives JSON unchanged; connector states, options and prepared requests are of this kind. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };
