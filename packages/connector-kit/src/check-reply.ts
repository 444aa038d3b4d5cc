import { z } from "zod";
import { checkPost } from "./check-post.ts";
import type { AccountRef } from "./context.ts";
import { type Inbox, replyFormat } from "./inbox.ts";
import type { PublishingPlatform } from "./platform.ts";
import type { OutgoingPost, PostProblem } from "./publish.ts";

/**
 * Everything wrong with an answer to somebody, at once: its text by the answer's own limit, and whether the account may
 * answer there. It has no options, and rules for posts do not hold for it. Pure.
 */
export function checkReply(
  platform: PublishingPlatform,
  post: OutgoingPost,
  account: AccountRef,
): readonly PostProblem[] {
  const { permissions, publishing, ...rest } = platform;
  const reply = platform.inbox?.reply;
  if (!reply)
    return [
      {
        field: "format",
        code: "not_supported",
        message: `${platform.name} does not let programs answer.`,
        severity: "error",
      },
    ];
  const { validate: _forPosts, destinations: _places, optionFormats: _options, ...words } = publishing;
  const answering: PublishingPlatform = {
    ...rest,
    publishing: { ...words, formats: { [replyFormat]: reply }, options: z.strictObject({}) },
  };
  // Where it goes is no place below the account, but what it answers.
  const { destination: _answered, ...said } = post;
  return [...mayAnswer(permissions?.(account)), ...checkPost(answering, said, account)];
}

const mayAnswer = (told: ReturnType<NonNullable<PublishingPlatform["permissions"]>>): readonly PostProblem[] =>
  (told?.missing ?? [])
    .filter(({ facet }) => facet === "inbox")
    .map(({ message }) => ({ field: "connectionId", code: "permission_missing", message, severity: "error" }));

/** The inbox this kind of account has; undefined: none. */
export const inboxOf = (
  { inbox }: { readonly inbox?: Inbox },
  { kind }: Pick<AccountRef, "kind">,
): Inbox | undefined => (inbox?.accountKinds?.includes(kind) === false ? undefined : inbox);

/** What may be done about an entry: what the platform has, less what this very entry cannot. */
export function canBeDone(
  inbox: Pick<Inbox, "reply" | "hide" | "like"> | undefined,
  cannot: readonly ("reply" | "hide" | "like")[],
): { readonly reply: boolean; readonly hide: boolean; readonly like: boolean } {
  const has = (what: "reply" | "hide" | "like") => inbox?.[what] !== undefined && !cannot.includes(what);
  return { reply: has("reply"), hide: has("hide"), like: has("like") };
}
