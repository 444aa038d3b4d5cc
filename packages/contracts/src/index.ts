export * from "./errors.ts";
export * from "./ids.ts";
export * from "./job-states.ts";
export * from "./json.ts";
export * from "./publishing.ts";
export * from "./result.ts";
export * from "./views.ts";
