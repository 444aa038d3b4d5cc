import {
  type ConnectorContext,
  type PlatformResult,
  type Progress,
  probeRecent,
  type RecentPost,
  rowsOf,
  type Step,
  type StepInput,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api } from "./api.ts";

/** How far a post has come; stored between steps. */
export type PostState = { readonly postId?: string };

export const startState = (): PostState => ({});

const Created = z.object({ id: z.string().min(1), url: z.url() });
const Shown = Created.extend({ text: z.string(), createdAt: z.coerce.date() }).transform(
  ({ id, url, ...rest }): RecentPost => ({ externalId: id, permalink: url, ...rest }),
);
const Recent = z.object({ posts: rowsOf(Shown) }).transform(({ posts }) => posts);

async function sendPost({ post }: StepInput<PostState>, ctx: ConnectorContext): PlatformResult<Progress<PostState>> {
  const created = await api.read(ctx, { method: "POST", path: ["v1", "posts"], json: { text: post.text } }, Created);
  if (!created.ok) return created;
  const { id, url } = created.value;
  return ok({ state: { postId: id }, published: { externalId: id, permalink: url } });
}

/**
 * Looks for the post after a lost answer. A list of recent posts proves that one is there, and never that none is. Where
 * the platform can look a post up by a key of ours, write a probe that answers `absent_authoritative` instead of this one.
 */
const findPost = probeRecent<PostState>({
  list: (ctx) => api.get(ctx, ["v1", "posts"], Recent, { query: { limit: 20 } }),
  state: ({ externalId }) => ({ postId: externalId }),
  looked: "the 20 newest posts of the account",
});

/** `repeatable: true` only where the platform guarantees it: an idempotency key, or a key of ours that names the post. */
const send: Step<PostState> = {
  name: "send_post",
  effect: "visible",
  repeatable: false,
  done: (state) => state.postId !== undefined,
  run: sendPost,
  probe: findPost,
};

export const textSteps = [send] as const;
