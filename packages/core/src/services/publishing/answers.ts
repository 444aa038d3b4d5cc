import { isDeepStrictEqual } from "node:util";
import { checkReply, defaultFingerprint, type OutgoingPost, replyFormat } from "@postd/connector-kit";
import type { ServiceError } from "@postd/contracts";
import type { ContentRecord, PostRecord } from "../../ports/publishing-store.ts";
import type { Draft, Given, PreparedTarget } from "./prepared-target.ts";
import { no } from "./refusals.ts";

/** An answer to somebody: a post with a format of its own, whose destination is what it answers. */
export const isAnswer = ({ format }: Pick<ContentRecord, "format">): boolean => format === replyFormat;

type Refusal = { readonly ok: false; readonly error: ServiceError };

/** A post cannot be an answer by naming the format: what is answered has to be known here. */
export function atEntriesOnly({ content, versions }: Pick<Draft, "content" | "versions">): Refusal | undefined {
  if (![content, ...Object.values(versions)].some(isAnswer)) return undefined;
  return no("invalid_input", "format", "An answer is written at what it answers.", "Use POST /api/inbox/:id/reply.");
}

/** A change of an answer changes its words and when they go out, and a post never becomes one. */
export function staysAnswer(
  post: PostRecord,
  draft: Pick<Draft, "content" | "versions" | "targets">,
): Refusal | undefined {
  if (!isAnswer(post.content)) return atEntriesOnly(draft);
  const { text: _text, ...before } = post.content;
  const { text: _newText, ...after } = draft.content;
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  const isSame =
    isDeepStrictEqual(plain(before), plain(after)) &&
    Object.keys(draft.versions).length === 0 &&
    isDeepStrictEqual(plain(post.targets.map(placeOf)), plain(draft.targets.map(placeOf)));
  return isSame
    ? undefined
    : no("invalid_input", "text", "An answer is a text, and stays at what it answers.", "Change its text only.");
}

const placeOf = ({ connectionId, destination }: Draft["targets"][number]) => ({ connectionId, destination });

/** An answer for its account: the text and what it answers, and everything wrong with that. */
export function prepareAnswer({ draft, target, platform, wanted }: Given): PreparedTarget {
  const { destination, nativeSchedule = false } = wanted;
  const post: OutgoingPost = {
    format: replyFormat,
    text: draft.content.text,
    media: [],
    options: {},
    ...(destination === undefined ? {} : { destination }),
  };
  const problems = checkReply(platform, post, target.account);
  const isRefused = problems.some(({ severity }) => severity === "error");
  // The same words to two people are two answers; to one they are a twin. A platform's own way might leave out which.
  return {
    target,
    platform,
    post,
    fingerprint: isRefused ? "" : defaultFingerprint(post),
    nativeSchedule,
    problems,
    files: [],
    fits: [],
    fitNotes: [],
    crops: new Map(),
  };
}
