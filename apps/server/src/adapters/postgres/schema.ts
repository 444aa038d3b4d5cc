export * from "./schema/connections.ts";
export * from "./schema/inbox.ts";
export * from "./schema/mentions.ts";
export * from "./schema/numbers.ts";
export * from "./schema/people.ts";
export * from "./schema/publishing.ts";
export * from "./schema/system.ts";
export * from "./schema/vault.ts";
