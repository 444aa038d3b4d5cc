import { operationsById as op } from "@postd/contracts";
import { answer, defined, paged, route, same, wished } from "../handler.ts";

export const jobRoutes = [
  route(op.listJobs, async ({ deps, caller, query }) => {
    const { state: states, ...rest } = query;
    return answer(await deps.services.publishing.listJobs(caller(), defined({ ...rest, states })), (page) =>
      paged(page, ({ simulated }) => simulated),
    );
  }),
  route(op.retryJob, async ({ deps, caller, params, body }) =>
    wished(await deps.services.publishing.retryJob(caller(), params.id, body)),
  ),
  route(op.cancelJob, async ({ deps, caller, params }) =>
    wished(await deps.services.publishing.cancelJob(caller(), params.id)),
  ),
  route(op.removeJob, async ({ deps, caller, params }) =>
    wished(await deps.services.publishing.removeJob(caller(), params.id)),
  ),
  route(op.resolveJob, async ({ deps, caller, params, body }) =>
    answer(await deps.services.publishing.resolveJob(caller(), params.id, body), same),
  ),
  route(op.listDlq, async ({ deps, caller }) =>
    answer(await deps.services.publishing.listDlq(caller()), ({ groups }) => ({
      groups,
      simulated: groups.some(({ jobs }) => jobs.some(({ simulated }) => simulated)),
    })),
  ),
  route(op.replayDlq, async ({ deps, caller, body }) =>
    answer(await deps.services.publishing.replayDlq(caller(), body), same),
  ),
];
