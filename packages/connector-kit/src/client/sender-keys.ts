import { fail, ok } from "@postd/contracts";
import type { JSONWebKeySet } from "jose";
import { z } from "zod";
import type { AuthContext, PlatformResult } from "../context.ts";
import { parseJson, serverFailure } from "../server-failure.ts";

type Reader = Pick<AuthContext, "http" | "clock">;

const Keys = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) });

const mostMs = 24 * 3_600_000;
/** A stranger's token may name any key: the platform is not asked for each. */
const againMs = 60_000;

interface Known {
  readonly keys: JSONWebKeySet;
  readonly readAtMs: number;
  readonly untilMs: number;
}

/**
 * The keys a platform publishes, kept for as long as its answer says (`Cache-Control: max-age`, a day at most; without it
 * they are read for every request). Everybody who asks meanwhile waits for one reading. Of one server each: a server has one
 * clock, and whom it reaches does not change while it runs.
 */
export function senderKeys(keysAt: string) {
  const known = new WeakMap<Reader["clock"], Known>();
  const reading = new WeakMap<Reader["clock"], PlatformResult<Known>>();

  async function read({ http, clock }: Reader): PlatformResult<Known> {
    const answer = await http.request({ method: "GET", url: keysAt, effect: "none" });
    if (!answer.ok) return answer;
    if (answer.value.status !== 200)
      return fail(serverFailure(answer.value, { clock, message: "The sender's keys could not be read." }));
    const keys = parseJson(answer.value, Keys);
    if (!keys.ok) return keys;
    const readAtMs = clock.now().getTime();
    const seconds = Number(/(?:^|[\s,])max-age=(\d{1,9})/.exec(answer.value.headers["cache-control"] ?? "")?.[1] ?? 0);
    const found = {
      keys: keys.value as JSONWebKeySet,
      readAtMs,
      untilMs: readAtMs + Math.min(mostMs, seconds * 1_000),
    };
    known.set(clock, found);
    return ok(found);
  }

  /** One reading at a time. */
  function readOnce(ctx: Reader): PlatformResult<Known> {
    const running = reading.get(ctx.clock);
    if (running) return running;
    const begun = read(ctx).finally(() => reading.delete(ctx.clock));
    reading.set(ctx.clock, begun);
    return begun;
  }

  return {
    /** `isKept`: read for an earlier request, so a key made since is not among them. */
    async current(ctx: Reader): PlatformResult<{ readonly keys: JSONWebKeySet; readonly isKept: boolean }> {
      const kept = known.get(ctx.clock);
      if (kept && kept.untilMs > ctx.clock.now().getTime()) return ok({ keys: kept.keys, isKept: true });
      const found = await readOnce(ctx);
      return found.ok ? ok({ keys: found.value.keys, isKept: false }) : found;
    },
    /** For a token whose key is not among those kept; undefined: they were read a moment ago. */
    async anew(ctx: Reader): Promise<Awaited<PlatformResult<JSONWebKeySet>> | undefined> {
      const kept = known.get(ctx.clock);
      if (kept && ctx.clock.now().getTime() - kept.readAtMs < againMs) return undefined;
      const found = await readOnce(ctx);
      return found.ok ? ok(found.value.keys) : found;
    },
  };
}
