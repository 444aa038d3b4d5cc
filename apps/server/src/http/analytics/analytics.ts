import { ok, operationsById as op } from "@postd/contracts";
import { answer, defined, paged, route, same } from "../handler.ts";
import { csvOf, wantsCsv } from "./csv.ts";

/** A stream is sent instead. */
const noBody = undefined as never;

export const analyticsRoutes = [
  route(op.postAnalytics, async ({ deps, caller, params }) =>
    answer(await deps.services.analytics.ofPost(caller(), params.postId), same),
  ),
  route(op.analytics, async ({ deps, caller, query, request }) => {
    const { format, ...input } = query;
    if (!wantsCsv(format, request.headers.accept))
      return answer(await deps.services.analytics.summary(caller(), defined(input)), same);
    const table = await deps.services.analytics.table(caller(), defined(input));
    if (!table.ok) return table;
    return ok({
      body: noBody,
      headers: { "content-disposition": 'attachment; filename="analytics.csv"', vary: "accept" },
      stream: { type: "text/csv; charset=utf-8; header=present", from: csvOf(table.value) },
    });
  }),
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
