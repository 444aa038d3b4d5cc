import { operationsById as op } from "@postd/contracts";
import { answer, defined, paged, route, same } from "../handler.ts";

export const inboundDeskRoutes = [
  route(op.listDeadInbound, async ({ deps, caller, query }) =>
    answer(await deps.services.inboundDesk.dead(caller(), defined(query)), (page) =>
      paged(page, ({ provider }) => deps.services.platforms.isSimulated(provider)),
    ),
  ),
  route(op.replayInboundRequest, async ({ deps, caller, params }) =>
    answer(await deps.services.inboundDesk.replay(caller(), params.id), same),
  ),
  route(op.replayInbound, async ({ deps, caller, body }) =>
    answer(await deps.services.inboundDesk.replayMany(caller(), defined(body)), same),
  ),
  route(op.connectionEvents, async ({ deps, caller, params, query }) =>
    answer(await deps.services.inboundDesk.events(caller(), params.id, defined(query)), (page) =>
      paged(page, ({ platform }) => deps.services.platforms.isSimulated(platform)),
    ),
  ),
];
