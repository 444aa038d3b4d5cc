import { type Inbox, type InboxEntry, inboxOf, type PlatformResult } from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import type { InboxEntriesRepo, InboxOwner, TenantInboxEntries } from "../../ports/inbox-entries.ts";
import {
  type Ask,
  accountsAtOnce,
  afterFailure,
  afterFailureMs,
  askingAs,
  type LookDeps,
  lookAtEach,
} from "../connections/look-at-account.ts";
import {
  billedBackMs,
  livelyMs,
  nextLookMs,
  postsOfMs,
  surelyListedMs,
  unreadMs,
  wholeBackMs,
  wholeEveryMs,
} from "./pace.ts";
import { toldEntries } from "./told-entry.ts";

export interface ReadInboxDeps extends LookDeps {
  readonly entries: InboxEntriesRepo;
}

const mostPages = 20;
const mostPosts = 50;

/**
 * Reads what people wrote to accounts that are due. One that cannot be read waits and holds up no other. Answers how many
 * were looked at; run by one process at a time.
 */
export async function readInboxes(deps: ReadInboxDeps): Promise<number> {
  const platforms = deps.registry
    .all()
    .flatMap(({ id, inbox }) => (inbox ? [{ id, ...(inbox.accountKinds && { kinds: inbox.accountKinds }) }] : []));
  const due = await deps.entries.due({ platforms, limit: accountsAtOnce, onlyAsked: !deps.readsByItself });
  return lookAtEach(deps, due, "inbox", (owner) => readAccount(deps, owner));
}

async function readAccount(deps: ReadInboxDeps, owner: InboxOwner): Promise<void> {
  const { connectionId, tenantId, platform } = owner;
  const repo = deps.entries.forTenant(tenantId);
  const { activeAt, wholeAt, asked } = await repo.reading(connectionId);
  const now = deps.clock.now();
  const after = (ms: number) => new Date(deps.clock.now().getTime() + ms);
  // First, so that what breaks below is not looked at again at once.
  await repo.putOff(connectionId, after(afterFailureMs.most));
  const known = deps.registry.get(platform);
  const inbox = inboxOf(known ?? {}, { kind: owner.accountKind });
  if (!inbox) return;
  const isWanted = asked || !wholeAt;
  const isBilled = known?.prices?.some(({ perItem }) => perItem) === true;
  const whole = isWanted || (!isBilled && now.getTime() - wholeAt.getTime() >= wholeEveryMs);
  const backMs = isBilled ? billedBackMs : isWanted ? now.getTime() : wholeBackMs;
  const read = await readAll(deps, { ...owner, inbox, repo, whole, now, backTo: new Date(now.getTime() - backMs) });
  if (read.ok) {
    const { activeAt: since = activeAt } = await repo.reading(connectionId);
    return repo.ended(connectionId, { at: after(nextLookMs(since, now)), whole });
  }
  await repo.ended(connectionId, { ...afterFailure(read.error, deps.clock), whole });
  deps.log.info({ connectionId, platform, kind: read.error.kind }, "what people wrote to an account waits");
}

interface Look extends InboxOwner {
  readonly inbox: Inbox;
  readonly repo: TenantInboxEntries;
  /** Every page, and not only what is new. */
  readonly whole: boolean;
  /** A page of nothing younger is the last one that is asked for. */
  readonly backTo: Date;
  readonly now: Date;
}

async function readAll(deps: ReadInboxDeps, look: Look): PlatformResult<void> {
  const { connectionId, repo, now } = look;
  const ask = askingAs(deps, look);
  if (look.inbox.lists === "account") return readList(look, ask);
  const before = (ms: number) => new Date(now.getTime() - ms);
  const posts = await repo.posts(connectionId, {
    since: before(postsOfMs),
    ...(!look.whole && { readSince: before(livelyMs) }),
    limit: mostPosts,
  });
  for (const postId of posts) {
    const read = await readList(look, ask, postId);
    // One post that is gone, or that the platform will not tell about, must not stand in the way of the others.
    if (!read.ok && read.error.kind !== "content_rejected") return read;
  }
  return ok(undefined);
}

/** Pages of one list: all of them, or until one holds nothing new. */
async function readList(look: Look, ask: Ask, postId?: string): PlatformResult<void> {
  const { repo, connectionId, now, whole, backTo, inbox } = look;
  const how = {
    unreadSince: new Date(now.getTime() - unreadMs),
    ...(inbox.keepsMs !== undefined && { keepUntil: new Date(now.getTime() + inbox.keepsMs) }),
  };
  const all: InboxEntry[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const from = cursor;
    const read = await ask("inbox", (ctx) =>
      inbox.list({ ...(postId !== undefined && { postId }), ...(from !== undefined && { cursor: from }) }, ctx),
    );
    if (!read.ok) return fail(read.error);
    const told = toldEntries(read.value.entries, now).map((entry) =>
      postId === undefined || entry.postId !== undefined ? entry : { ...entry, postId },
    );
    all.push(...told);
    const changed = await repo.keep(connectionId, told, how);
    cursor = read.value.cursor;
    if (cursor === undefined || cursor === from) break;
    if (!whole && changed === 0) return ok(undefined);
    if (told.length > 0 && told.every(({ createdAt }) => createdAt < backTo)) return ok(undefined);
  }
  if (cursor === undefined) await markGone(look, all, postId);
  return ok(undefined);
}

/** The list was read to its end: what it should show and lacks is gone. */
async function markGone(
  { repo, connectionId, now }: Look,
  seen: readonly InboxEntry[],
  postExternalId: string | undefined,
): Promise<void> {
  const oldestMs = Math.min(now.getTime() - surelyListedMs, ...seen.map(({ createdAt }) => createdAt.getTime()));
  await repo.markGone(connectionId, {
    since: new Date(oldestMs),
    seen: seen.map(({ externalId }) => externalId),
    ...(postExternalId !== undefined && { postExternalId }),
  });
}
