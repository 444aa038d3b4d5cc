import {
  type ConnectorContext,
  GraphNode,
  mayRemake,
  type PlatformFailure,
  type PlatformResult,
  type Progress,
  type StepInput,
  subcodeOf,
} from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import { call, scopes } from "./api.ts";
import { stageOf } from "./containers.ts";
import { NOT_FOUND, RUN_OUT, UNFETCHED } from "./failures.ts";
import { mayBeOut, replyToOf } from "./lost.ts";
import { type PostState, refOf, remade, withLive } from "./state.ts";

type Run = PlatformResult<Progress<PostState>>;

/** Waiting cannot mend it, so once the tries are used up a person is asked. */
export const lostForGood = (failure?: PlatformFailure): PlatformFailure => ({
  ...failure,
  kind: "content_rejected",
  field: "post",
  reason: "lost",
  message: "Threads lost the prepared post again and again, and published nothing. Send it again later.",
});

/** One measured publish took 222 seconds. @source platforms/threads.md section 15 */
export const CALL_MS = 240_000;
/** Waits before a container that was not found is published again; then a new one is made. */
const AGAIN_AFTER_MS: readonly number[] = [5_000, 30_000];

/**
 * Publishes the container, after asking once more that it has not been: one that Threads calls PUBLISHED is never
 * published again. A container Threads does not find is looked at anew before anything else is decided, as the words alone
 * prove nothing; it is published again after 5 and 30 seconds, then made anew.
 * @source platforms/threads.md section 11 (24/4279009)
 */
export async function publishContainer(input: StepInput<PostState>, ctx: ConnectorContext): Run {
  const { state, post } = input;
  const late = await publishedLate(ctx, state);
  if (!late.ok) return late;
  if (late.value) return ok({ state: late.value, waitMs: 1_000 });
  const like = await likeSeen(input, ctx);
  if (like) return like;
  const id = state.container?.id ?? "";
  const before = await stageOf(ctx, id);
  if (!before.ok) return before;
  const { is } = before.value;
  if (is === "published") return fail(isOut());
  if (is === "working") return ok({ state: unready(state), waitMs: 5_000 });
  const again = is === "gone" ? later(state) : undefined;
  if (again) return ok(again);
  if (is !== "finished") return beginAnew(input, ctx, { broken: is === "broken" ? before.value.failure : undefined });
  const sent = await call(ctx, {
    method: "POST",
    path: [ctx.account.externalId, "threads_publish"],
    params: { creation_id: id },
    answer: GraphNode,
    needs: replyToOf(post, state) === undefined ? [scopes.publish] : [scopes.publish, scopes.manageReplies],
    field: "text",
    timeoutMs: CALL_MS,
  });
  if (sent.ok) return progressOf(withLive(state, { externalId: sent.value.id }));
  const { error: refused } = sent;
  const subcode = subcodeOf(refused);
  if (subcode === NOT_FOUND) return notFound(input, ctx, refused);
  if (subcode === RUN_OUT && refused.refused) return beginAnew(input, ctx, { refused });
  if (subcode === UNFETCHED && refused.refused) return beginAnew(input, ctx, { broken: refused, refused });
  return sent;
}

export const progressOf = (state: PostState): Result<Progress<PostState>, PlatformFailure> => {
  const published = refOf(state);
  return ok({ state, ...(published && { published }) });
};

function unready(state: PostState): PostState {
  const { container, ...rest } = state;
  if (!container) return state;
  const { ready: _, ...waiting } = container;
  return { ...rest, container: waiting };
}

/** The probe tells which post it is. */
const isOut = (refused?: PlatformFailure): PlatformFailure => ({
  kind: "outcome_unknown",
  message: "Threads may have published this already; which post it is has to be looked up.",
  ...(refused?.platformCode && { platformCode: refused.platformCode }),
});

async function notFound(input: StepInput<PostState>, ctx: ConnectorContext, refused: PlatformFailure): Run {
  const { state } = input;
  const { container } = state;
  const after = await stageOf(ctx, container?.id ?? "");
  if (!after.ok || !container || after.value.is === "published") return fail(isOut(refused));
  const next = later(state);
  return next ? ok({ ...next, refused: true }) : beginAnew(input, ctx, { refused });
}

/** The same container once more, after a while; undefined: it was tried as often as may help. */
function later(state: PostState): Progress<PostState> | undefined {
  const { container } = state;
  const waitMs = AGAIN_AFTER_MS[container?.tries ?? 0];
  if (!container || waitMs === undefined) return undefined;
  return { state: { ...state, container: { ...container, tries: container.tries + 1 } }, waitMs };
}

/** The state of a container that was given up and came out all the same: it takes the place of the new one. */
async function publishedLate(ctx: ConnectorContext, state: PostState): PlatformResult<PostState | undefined> {
  for (const { id, madeAt } of state.earlier ?? []) {
    const read = await stageOf(ctx, id);
    if (!read.ok) return read;
    const { earlier: _, ...rest } = state;
    if (read.value.is === "published") return ok({ ...rest, container: { id, madeAt, ready: true, tries: 0 } });
  }
  return ok(undefined);
}

/** The first look at a lost post is later than this. */
const LOOKED_AFTER_MS = 5 * 60_000;

/** Stops before a new container is shown beside a post like it; undefined: there is none, or it has been looked into. */
async function likeSeen(
  { state, post }: StepInput<PostState>,
  ctx: ConnectorContext,
): Promise<Awaited<Run> | undefined> {
  const now = ctx.clock.now();
  const { likeSeenAt } = state;
  if (likeSeenAt !== undefined && now.getTime() - Date.parse(likeSeenAt) > LOOKED_AFTER_MS) return undefined;
  const seen = await mayBeOut({ state, post }, state.earlier ?? [], ctx);
  if (!seen.ok) return seen;
  if (!seen.value) return undefined;
  if (likeSeenAt !== undefined) return fail(isOut());
  return ok({ state: { ...state, likeSeenAt: now.toISOString() }, waitMs: 1_000 });
}

/**
 * A new container where that may help; nobody has seen the old one. Once the tries are used up nothing is said to be lost
 * while the newest posts show it. `refused`: the answer that said so to a publish.
 */
async function beginAnew(
  { state, post }: Pick<StepInput<PostState>, "state" | "post">,
  ctx: ConnectorContext,
  { broken, refused }: { readonly broken?: PlatformFailure | undefined; readonly refused?: PlatformFailure },
): Run {
  const now = ctx.clock.now();
  if (mayRemake(state, now))
    return ok({ state: remade(state, now), waitMs: 5_000, ...(refused && { refused: true as const }) });
  const tried = [...(state.earlier ?? []), ...(state.container ? [state.container] : [])];
  const seen = await mayBeOut({ state, post }, tried, ctx);
  return fail(seen.ok && !seen.value ? (broken ?? lostForGood(refused)) : isOut(refused));
}
