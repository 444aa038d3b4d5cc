export * from "./ports/connection-access.ts";
export * from "./ports/queue.ts";
export * from "./ports/registry.ts";
export * from "./ports/services.ts";
