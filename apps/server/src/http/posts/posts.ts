import { ok, operationsById as op } from "@postd/contracts";
import { csvTable } from "../csv.ts";
import { answer, defined, paged, route, same, wished } from "../handler.ts";
import { postColumns, postLines } from "./export-posts.ts";

export const postRoutes = [
  route(op.publish, async ({ deps, caller, body, idempotencyKey }) => {
    const made = await deps.services.publishing.publish(caller(), body, idempotencyKey);
    return made.ok ? ok(created(made.value)) : made;
  }),
  route(op.getPublishJob, async ({ deps, caller, params }) =>
    answer(await deps.services.publishing.getJob(caller(), params.jobId), same),
  ),
  route(op.createPost, async ({ deps, caller, body, idempotencyKey }) => {
    const made = await deps.services.publishing.createPost(caller(), body, idempotencyKey);
    return made.ok ? ok(created(made.value)) : made;
  }),
  route(op.validatePost, async ({ deps, caller, body }) =>
    answer(await deps.services.publishing.validatePost(caller(), body), same),
  ),
  route(op.trialPost, async ({ deps, caller, body }) =>
    answer(await deps.services.publishing.trialPost(caller(), body), same),
  ),
  route(op.listPosts, async ({ deps, caller, query }) =>
    answer(await deps.services.publishing.listPosts(caller(), defined(query)), (page) =>
      paged(page, ({ simulated }) => simulated),
    ),
  ),
  route(op.exportPosts, async ({ deps, caller, query }) => {
    const lines = postLines(deps.services.publishing, caller(), defined(query));
    const day = deps.clock.now().toISOString().slice(0, 10);
    return ok({
      body: "",
      stream: { type: "text/csv; charset=utf-8; header=present", from: csvTable(postColumns, lines) },
      headers: { "content-disposition": `attachment; filename="posts-${day}.csv"` },
    });
  }),
  route(op.getPost, async ({ deps, caller, params }) =>
    answer(await deps.services.publishing.getPost(caller(), params.id), same),
  ),
  route(op.updatePost, async ({ deps, caller, params, body }) =>
    wished(await deps.services.publishing.updatePost(caller(), params.id, body)),
  ),
  route(op.deletePost, async ({ deps, caller, params, query }) =>
    wished(await deps.services.publishing.deletePost(caller(), params.id, query)),
  ),
  route(op.approvePost, async ({ deps, caller, params, body }) =>
    wished(
      await deps.services.publishing.decidePost(
        caller(),
        params.id,
        defined({ approve: true, note: body.note, hash: body.hash }),
      ),
    ),
  ),
  route(op.rejectPost, async ({ deps, caller, params, body }) =>
    wished(
      await deps.services.publishing.decidePost(caller(), params.id, defined({ approve: false, note: body.note })),
    ),
  ),
];

/** The first answer again says so, in its body as in its header. */
const created = <V extends object>({ view, replayed }: { readonly view: V; readonly replayed: boolean }) => ({
  body: replayed ? { ...view, cached: true } : view,
  replayed,
});
