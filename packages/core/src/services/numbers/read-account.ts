import type { AccountPost, Metric, PlatformFailure, PlatformResult } from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import type { NumbersOwner } from "../../ports/numbers.ts";
import { type Ask, accountsAtOnce, afterFailure, askingAs, lookAtEach } from "../connections/look-at-account.ts";
import { toldAddress, toldLine } from "../connections/told.ts";
import type { NumbersLook, ReadNumbersDeps } from "./numbers-look.ts";
import { backoffMs } from "./plan.ts";
import { readPosts } from "./read-posts.ts";

const mostPages = 5;
/** How much of a text is kept, so that people know the post again. */
const shownText = 300;
const dayMs = 24 * 60 * 60_000;
/** Posts older than this are not listed. */
const listedForMs = 90 * dayMs;
/** A post may be listed late, or be changed in a list soon after. */
const overlapMs = 2 * dayMs;
/** Whole days of the account that its first look reads, and most that one look makes up for. */
const firstDays = 3;
const mostDays = 30;
/** A look that breaks off is made again after this. */
const brokenOffMs = 15 * 60_000;

/**
 * Reads the numbers that are due: of posts by their plan, of accounts once a day, of both where somebody asked. One account
 * that cannot be read waits and holds up no other. Answers how many were looked at; run by one process at a time.
 */
export async function readNumbers(deps: ReadNumbersDeps): Promise<number> {
  const due = await deps.numbers.due({ limit: accountsAtOnce, onlyAsked: !deps.readsByItself });
  return lookAtEach(deps, due, "numbers", (owner) => readAccount(deps, owner));
}

async function readAccount(deps: ReadNumbersDeps, owner: NumbersOwner): Promise<void> {
  const { connectionId, tenantId, platform } = owner;
  const repo = deps.numbers.forTenant(tenantId);
  const now = deps.clock.now();
  // First, so that what breaks below is not looked at again at once.
  const state = await repo.begin(connectionId, new Date(now.getTime() + brokenOffMs));
  const numbers = deps.registry.get(platform)?.numbers;
  const isDay = !state || state.asked || state.isDay;
  const day = { zone: numbers?.dayZone ?? "UTC", delayMs: numbers?.dayZone ? numbers.delayMs : 0 };
  const read = numbers ? await readAll(deps, { ...owner, numbers, repo, state, isDay, day }) : ok(undefined);
  if (read.ok) return repo.ended(connectionId, isDay ? { day } : {});
  const { at, failure } = afterFailure(read.error, deps.clock);
  const growing = now.getTime() + backoffMs((state?.failures ?? 0) + 1);
  await repo.failed(connectionId, { at: new Date(Math.max(at.getTime(), growing)), failure });
  deps.log.info({ connectionId, platform, kind: read.error.kind }, "an account's numbers wait");
}

async function readAll(deps: ReadNumbersDeps, look: NumbersLook): PlatformResult<void> {
  const ask = askingAs(deps, look);
  let missed: PlatformFailure | undefined;
  // Posts that are due go first: a story's numbers may end while the rest is read.
  for (const read of look.isDay ? [readPosts, listPosts, readPosts, readDays] : [readPosts]) {
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

/** What stands on the account since the last look, or as far back as numbers are listed. */
async function listPosts({ clock }: ReadNumbersDeps, look: NumbersLook, ask: Ask): PlatformResult<void> {
  const { recent } = look.numbers;
  const readAt = look.state?.readAt;
  const since = new Date(readAt ? readAt.getTime() - overlapMs : clock.now().getTime() - listedForMs);
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

/**
 * Numbers of the account, once a day: of each whole day of the platform that is over and surely counted, days the machine was
 * off included, and the totals as they are now. A day's total that nobody read stays unknown.
 */
async function readDays({ clock }: ReadNumbersDeps, look: NumbersLook, ask: Ask): PlatformResult<void> {
  const { account, dayZone: zone, delayMs } = look.numbers;
  if (!account) return ok(undefined);
  const { repo, connectionId } = look;
  const now = clock.now();
  const days = zone
    ? await repo.days(connectionId, { zone, delayMs, first: firstDays, most: mostDays })
    : [{ since: new Date(now.getTime() - dayMs), until: now }];
  for (const [index, range] of days.entries()) {
    const read = await ask("account numbers", (ctx) => account(range, ctx));
    if (!read.ok) return read;
    // Totals are the same in every answer of one look.
    const isLast = index === days.length - 1;
    const told = read.value.filter((metric: Metric) => metric.since !== undefined || isLast);
    await repo.keepAccount(connectionId, told, zone ? range.until : undefined);
  }
  return ok(undefined);
}
