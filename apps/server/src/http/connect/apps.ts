import { operationsById as op } from "@postd/contracts";
import { answer, defined, route, same } from "../handler.ts";

export const appRoutes = [
  route(op.listApps, async ({ deps, caller }) => answer(await deps.services.apps.list(caller()), same)),
  route(op.createApp, async ({ deps, caller, body }) =>
    answer(await deps.services.apps.create(caller(), defined(body)), same),
  ),
  route(op.deleteApp, async ({ deps, caller, params }) =>
    answer(await deps.services.apps.remove(caller(), params.id), same),
  ),
];
