import { type BackfillDone, ok, operationsById as op, type Result, type ServiceError } from "@postd/contracts";
import type { Created } from "@postd/core";
import { answer, defined, route, same } from "../handler.ts";

export const backfillRoutes = [
  route(op.backfillOffer, async ({ deps, caller, params, query }) =>
    answer(await deps.services.backfill.offer(caller(), { connectionId: params.id }, defined(query)), same),
  ),
  route(op.backfillConnection, async ({ deps, caller, params, body, idempotencyKey }) =>
    made(await deps.services.backfill.decide(caller(), { connectionId: params.id }, body, idempotencyKey)),
  ),
  route(op.backfillOffers, async ({ deps, caller, query }) =>
    answer(await deps.services.backfill.offer(caller(), {}, defined(query)), same),
  ),
  route(op.backfillAll, async ({ deps, caller, body, idempotencyKey }) =>
    made(await deps.services.backfill.decide(caller(), {}, body, idempotencyKey)),
  ),
];

function made(result: Result<Created<BackfillDone>, ServiceError>) {
  if (!result.ok) return result;
  const { view, replayed } = result.value;
  return ok({ body: replayed ? { ...view, cached: true as const } : view, replayed });
}
