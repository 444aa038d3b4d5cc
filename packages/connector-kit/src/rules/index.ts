export * from "./adopt.ts";
export * from "./decide.ts";
export * from "./drive.ts";
export * from "./look-up.ts";
export * from "./native-time.ts";
export * from "./one-visible-call.ts";
export * from "./run-steps.ts";
export * from "./settle-failure.ts";
