import { ok, operationsById as op } from "@postd/contracts";
import { answer, defined, paged, route, same } from "../handler.ts";

export const connectionRoutes = [
  route(op.createConnections, async ({ deps, caller, body }) => {
    const { connections } = deps.services;
    const result =
      "grantId" in body
        ? await connections.connectFromGrant(caller(), body)
        : await connections.connectWithKeys(caller(), defined(body));
    return answer(result, (made) => ({ ...made, simulated: made.connections.some(({ simulated }) => simulated) }));
  }),
  route(op.listConnections, async ({ deps, caller, query }) =>
    answer(await deps.services.connections.list(caller(), defined(query)), (page) =>
      paged(page, ({ simulated }) => simulated),
    ),
  ),
  route(op.getConnection, async ({ deps, caller, params }) =>
    answer(await deps.services.connections.get(caller(), params.id), same),
  ),
  route(op.updateConnection, async ({ deps, caller, params, body }) =>
    answer(await deps.services.connections.describe(caller(), params.id, defined(body)), same),
  ),
  route(op.deleteConnection, async ({ deps, caller, params }) => {
    const gone = await deps.services.connections.disconnect(caller(), params.id);
    if (!gone.ok) return gone;
    const { waits, ...body } = gone.value;
    return ok({ body: { ...body, simulated: body.connection.simulated }, status: waits ? 202 : 200 });
  }),
  route(op.reconnectConnection, async ({ deps, caller, params, body }) =>
    answer(await deps.services.connections.reconnect(caller(), params.id, defined(body)), same),
  ),
  route(op.refreshConnection, async ({ deps, caller, params }) =>
    answer(await deps.services.connections.refresh(caller(), params.id), same),
  ),
  route(op.checkConnection, async ({ deps, caller, params }) =>
    answer(await deps.services.connections.check(caller(), params.id), same),
  ),
  route(op.makeReconnectLink, async ({ deps, caller, params }) =>
    answer(await deps.services.ownerLinks.make(caller(), params.id), same),
  ),
  route(op.listDestinations, async ({ deps, caller, params, query }) =>
    answer(await deps.services.connections.destinations(caller(), params.id, query.query), (places) => ({
      ...places,
      items: [...places.items],
    })),
  ),
  route(op.accountLimits, async ({ deps, caller, params }) =>
    answer(await deps.services.connections.limits(caller(), params.id), same),
  ),
  route(op.connectionHealth, async ({ deps, caller, params, query }) => {
    const { connections } = deps.services;
    const connection = await connections.get(caller(), params.id);
    if (!connection.ok) return connection;
    return answer(await connections.health(caller(), params.id, defined(query)), (page) => ({
      ...page,
      simulated: connection.value.simulated,
    }));
  }),
  route(op.accountBudgets, async ({ deps, caller, params }) =>
    answer(await deps.services.connections.budgets(caller(), params.id), same),
  ),
  route(op.connectionTimeline, async ({ deps, caller, params, query }) => {
    const { connections } = deps.services;
    const connection = await connections.get(caller(), params.id);
    if (!connection.ok) return connection;
    return answer(await connections.timeline(caller(), params.id, defined(query)), (page) => ({
      ...page,
      simulated: connection.value.simulated,
    }));
  }),
];
