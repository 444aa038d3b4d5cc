export type { CallInput, CallResult, Client, SdkFailure } from "./client.ts";
export { createClient } from "./client.ts";
export { memoryCookies } from "./cookies.ts";
export type { ClientOptions } from "./options.ts";
