import type { Operation } from "./call.ts";
export const replyOperations: readonly Operation[] = [];
