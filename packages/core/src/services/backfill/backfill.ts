import { storableRemark } from "@postd/connector-kit";
import {
  type AfterReconnectRule,
  type BackfillDone,
  type BackfillInput,
  type BackfillOffer,
  type ConnectionId,
  fail,
  mostAtOnce,
  ok,
  type ServiceError,
  type TenantId,
} from "@postd/contracts";
import { suggestBackfill } from "../../domain/backfill.ts";
import type { BackfillService, BackfillStore, WaitingRecord, WaitingSummary } from "../../ports/backfill.ts";
import type { ConnectionsRepo } from "../../ports/connections-repo.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { Caller, ServiceResult } from "../../ports/services.ts";
import { hashBody, keyUsed } from "../kept-answer.ts";
import { cursorAt, pageOf, placeOf } from "../page-of.ts";
import { decideBackfill } from "./decide-backfill.ts";

export interface BackfillDeps {
  readonly store: BackfillStore;
  readonly connections: Pick<ConnectionsRepo, "forTenant">;
  readonly registry: Pick<ConnectorRegistry, "get">;
}

/** What waits for somebody's word, and the word. */
export function createBackfillService(deps: BackfillDeps): BackfillService {
  const { store, connections, registry } = deps;
  return {
    async offer(caller, { connectionId }, { limit, cursor }) {
      if (connectionId !== undefined && !(await connections.forTenant(caller.tenantId).find(connectionId)))
        return fail(noConnection(connectionId));
      const after = cursor === undefined ? undefined : placeOf(cursor);
      if (cursor !== undefined && !after) return fail(badCursor);
      const of = store.forTenant(caller.tenantId);
      const one = connectionId === undefined ? {} : { connectionId };
      const summary = await of.summary(connectionId);
      const slice = await of.waiting({ ...one, limit, ...(after ? { after } : {}) });
      const page = pageOf(slice, slice.rows.map(waitingView), ({ plannedFor, jobId }) => cursorAt(plannedFor, jobId));
      return ok({ ...offered(summary), ...page, items: [...page.items] });
    },
    async decide(
      caller,
      { connectionId },
      input,
      idempotencyKey,
    ): ServiceResult<{ view: BackfillDone; replayed: boolean }> {
      const refused = await refusalOf(deps, caller, connectionId, input);
      if (refused) return fail(refused);
      const key = idempotencyKey;
      const one = connectionId === undefined ? {} : { connectionId };
      const decided = await store.forTenant(caller.tenantId).decide({
        which: { ...one, ...whichOf(input) },
        most: mostAtOnce,
        ...(key === undefined
          ? {}
          : { idempotency: { operation: "backfill", key, bodyHash: hashBody({ ...input, connectionId }) } }),
        decide: (found) => decideBackfill(caller, input, found, registry),
      });
      if (decided.kind === "differs") return fail(keyUsed(idempotencyKey ?? ""));
      const replayed = decided.kind === "replay";
      const view = replayed ? (decided.response as unknown as BackfillDone) : decided.view;
      return ok({ view, replayed });
    },
  };
}

/**
 * Where a workspace has a rule for what missed its time, it is carried out, workspace by workspace. What the rule cannot
 * decide waits for a person as it would without one. Answers how many posts were decided about.
 */
export async function backfillByRule({ store, registry }: Omit<BackfillDeps, "connections">): Promise<number> {
  let decided = 0;
  for (const { tenantId, rule } of await store.underRule(100))
    decided += await byRule({ store, registry }, tenantId, rule);
  return decided;
}

async function byRule(
  { store, registry }: Omit<BackfillDeps, "connections">,
  tenantId: TenantId,
  rule: AfterReconnectRule,
): Promise<number> {
  const input = inputOf(rule);
  if (!input) return 0;
  const answer = await store.forTenant(tenantId).decide({
    which: { underRule: true },
    most: mostAtOnce,
    decide: (found) => decideBackfill({ actorId: "system", role: "rule" }, input, found, registry),
  });
  return answer.kind === "new" ? answer.view.decided : 0;
}

function inputOf(rule: AfterReconnectRule): BackfillInput | undefined {
  switch (rule) {
    case "ask":
      return undefined;
    case "send":
      return { action: "send_now" };
    case "spread":
      return { action: "spread" };
    case "drop":
      return { action: "drop", note: "The workspace drops what missed its time." };
    default:
      rule satisfies never;
      throw new Error("a rule has no action");
  }
}

const whichOf = ({ jobs, olderThan }: BackfillInput) => ({
  ...(jobs ? { jobIds: jobs } : {}),
  ...(olderThan === undefined ? {} : { plannedBefore: new Date(olderThan) }),
});

async function refusalOf(
  { store, connections }: BackfillDeps,
  caller: Caller,
  connectionId: ConnectionId | undefined,
  input: BackfillInput,
): Promise<ServiceError | undefined> {
  const record = connectionId && (await connections.forTenant(caller.tenantId).find(connectionId));
  if (connectionId !== undefined && !record) return noConnection(connectionId);
  const [lost] = input.jobs ? await store.forTenant(caller.tenantId).unknownOf(input.jobs, connectionId) : [];
  if (lost) {
    const where = connectionId === undefined ? "" : " of this account";
    return { code: "not_found", field: "jobs", detail: `There is no job ${lost}${where}.` };
  }
  const isBroken = record && (record.disconnectedAt || record.status === "attention" || record.status === "revoked");
  if (!record || !isBroken || input.action === "drop") return undefined;
  return {
    code: "account_needs_attention",
    detail: `${record.ownName ?? record.name} does not work yet, so nothing can be sent to it.`,
    next: `Sign in again with POST /api/connections/${record.id}/reconnect; what waits is kept.`,
  };
}

function offered(summary: WaitingSummary): Omit<BackfillOffer, "items" | "nextCursor"> {
  const { now, count, canGo, most, oldestAt, newestAt, ahead, inDoubt, afterReconnect, simulated } = summary;
  const suggestions = suggestBackfill({ now, count, most, newestAt }).map(({ over, ...rest }) => ({
    ...rest,
    ...(over === undefined ? {} : { over }),
    ...(rest.action === "drop" || canGo === 0
      ? {}
      : { firstAt: now.toISOString(), lastAt: new Date(now.getTime() + (over ?? 0) * 3_600_000).toISOString() }),
  }));
  return {
    count,
    canGo,
    ...(oldestAt ? { oldestAt: oldestAt.toISOString() } : {}),
    ...(newestAt ? { newestAt: newestAt.toISOString() } : {}),
    ahead,
    inDoubt,
    suggestions,
    afterReconnect,
    simulated,
  };
}

const waitingView = ({ plannedFor, text, ...rest }: WaitingRecord) => ({
  ...rest,
  text: storableRemark(text, 120),
  plannedFor: plannedFor.toISOString(),
});

const noConnection = (id: ConnectionId): ServiceError => ({
  code: "not_found",
  detail: `There is no connection ${id}.`,
});
const badCursor: ServiceError = {
  code: "invalid_input",
  field: "cursor",
  detail: "The cursor is not one that this list gave.",
};
