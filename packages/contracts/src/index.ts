export * from "./ids.ts";
export * from "./job-states.ts";
export * from "./json.ts";
export * from "./result.ts";
