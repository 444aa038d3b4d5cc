import { AsyncLocalStorage } from "node:async_hooks";
import type { Acting } from "@postd/core";

const acting = new AsyncLocalStorage<Acting>();

/**
 * Whoever does what `fn` does, for the record the database keeps of every change. It travels beside the calls instead of
 * through them: a repository that forgot to hand it on would leave a change without its author, and nobody would notice.
 */
export const actAs = <T>(who: Acting, fn: () => T): T => acting.run(who, fn);

/** As a setting of a transaction. Work that nobody asked for is the server's own. */
export function actingSetting(): string {
  const { kind, id, reason, requestId } = acting.getStore() ?? { kind: "system" };
  return JSON.stringify({ kind, id, reason, requestId });
}
