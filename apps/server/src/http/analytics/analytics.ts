import { operationsById as op } from "@postd/contracts";
import { answer, defined, paged, route, same } from "../handler.ts";

export const analyticsRoutes = [
  route(op.postAnalytics, async ({ deps, caller, params }) =>
    answer(await deps.services.analytics.ofPost(caller(), params.postId), same),
  ),
  route(op.analytics, async ({ deps, caller, query }) =>
    answer(await deps.services.analytics.summary(caller(), defined(query)), same),
  ),
  route(op.accountPosts, async ({ deps, caller, params, query }) =>
    answer(await deps.services.analytics.accountPosts(caller(), params.id, defined(query)), (page) =>
      paged(page, ({ simulated }) => simulated),
    ),
  ),
  route(op.readAccountNumbers, async ({ deps, caller, params }) => {
    const { analytics, connections } = deps.services;
    const connection = await connections.get(caller(), params.id);
    if (!connection.ok) return connection;
    return answer(await analytics.readNow(caller(), params.id), (asked) => ({
      ...asked,
      simulated: connection.value.simulated,
    }));
  }),
];
