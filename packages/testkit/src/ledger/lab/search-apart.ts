import { Worker } from "node:worker_threads";
import type { Found } from "./property.ts";

export interface SearchApart {
  readonly sequences: number;
  readonly seed: number;
  readonly longest: number;
  readonly isShrunk: boolean;
  /** Name of the guard that is switched off. */
  readonly mutation?: string;
  readonly lateAfterMs: number;
}

/**
 * Searches one after the other on the ledger in memory, in a thread of their own: the test runner follows every promise of
 * its own thread, which makes millions of them four times as slow.
 */
export function searchApart(searches: readonly SearchApart[]): Promise<readonly (Found & { readonly ms: number })[]> {
  return new Promise((resolve, reject) => {
    const found: (Found & { readonly ms: number })[] = [];
    const worker = new Worker(new URL("./search-worker.ts", import.meta.url), { workerData: searches });
    worker.on("message", (one: Found & { readonly ms: number }) => found.push(one));
    worker.on("error", reject);
    worker.on("exit", () =>
      found.length === searches.length ? resolve(found) : reject(new Error("a search ended without an answer")),
    );
  });
}
