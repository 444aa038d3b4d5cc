import type { Metric, PlatformResult } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import type { DuePost, PostReading } from "../../ports/numbers.ts";
import type { Ask } from "../connections/look-at-account.ts";
import type { NumbersLook, ReadNumbersDeps } from "./numbers-look.ts";
import { type PlanFacts, turnElsewhere, turnOf } from "./plan.ts";

const mostPosts = 300;

/** Reads the posts that are due, many in one call where the platform takes that; the others get their next time without a call. */
export async function readPosts({ clock }: ReadNumbersDeps, look: NumbersLook, ask: Ask): PlatformResult<void> {
  const { posts, batchSize = 1 } = look.numbers;
  const due = await look.repo.duePosts(look.connectionId, mostPosts);
  const turns = due.map((post) => ({ post, turn: turnFor(look, post, clock.now()) }));
  const isWanted = (isDue: boolean) => posts !== undefined && (isDue || look.state?.asked === true);
  await look.repo.keepNumbers(
    turns
      .filter(({ turn }) => !isWanted(turn.isDue))
      .map(({ post, turn: { nextAt } }) => ({ id: post.id, ...(posts && nextAt && { nextAt }) })),
  );
  const wanted = turns.flatMap(({ post, turn }) => (isWanted(turn.isDue) ? [post] : []));
  for (let from = 0; from < wanted.length; from += batchSize) {
    const batch = wanted.slice(from, from + batchSize);
    const read = await readBatch(look, batch, ask);
    if (!read.ok) return read;
    await look.repo.keepNumbers(batch.map((post) => readingOf(look, post, read.value.get(post.id), clock.now())));
  }
  return ok(undefined);
}

type Told = readonly Metric[] | "left_out" | "said";

/** One post the platform will not tell about must not stand in the way of the others: a batch that is refused is asked in halves. */
async function readBatch(
  look: NumbersLook,
  batch: readonly DuePost[],
  ask: Ask,
): PlatformResult<ReadonlyMap<string, Told>> {
  const { posts } = look.numbers;
  if (!posts) return ok(new Map());
  const read = await ask("post numbers", (ctx) => posts(batch, ctx));
  if (read.ok) {
    const told = new Map(read.value.map(({ externalId, metrics }) => [externalId, metrics]));
    return ok(new Map(batch.map(({ id, externalId }) => [id, told.get(externalId) ?? "left_out"])));
  }
  if (read.error.kind !== "content_rejected") return read;
  if (batch.length === 1) {
    const said = read.error.reason === "missing" ? "said" : "left_out";
    return ok(new Map(batch.map(({ id }) => [id, said])));
  }
  const half = Math.ceil(batch.length / 2);
  const one = await readBatch(look, batch.slice(0, half), ask);
  if (!one.ok) return one;
  const other = await readBatch(look, batch.slice(half), ask);
  return other.ok ? ok(new Map([...one.value, ...other.value])) : other;
}

function readingOf(look: NumbersLook, post: DuePost, told: Told = "left_out", now: Date): PostReading {
  const { nextAt } = turnFor(look, { ...post, readAt: now }, now);
  return {
    id: post.id,
    ...(typeof told === "string" ? { gone: told, metrics: [] } : { metrics: told }),
    ...(nextAt && { nextAt }),
  };
}

const turnFor = ({ numbers }: NumbersLook, { madeElsewhere, createdAt, readAt, format }: DuePost, now: Date) =>
  (madeElsewhere ? turnElsewhere : turnOf)(factsOf(numbers, format), { madeAt: createdAt, readAt, now });

export function factsOf(
  { delayMs, endsAfterMs = {} }: { readonly delayMs: number; readonly endsAfterMs?: Readonly<Record<string, number>> },
  format: string,
): PlanFacts {
  const ends = Object.hasOwn(endsAfterMs, format) ? endsAfterMs[format] : undefined;
  return { delayMs, ...(ends !== undefined && { endsAfterMs: ends }) };
}
