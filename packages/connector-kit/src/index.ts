export * from "./auth.ts";
export * from "./connector.ts";
export * from "./context.ts";
export * from "./failure.ts";
export * from "./http.ts";
export * from "./publish.ts";
export * from "./secret.ts";
