import type { AccountPost, Metric, Numbers, PlatformFailure, PlatformResult } from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import type { DuePost, NumbersOwner, NumbersRepo, TenantNumbers } from "../../ports/numbers.ts";
import {
  type Ask,
  accountsAtOnce,
  afterFailure,
  askingAs,
  type LookDeps,
  lookAtEach,
} from "../connections/look-at-account.ts";
import { toldAddress, toldLine } from "../connections/told.ts";
import { accountEveryMs, nextReading, readForMs } from "./pace.ts";

export interface ReadNumbersDeps extends LookDeps {
  readonly numbers: NumbersRepo;
}

const mostPages = 5;
const mostPosts = 300;
/** How much of a text is kept, so that people know the post again. */
const shownText = 300;
const dayMs = 24 * 60 * 60_000;
const daysRead = 3;
/** A post may be listed late, or be changed in a list soon after. */
const overlapMs = 2 * dayMs;

/**
 * Reads the numbers of accounts that are due, and lists what stands on them. One that cannot be read waits and holds up no
 * other. Answers how many were looked at; run by one process at a time.
 */
export async function readNumbers(deps: ReadNumbersDeps): Promise<number> {
  const due = await deps.numbers.due({ limit: accountsAtOnce, onlyAsked: !deps.readsByItself });
  return lookAtEach(deps, due, "numbers", (owner) => readAccount(deps, owner));
}

async function readAccount(deps: ReadNumbersDeps, owner: NumbersOwner): Promise<void> {
  const { connectionId, tenantId, platform } = owner;
  const repo = deps.numbers.forTenant(tenantId);
  const before = await repo.reading(connectionId);
  const after = (ms: number) => new Date(deps.clock.now().getTime() + ms);
  // First, so that what breaks below is not looked at again at once.
  await repo.putOff(connectionId, after(accountEveryMs));
  const numbers = deps.registry.get(platform)?.numbers;
  if (!numbers) return;
  const read = await readAll(deps, { ...owner, numbers, repo, readAt: before?.readAt });
  if (read.ok) return repo.ended(connectionId, { at: after(accountEveryMs) });
  await repo.ended(connectionId, afterFailure(read.error, deps.clock));
  deps.log.info({ connectionId, platform, kind: read.error.kind }, "an account's numbers wait");
}

interface Look extends NumbersOwner {
  readonly numbers: Numbers;
  readonly repo: TenantNumbers;
  /** When the look before this went through. */
  readonly readAt: Date | undefined;
}

async function readAll(deps: ReadNumbersDeps, look: Look): PlatformResult<void> {
  const ask = askingAs(deps, look);
  let missed: PlatformFailure | undefined;
  for (const read of [listPosts, readPosts, readDays]) {
    const done = await read(deps, look, ask);
    if (done.ok) continue;
    missed ??= done.error;
    if (!isOfThisReadAlone(done.error)) break;
  }
  return missed ? fail(missed) : ok(undefined);
}

/** A right that one of the lists asks for may well be there for the others. */
const isOfThisReadAlone = ({ kind }: PlatformFailure): boolean =>
  kind === "scope_missing" || kind === "content_rejected";

/** What stands on the account since the last look, or as far back as numbers are read. */
async function listPosts({ clock }: ReadNumbersDeps, look: Look, ask: Ask): PlatformResult<void> {
  const { recent } = look.numbers;
  const since = new Date(look.readAt ? look.readAt.getTime() - overlapMs : clock.now().getTime() - readForMs);
  const all: AccountPost[] = [];
  let cursor: string | undefined;
  for (let page = 0; recent && page < mostPages; page += 1) {
    const from = cursor;
    const got = await ask("recent posts", (ctx) => recent({ since, ...(from && { cursor: from }) }, ctx));
    if (!got.ok) return got;
    const young = got.value.posts.filter(({ createdAt }) => createdAt >= since);
    all.push(...young.map(toldPost));
    cursor = got.value.cursor;
    if (!cursor || young.length === 0) break;
  }
  await look.repo.keepPosts(look.connectionId, all);
  return ok(undefined);
}

const toldPost = ({ text, permalink, ...post }: AccountPost): AccountPost => {
  const address = toldAddress(permalink, ["https:", "http:"]);
  return { ...post, ...(address && { permalink: address }), ...(text && { text: toldLine(text, shownText) }) };
};

async function readPosts({ clock }: ReadNumbersDeps, look: Look, ask: Ask): PlatformResult<void> {
  const { posts, delayMs, batchSize = 1 } = look.numbers;
  const due = posts ? await look.repo.duePosts(look.connectionId, mostPosts) : [];
  for (let from = 0; posts && from < due.length; from += batchSize) {
    const batch = due.slice(from, from + batchSize);
    const read = await ask("post numbers", (ctx) => posts(batch, ctx));
    // One post the platform will not tell about must not stand in the way of all the others.
    if (!read.ok && !(read.error.kind === "content_rejected" && batchSize === 1)) return read;
    const told = new Map(read.ok ? read.value.map(({ externalId, metrics }) => [externalId, metrics]) : []);
    await look.repo.keepNumbers(batch.map((post) => readingOf(post, told.get(post.externalId), clock.now(), delayMs)));
  }
  return ok(undefined);
}

/** Numbers of the account, once a day: of each of the last whole days (UTC), as they may still be changing. */
async function readDays({ clock }: ReadNumbersDeps, look: Look, ask: Ask): PlatformResult<void> {
  const { account, delayMs } = look.numbers;
  const today = Math.floor(clock.now().getTime() / dayMs) * dayMs;
  if (!account || (look.readAt && look.readAt.getTime() >= today)) return ok(undefined);
  // What a platform fills in days later is met when it has come.
  for (let back = daysRead + Math.ceil(delayMs / dayMs); back > 0; back -= 1) {
    const range = { since: new Date(today - back * dayMs), until: new Date(today - (back - 1) * dayMs) };
    const read = await ask("account numbers", (ctx) => account(range, ctx));
    if (!read.ok) return read;
    await look.repo.keepAccount(look.connectionId, read.value);
  }
  return ok(undefined);
}

function readingOf(
  { id, createdAt }: DuePost,
  metrics: readonly Metric[] | undefined,
  now: Date,
  delayMs: number,
): Parameters<TenantNumbers["keepNumbers"]>[0][number] {
  const nextAt = nextReading(createdAt, now, delayMs);
  return { id, ...(metrics && metrics.length > 0 && { metrics }), ...(nextAt && { nextAt }) };
}
