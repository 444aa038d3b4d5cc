import { ok, operationsById as op } from "@postd/contracts";
import { answer, defined, paged, route, same } from "../handler.ts";

export const inboxRoutes = [
  route(op.listInbox, async ({ deps, caller, query }) =>
    answer(await deps.services.inboxEntries.list(caller(), defined(query)), (page) =>
      paged(page, ({ simulated }) => simulated),
    ),
  ),
  route(op.countInbox, async ({ deps, caller, query }) =>
    answer(await deps.services.inboxEntries.counts(caller(), defined(query)), same),
  ),
  route(op.tendInboxEntry, async ({ deps, caller, params, body }) =>
    answer(await deps.services.inboxEntries.tend(caller(), params.id, defined(body)), same),
  ),
  route(op.getInboxEntry, async ({ deps, caller, params }) =>
    answer(await deps.services.inboxEntries.get(caller(), params.id), same),
  ),
  route(op.markInboxEntry, async ({ deps, caller, params, body }) =>
    answer(await deps.services.inboxEntries.mark(caller(), params.id, body.read), same),
  ),
  route(op.replyToInboxEntry, async ({ deps, caller, params, body, idempotencyKey }) => {
    const made = await deps.services.inboxEntries.reply(caller(), params.id, body, idempotencyKey);
    if (!made.ok) return made;
    const { view, replayed } = made.value;
    return ok({ body: replayed ? { ...view, cached: true } : view, replayed });
  }),
  route(op.hideInboxEntry, async ({ deps, caller, params, body }) =>
    answer(await deps.services.inboxEntries.hide(caller(), params.id, body.hidden), same),
  ),
  route(op.likeInboxEntry, async ({ deps, caller, params, body }) =>
    answer(await deps.services.inboxEntries.like(caller(), params.id, body.liked), same),
  ),
  route(op.readInbox, async ({ deps, caller, params }) => {
    const { inboxEntries, connections } = deps.services;
    const connection = await connections.get(caller(), params.id);
    if (!connection.ok) return connection;
    return answer(await inboxEntries.readNow(caller(), params.id), (asked) => ({
      ...asked,
      simulated: connection.value.simulated,
    }));
  }),
];
