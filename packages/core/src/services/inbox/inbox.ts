import { type ConnectorContext, type Inbox, inboxOf, type PlatformResult } from "@postd/connector-kit";
import { asId, type ConnectionId, fail, type InboxEntryId, ok, type Result, type ServiceError } from "@postd/contracts";
import type { ConnectionAccess } from "../../ports/connection-access.ts";
import type { ConnectionsRepo } from "../../ports/connections-repo.ts";
import type { InboxEntriesRepo, InboxEntryRecord, InboxService } from "../../ports/inbox-entries.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { Caller, PublishingService } from "../../ports/services.ts";
import { askPlatform } from "../connections/ask-platform.ts";
import { noConnection } from "../connections/check.ts";
import { serviceErrorOf } from "../connections/explain.ts";
import type { ConnectorContextPorts } from "../connector-context.ts";
import { cursorAt, pageOf, placeOf } from "../page-of.ts";
import { noEntry, whyNot } from "./refusals.ts";
import { entryView } from "./views.ts";

export interface InboxDeps {
  readonly entries: InboxEntriesRepo;
  readonly connections: Pick<ConnectionsRepo, "forTenant">;
  readonly publishing: Pick<PublishingService, "reply">;
  readonly access: ConnectionAccess;
  readonly context: ConnectorContextPorts;
  readonly registry: ConnectorRegistry;
}

/** What people write to accounts, as people and programs ask for it and act on it. */
export function createInboxService(deps: InboxDeps): InboxService {
  const of = ({ tenantId }: Caller) => deps.entries.forTenant(tenantId);
  const view = (entry: InboxEntryRecord) => entryView(entry, deps.registry);
  const viewOf = async (caller: Caller, id: InboxEntryId) => {
    const entry = await of(caller).find(id);
    return entry ? ok(view(entry)) : noEntry(id);
  };
  return {
    async list(caller, { limit, cursor, from, ...query }) {
      const { connectionId, postId, assigneeId } = query;
      // A filter names something of this tenant; what is not there is said, not shown as nothing written.
      if (connectionId !== undefined && !(await findConnection(deps, caller, connectionId))) return fail(noConnection);
      if (postId !== undefined && !(await of(caller).isPost(postId)))
        return fail({
          code: "not_found",
          detail: `There is no post ${postId}.`,
          next: "List posts with GET /api/posts.",
        });
      if (assigneeId !== undefined && !(await of(caller).isMember(assigneeId))) return fail(noMember(assigneeId));
      const place = cursor === undefined ? undefined : placeOf(cursor);
      if (cursor !== undefined && !place) return fail(badCursor);
      const slice = await of(caller).list({
        ...query,
        limit,
        ...(place && { before: place }),
        ...(from !== undefined && { from: new Date(from) }),
      });
      return ok(pageOf(slice, slice.rows.map(view), ({ createdAt, id }) => cursorAt(createdAt, id)));
    },
    async get(caller, id) {
      const entry = await of(caller).find(id);
      if (!entry) return noEntry(id);
      return ok({ ...view(entry), thread: (await of(caller).thread(id)).map(view) });
    },
    async mark(caller, id, read) {
      return (await of(caller).mark(id, read)) ? viewOf(caller, id) : noEntry(id);
    },
    async tend(caller, id, { snoozedUntil, ...change }) {
      const until = typeof snoozedUntil === "string" ? new Date(snoozedUntil) : snoozedUntil;
      const outcome = await of(caller).tend(id, { ...change, ...(until !== undefined && { snoozedUntil: until }) });
      if (outcome === "no_entry") return noEntry(id);
      if (outcome === "no_member") return fail(noMember(change.assigneeId ?? ""));
      if (outcome === "past") return fail(notAhead);
      return viewOf(caller, id);
    },
    async counts(caller, { connectionId }) {
      if (connectionId !== undefined && !(await findConnection(deps, caller, connectionId))) return fail(noConnection);
      return ok(await of(caller).counts({ ...(connectionId && { connectionId }), actorId: caller.actorId }));
    },
    async reply(caller, id, input, idempotencyKey) {
      const entry = await of(caller).find(id);
      if (!entry) return noEntry(id);
      const made = await deps.publishing.reply(
        caller,
        {
          ...input,
          entryId: id,
          connectionId: entry.connectionId,
          destination: entry.externalId,
          // Asked after a look for the same key: a repeat is answered, whatever became of the entry meanwhile.
          mayReply: () => whyNot(entry, "reply", deps.registry),
        },
        idempotencyKey,
      );
      if (!made.ok) return made;
      const { view: post, replayed } = made.value;
      const [job] = post.jobs;
      const { status, simulated } = post;
      return ok({
        view: { entryId: id, postId: asId("post", post.id), status, ...(job && { job }), simulated },
        replayed,
      });
    },
    hide: (caller, id, hidden) =>
      change(deps, caller, id, { act: "hide", note: { hidden } }, ({ hide }, externalId, ctx) =>
        hide?.({ externalId, isHidden: hidden }, ctx),
      ),
    like: (caller, id, liked) =>
      change(deps, caller, id, { act: "like", note: { liked } }, ({ like }, externalId, ctx) =>
        like?.({ externalId, isLiked: liked }, ctx),
      ),
    async readNow(caller, id) {
      const connection = await findConnection(deps, caller, id);
      if (!connection || connection.disconnectedAt) return fail(noConnection);
      const platform = deps.registry.get(connection.platform);
      if (!inboxOf(platform ?? {}, { kind: connection.accountKind }))
        return fail({
          code: "state_conflict",
          detail: `${platform?.name ?? connection.platform} does not let programs read what people write to this account.`,
        });
      await of(caller).hasten(id);
      return ok({ connectionId: id });
    },
  };
}

