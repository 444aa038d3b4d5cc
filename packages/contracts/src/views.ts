export * from "./views/analytics.ts";
export * from "./views/connections.ts";
export * from "./views/inbox.ts";
export * from "./views/platforms.ts";
export * from "./views/publishing.ts";
export * from "./views/records.ts";
