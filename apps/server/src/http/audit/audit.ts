import { Readable } from "node:stream";
import { type AuditEntryView, ok, operationsById as op } from "@postd/contracts";
import { csvTable } from "../csv.ts";
import { answer, defined, paged, route } from "../handler.ts";

export const auditRoutes = [
  route(op.listAudit, async ({ deps, caller, query }) =>
    answer(await deps.services.audit.list(caller(), defined(query)), (page) => paged(page, () => false)),
  ),
  route(op.exportAudit, async ({ deps, caller, query: { format, ...query } }) => {
    const entries = deps.services.audit.all(caller(), defined(query));
    const day = deps.clock.now().toISOString().slice(0, 10);
    return ok({
      body: "",
      stream:
        format === "csv"
          ? { type: "text/csv; charset=utf-8; header=present", from: csvTable(columns, rowsOf(entries)) }
          : { type: "application/jsonl; charset=utf-8", from: Readable.from(jsonLines(entries)) },
      headers: { "content-disposition": `attachment; filename="audit-${day}.${format}"` },
    });
  }),
];

const columns = [
  "at",
  "actorKind",
  "actorId",
  "actorName",
  "action",
  "subjectKind",
  "subjectId",
  "subjectName",
  "before",
  "after",
  "reason",
  "requestId",
  "id",
];

async function* rowsOf(entries: AsyncIterable<AuditEntryView>) {
  for await (const { at, actor, action, subject, before, after, reason, requestId, id } of entries)
    yield [
      at,
      actor.kind,
      actor.id,
      actor.name,
      action,
      subject.kind,
      subject.id,
      subject.name,
      before && JSON.stringify(before),
      after && JSON.stringify(after),
      reason,
      requestId,
      id,
    ];
}

async function* jsonLines(entries: AsyncIterable<AuditEntryView>) {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`;
}