const findConnection = ({ connections }: InboxDeps, { tenantId }: Caller, id: ConnectionId) =>
  connections.forTenant(tenantId).find(id);

/** Done at the platform before the answer. It may be repeated, so a lost answer costs nobody more than asking again. */
async function change(
  deps: InboxDeps,
  caller: Caller,
  id: InboxEntryId,
  {
    act,
    note,
  }: { readonly act: "hide" | "like"; readonly note: { readonly hidden?: boolean; readonly liked?: boolean } },
  run: (inbox: Inbox, externalId: string, ctx: ConnectorContext) => PlatformResult<void> | undefined,
): Promise<Result<ReturnType<typeof entryView>, ServiceError>> {
  const { tenantId } = caller;
  const repo = deps.entries.forTenant(tenantId);
  const entry = await repo.find(id);
  if (!entry) return noEntry(id);
  const refused = whyNot(entry, act, deps.registry);
  if (refused) return refused;
  const platform = deps.registry.get(entry.platform);
  const inbox = platform?.inbox;
  if (!platform || !inbox) throw new Error("a platform without an inbox was not refused");
  const { open, answer } = await askPlatform(
    deps,
    { id: entry.connectionId, tenantId },
    act,
    async (ctx) => (await run(inbox, entry.externalId, ctx)) ?? ok(undefined),
    "visible",
  );
  if (!answer.ok) {
    const { kind } = answer.error;
    if (open && (kind === "auth_revoked" || kind === "auth_expired"))
      await deps.access.markBroken({
        tenantId,
        connectionId: entry.connectionId,
        credentialVersion: open.credentialVersion,
        failure: answer.error,
      });
    const { field: _ofAPost, ...error } = serviceErrorOf(answer.error, platform);
    if (kind === "outcome_unknown") return fail({ ...error, next: "It may be done. Doing it again does no harm." });
    // The platform said no to this, and nothing of the request was wrong.
    return fail(kind === "content_rejected" ? { ...error, code: "platform_refused" } : error);
  }
  await repo.note(id, note);
  const after = await repo.find(id);
  return after ? ok(entryView(after, deps.registry)) : noEntry(id);
}

const noMember = (id: string): ServiceError => ({
  code: "not_found",
  field: "assigneeId",
  detail: `There is no member ${id}.`,
  next: "List them with GET /api/members.",
});

const notAhead: ServiceError = {
  code: "invalid_input",
  field: "snoozedUntil",
  detail: "snoozedUntil is not ahead.",
  next: "Give a time to come, or null to open the entry now.",
};

const badCursor: ServiceError = {
  code: "invalid_input",
  field: "cursor",
  detail: "cursor is not one of an earlier answer.",
  next: "Leave it out to begin at the newest entry.",
};
