import { operationsById as op } from "@postd/contracts";
import { answer, defined, route, same } from "../handler.ts";

export const deskRoutes = [
  route(op.deskReasonCounts, async ({ deps, caller, query }) =>
    answer(await deps.services.desk.reasons(caller(), defined(query)), same),
  ),
  route(op.deskAudits, async ({ deps, caller }) => answer(await deps.services.desk.audits(caller()), same)),
];
