import { ok, operationsById as op } from "@postd/contracts";
import { route } from "../handler.ts";

export const healthRoutes = [
  route(op.live, async ({ deps }) => ok({ body: { status: "ok" as const, version: deps.config.version } })),
  route(op.ready, async ({ deps }) => {
    const view = await deps.services.health.ready();
    return ok({ body: view, status: view.ready ? 200 : 503 });
  }),
  route(op.health, async ({ deps }) => {
    const view = await deps.services.health.health();
    return ok({ body: view, status: view.status === "down" ? 503 : 200 });
  }),
  route(op.healthQueue, async ({ deps, caller }) => ok({ body: await deps.services.health.queue(caller()) })),
  route(op.healthMetrics, async ({ deps, caller }) => ok({ body: await deps.services.health.metrics(caller()) })),
];
