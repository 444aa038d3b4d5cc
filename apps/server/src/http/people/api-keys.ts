import { operationsById as op } from "@postd/contracts";
import { answer, route, same } from "../handler.ts";

export const apiKeyRoutes = [
  route(op.listApiKeys, async ({ deps, session }) => answer(await deps.services.people.listApiKeys(session()), same)),
  route(op.createApiKey, async ({ deps, session, body }) =>
    answer(await deps.services.people.createApiKey(session(), body), same),
  ),
  route(op.revokeApiKey, async ({ deps, session, params }) =>
    answer(await deps.services.people.revokeApiKey(session(), params.id), same),
  ),
];
