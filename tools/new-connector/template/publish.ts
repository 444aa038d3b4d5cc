import {
  type ConnectorContext,
  matchRecent,
  type PlatformResult,
  type ProbeAnswer,
  type Progress,
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
const Recent = z.object({
  posts: z.array(z.object({ id: z.string().min(1), url: z.url(), text: z.string(), createdAt: z.coerce.date() })),
});

async function sendPost({ post }: StepInput<PostState>, ctx: ConnectorContext): PlatformResult<Progress<PostState>> {
  const created = await api.read(ctx, { method: "POST", path: ["v1", "posts"], json: { text: post.text } }, Created);
  if (!created.ok) return created;
  const { id, url } = created.value;
  return ok({ state: { postId: id }, published: { externalId: id, permalink: url } });
}

/**
 * Looks for the post after a lost answer. A list of recent posts proves that one is there, and never that none is. Where
 * the platform can look a post up by a key of ours, answer `absent_authoritative` instead of `not_seen`.
 */
async function findPost(
  { post, intentAt }: StepInput<PostState> & { readonly intentAt: Date },
  ctx: ConnectorContext,
): PlatformResult<ProbeAnswer<PostState>> {
  const list = { method: "GET", path: ["v1", "posts"], query: { limit: 20 }, effect: "none" } as const;
  const recent = await api.read(ctx, list, Recent);
  if (!recent.ok) return recent;
  return ok(
    matchRecent({
      recent: recent.value.posts.map(({ id, url, ...rest }) => ({ externalId: id, permalink: url, ...rest })),
      wanted: { text: post.text, since: intentAt },
      state: ({ externalId }): PostState => ({ postId: externalId }),
      looked: "the 20 newest posts of the account",
    }),
  );
}

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
