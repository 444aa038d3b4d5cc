import type { Operation } from "./call.ts";
export const insightOperations: readonly Operation[] = [];
