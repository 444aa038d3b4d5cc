import type { InboundSpool } from "../../ports/inbound-spool.ts";
import type { Inbox, InboxItem } from "../../ports/inbox.ts";

export interface KeepRequestDeps {
  readonly inbox: Pick<Inbox, "store">;
  readonly spool: InboundSpool;
  readonly isPassing: (error: unknown) => boolean;
  readonly sleep: (ms: number) => Promise<void>;
  readonly clock: { now(): Date };
  readonly log: {
    info(fields: Readonly<Record<string, unknown>>, message: string): void;
    warn(fields: Readonly<Record<string, unknown>>, message: string): void;
    error(fields: Readonly<Record<string, unknown>>, message: string): void;
  };
}

/** A database that takes longer is as good as away: platforms give up on whoever answers late. */
const storeWithinMs = 1_000;

/**
 * Keeps verified requests where they outlive this process: in the database, or in the spool while the database is away.
 * A request whose storing took too long may be in both; its id tells.
 */
export function createRequestKeeper({ inbox, spool, isPassing, ...deps }: KeepRequestDeps) {
  const { log } = deps;
  /** Known since the last failure: requests go to the spool at once, until a turn of draining came through. */
  let isAway = false;
  let draining: Promise<number> | undefined;

  async function isStored(item: InboxItem): Promise<boolean> {
    if (isAway) return false;
    try {
      const storing = inbox.store(item).then(() => true);
      // It may fail when nobody waits for it any more.
      storing.catch(() => {});
      if (await Promise.race([storing, deps.sleep(storeWithinMs).then(() => false)])) return true;
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    if (!isAway) log.warn({}, "the database is away; what platforms send is kept on this machine");
    isAway = true;
    return false;
  }

  /** One that the database refuses for what it is must not keep the others waiting. */
  async function storeKept(item: InboxItem): Promise<"stored" | "left"> {
    try {
      await inbox.store(item);
      return "stored";
    } catch (error) {
      if (isPassing(error)) throw error;
      log.error({ id: item.id, error: told(error) }, "what a platform sent waits on this machine and cannot be stored");
      return "left";
    }
  }

  return {
    /** `full`: it is kept nowhere, and the platform has to send it again. */
    async keep(item: InboxItem): Promise<"kept" | "full"> {
      if (await isStored(item)) return "kept";
      try {
        return await spool.put({ ...item, receivedAt: deps.clock.now() });
      } catch (error) {
        log.error(
          { error: told(error) },
          "what a platform sent could be kept neither in the database nor on this machine",
        );
        return "full";
      }
    },
    /** Stores what waits on this machine, one turn at a time; answers how many. Never rejects. */
    drain(): Promise<number> {
      draining ??= spool
        .drain(storeKept)
        .then((count) => {
          isAway = false;
          if (count > 0) log.info({ count }, "what platforms sent while the database was away is stored");
          return count;
        })
        .catch((error: unknown) => {
          if (!isPassing(error)) log.error({ error: told(error) }, "what waits on this machine could not be read");
          return 0;
        })
        .finally(() => {
          draining = undefined;
        });
      return draining;
    },
  };
}

export type RequestKeeper = ReturnType<typeof createRequestKeeper>;

const told = (error: unknown): string => (error instanceof Error ? error.message : "failed");
