import { type ErasureView, fail, ok } from "@postd/contracts";
import type { ErasureRecord, ErasureService, ErasuresRepo } from "../../ports/erasures.ts";
import type { PeopleRepo, SessionPrincipal } from "../../ports/people.ts";
import type { NewId } from "../new-id.ts";
import { notFound } from "../people/refusals.ts";

export interface ErasureServiceDeps {
  readonly erasures: Pick<ErasuresRepo, "begin" | "find" | "list" | "takeReport" | "deletionDone">;
  readonly people: Pick<PeopleRepo, "tenantsOf">;
  readonly newId: NewId;
}

/** Asking for a workspace to be erased, and what became of it. Whoever asks is no member of it any more, so nothing here asks for one. */
export function createErasureService({ erasures, people, newId }: ErasureServiceDeps): ErasureService {
  const mine = async (me: SessionPrincipal, id: ErasureRecord["id"]) => {
    const record = await erasures.find(id);
    return record && (record.requestedBy === me.userId || me.operator) ? record : undefined;
  };
  return {
    async erase(me, tenantId, confirm) {
      const tenant = (await people.tenantsOf(me.userId)).find(({ id }) => id === tenantId);
      if (!tenant) return notFound("tenant");
      if (tenant.requiresTwoFactor && !me.secondFactor)
        return fail({
          code: "forbidden",
          detail: "This workspace wants a second factor from everybody, and this session showed none.",
          next: "Sign in with a code.",
        });
      if (tenant.role !== "owner")
        return fail({
          code: "forbidden",
          detail: "Only an owner may erase a workspace.",
          next: "Ask an owner of this workspace.",
        });
      if (confirm !== tenant.name)
        return fail({
          code: "invalid_input",
          field: "confirm",
          detail: "This is not the name of the workspace, so nothing was erased.",
          next: "Send the name exactly as it is shown. Everything in the workspace goes, and nothing brings it back.",
        });
      const record = await erasures.begin({ id: newId("erasure"), tenantId, by: me.userId });
      // Begun by another owner a moment ago: theirs to follow, and for everybody else the workspace is gone.
      const isMine = record && (record.requestedBy === me.userId || me.operator);
      return isMine ? ok(erasureView(record, { report: false })) : notFound("tenant");
    },
    deletionDone: (code) => erasures.deletionDone(code),
    async get(me, id) {
      const record = await mine(me, id);
      return record ? ok(erasureView(record, { report: me.operator })) : notFound("erasure");
    },
    async list(me) {
      const records = await erasures.list(me.operator ? undefined : me.userId);
      return ok({ items: records.map((record) => erasureView(record, { report: me.operator })) });
    },
    async takeReport(me, id) {
      const record = await mine(me, id);
      if (!record) return notFound("erasure");
      if (!record.finishedAt)
        return fail({
          code: "state_conflict",
          detail: "The workspace is still being erased.",
          next: "Ask GET /api/erasures/:id until it is done.",
        });
      if (!me.operator && !(await erasures.takeReport(id)))
        return fail({ code: "expired", detail: "This report was taken before.", next: "Ask the operator for it." });
      return ok(erasureView(record, { report: true }));
    },
  };
}

const erasureView = (record: ErasureRecord, { report }: { readonly report: boolean }): ErasureView => ({
  id: record.id,
  tenantId: record.tenantId,
  stage: record.stage,
  requestedAt: record.requestedAt.toISOString(),
  ...(record.finishedAt && { finishedAt: record.finishedAt.toISOString() }),
  ...(report && {
    report: {
      accounts: (record.report.accounts ?? []).map((it) => ({ ...it, notWithdrawn: { ...it.notWithdrawn } })),
      files: record.report.files ?? 0,
      rows: { ...record.report.rows },
      rowsLeft: record.report.rowsLeft ?? 0,
    },
  }),
});
