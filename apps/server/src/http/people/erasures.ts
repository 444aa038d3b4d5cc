import { operationsById as op } from "@postd/contracts";
import { answer, route, same } from "../handler.ts";

export const erasureRoutes = [
  route(op.eraseTenant, async ({ deps, session, params, body }) =>
    answer(await deps.services.erasures.erase(session(), params.id, body.confirm), same),
  ),
  route(op.listErasures, async ({ deps, session }) => answer(await deps.services.erasures.list(session()), same)),
  route(op.getErasure, async ({ deps, session, params }) =>
    answer(await deps.services.erasures.get(session(), params.id), same),
  ),
  route(op.takeErasureReport, async ({ deps, session, params }) =>
    answer(await deps.services.erasures.takeReport(session(), params.id), same),
  ),
];
