import { fail, ok } from "@postd/contracts";
import type { ConnectorContext, PlatformResult } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Step } from "../publish.ts";
import { matchRecent } from "./match-recent.ts";

/** A comment as the list of those under a post, or under another comment, shows it. */
export interface ShownComment {
  readonly id: string;
  readonly text: string;
  readonly createdAt?: Date | undefined;
  /** This account wrote it; absent: the list does not say. */
  readonly isOwn?: boolean | undefined;
}

/** `externalId`: the answer, once it is written; `way`: another way it is tried since one was refused. */
export type ReplyState = { readonly externalId?: string; readonly way?: string };

export interface ReplyFacts<E> {
  /** What is answered, read from an entry's id; undefined: no entry here has such an id. */
  readonly entryOf: (id: string, ctx: ConnectorContext) => E | undefined;
  /** Writes the answer in one visible call: its id, or by what other way to try, where this one was refused. */
  readonly write: (
    answer: { readonly entry: E; readonly text: string; readonly way?: string },
    ctx: ConnectorContext,
  ) => PlatformResult<{ readonly id: string } | { readonly instead: string }>;
  /** What stands where the answer would; none where this sign-in may not read it. */
  readonly below: (entry: E, ctx: ConnectorContext) => PlatformResult<readonly ShownComment[]>;
  /** What `below` looks at, for a person: "the answers to the comment". */
  readonly looked: string;
}

const nowhere: PlatformFailure = {
  kind: "content_rejected",
  field: "destination",
  reason: "missing",
  message: "There is nothing of that name to answer at this account.",
};

const isGone = (failure: PlatformFailure): boolean =>
  failure.kind === "content_rejected" && failure.reason === "missing";

/**
 * What a refusal says of this answer alone. What is missing is the entry, whatever else the platform blames; and a right
 * that comments need and posts do not is no reason to hold the account's posts.
 */
function ofAnswer(failure: PlatformFailure): PlatformFailure {
  if (failure.kind === "scope_missing") {
    const { kind: _kind, scopes, message, ...detail } = failure;
    const rights = scopes.length === 0 ? "" : ` (${scopes.join(", ")})`;
    return {
      ...detail,
      ...{ kind: "content_rejected", field: "destination", reason: "not_allowed" },
      message: `${message} Connect the account again with the right to write comments${rights}.`,
    };
  }
  if (!isGone(failure)) return failure;
  const message = "What was to be answered is no longer there, or this account may not see it.";
  return { ...failure, field: "destination", message } as PlatformFailure;
}

/**
 * The steps of `inbox.reply` where an answer is a comment below another one. A lost call is looked for below the entry:
 * only a comment with this text, by this very account and made since is taken for it. A list without it proves nothing, so
 * nothing is written twice.
 */
export function replySteps<E>({ entryOf, write, below, looked }: ReplyFacts<E>): readonly Step<ReplyState>[] {
  const step: Step<ReplyState> = {
    name: "write_reply",
    effect: "visible",
    repeatable: false,
    settleMs: 10_000,
    done: ({ externalId }) => externalId !== undefined,
    async run({ state, post: { destination = "", text } }, ctx) {
      const entry = entryOf(destination, ctx);
      if (entry === undefined) return fail(nowhere);
      const { way } = state;
      const sent = await write({ entry, text, ...(way !== undefined && { way }) }, ctx);
      if (!sent.ok) return fail(ofAnswer(sent.error));
      if ("instead" in sent.value) return ok({ state: { ...state, way: sent.value.instead }, refused: true });
      const live = { externalId: sent.value.id };
      return ok({ state: { ...state, ...live }, published: live });
    },
    async probe({ state, post: { destination = "", text }, intentAt }, ctx) {
      const entry = entryOf(destination, ctx);
      if (entry === undefined) return ok({ kind: "absent_authoritative", because: nowhere.message });
      const list = await below(entry, ctx);
      if (!list.ok) {
        const isHidden = isGone(list.error) || list.error.kind === "scope_missing";
        return isHidden ? ok({ kind: "not_seen", looked: `${looked}, which are not shown to this sign-in` }) : list;
      }
      const recent = list.value.flatMap(({ id, isOwn, ...shown }) =>
        isOwn === true ? [{ externalId: id, text: shown.text, createdAt: shown.createdAt }] : [],
      );
      const withId = ({ externalId }: { readonly externalId: string }) => ({ ...state, externalId });
      return ok(matchRecent({ recent, wanted: { text, since: intentAt }, state: withId, looked }));
    },
  };
  return [step];
}
