import type { InboxItem } from "./inbox.ts";

/** Requests of platforms that were verified and could not be stored, kept on this machine until they can be. */
export interface InboundSpool {
  /**
   * Kept for good when it resolves: on the disk, sealed. `full`: there is no more room, or what is there has waited too
   * long. Rejects when the disk does not take it.
   */
  put(item: InboxItem): Promise<"kept" | "full">;
  /**
   * Hands everything there is to `store`, oldest first, whichever process kept it, and forgets what was stored. One that was
   * `left` is handed again at the next turn. Stops at the first rejection and rejects with it; what was not stored stays. May
   * hand one twice. Answers how many were stored.
   */
  drain(store: (item: InboxItem) => Promise<"stored" | "left">): Promise<number>;
  standing(): SpoolStanding;
}

/** What waits on this machine, as far as this process knows. */
export interface SpoolStanding {
  readonly items: number;
  readonly bytes: number;
}
