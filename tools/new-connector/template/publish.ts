import {
  type ConnectorContext,
  normalizeText,
  type PlatformResult,
  type ProbeAnswer,
  type Progress,
  parseJson,
  type Step,
  type StepInput,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { call } from "./call.ts";

/** How far a post has come; stored between steps. */
export type PostState = { readonly postId?: string };

export const startState = (): PostState => ({});

const Created = z.object({ id: z.string().min(1), url: z.url() });
const Recent = z.object({
  posts: z.array(z.object({ id: z.string().min(1), url: z.url(), text: z.string(), createdAt: z.coerce.date() })),
});

async function sendPost({ post }: StepInput<PostState>, ctx: ConnectorContext): PlatformResult<Progress<PostState>> {
  const sent = await call(ctx, { method: "POST", path: "/v1/posts", json: { text: post.text } });
  if (!sent.ok) return sent;
  const created = parseJson(sent.value, Created);
  if (!created.ok) return created;
  const { id, url } = created.value;
  return ok({ state: { postId: id }, published: { externalId: id, permalink: url } });
}

/**
 * Looks for the post after a lost answer. A list of recent posts proves that one is there, and never that none is. Where
 * the platform can look a post up by a key of ours, answer `absent_authoritative` instead of `not_seen`.
 */
async function findPost({ post }: StepInput<PostState>, ctx: ConnectorContext): PlatformResult<ProbeAnswer<PostState>> {
  const answer = await call(ctx, { method: "GET", path: "/v1/posts", query: { limit: 20 }, effect: "none" });
  if (!answer.ok) return answer;
  const recent = parseJson(answer.value, Recent);
  if (!recent.ok) return recent;
  const twins = recent.value.posts.filter(({ text }) => normalizeText(text) === normalizeText(post.text));
  if (twins.length === 0) return ok({ kind: "not_seen", looked: "the 20 newest posts of the account" });
  const candidates = twins.map(({ id, url, text, createdAt }) => ({
    externalId: id,
    permalink: url,
    state: { postId: id },
    createdAt,
    ours: false,
    preview: text.slice(0, 200),
  }));
  return ok({ kind: "found", candidates });
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
