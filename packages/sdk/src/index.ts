export type { CallInput, CallResult, Client, ClientOptions, SdkFailure } from "./client.ts";
export { createClient } from "./client.ts";
export { memoryCookies } from "./cookies.ts";
