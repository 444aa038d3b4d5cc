import { type AuditEntryView, fail, ok } from "@postd/contracts";
import type { AuditFilter, AuditQuery, AuditRecord, AuditRepo, AuditService } from "../../ports/audit.ts";
import { cursorAt, type Place, pageOf, placeOf } from "../page-of.ts";

const atOnce = 500;

/** The record of who changed what in a workspace, for whoever administers it. */
export function createAuditService({ audit }: { readonly audit: AuditRepo }): AuditService {
  return {
    async list({ tenantId }, { limit, cursor, ...query }) {
      const before = cursor === undefined ? undefined : placeOf(cursor);
      if (cursor !== undefined && !before)
        return fail({ code: "invalid_input", field: "cursor", detail: "The cursor is not one that this list gave." });
      const slice = await audit.list(tenantId, { ...filterOf(query), limit, ...(before && { before }) });
      return ok(pageOf(slice, slice.rows.map(auditView), ({ at, id }) => cursorAt(at, id)));
    },
    async *all({ tenantId }, query) {
      const filter = filterOf(query);
      let before: Place | undefined;
      for (;;) {
        const { rows, more } = await audit.list(tenantId, { ...filter, limit: atOnce, ...(before && { before }) });
        yield* rows.map(auditView);
        const last = rows.at(-1);
        if (!more || !last) return;
        before = { at: last.at, id: last.id };
      }
    },
  };
}

const filterOf = ({ since, until, ...query }: AuditQuery): AuditFilter => ({
  ...query,
  ...(since === undefined ? {} : { since: new Date(since) }),
  ...(until === undefined ? {} : { until: new Date(until) }),
});

const auditView = ({
  at,
  actor,
  subject,
  before,
  after,
  reason,
  requestId,
  ...entry
}: AuditRecord): AuditEntryView => ({
  ...entry,
  at: at.toISOString(),
  actor: { kind: actor.kind, ...(actor.id && { id: actor.id }), ...(actor.name !== undefined && { name: actor.name }) },
  subject: { kind: subject.kind, id: subject.id, ...(subject.name !== undefined && { name: subject.name }) },
  ...(before && { before }),
  ...(after && { after }),
  ...(reason !== undefined && { reason }),
  ...(requestId !== undefined && { requestId }),
});
