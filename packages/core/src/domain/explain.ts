import { type PlatformFailureKind, storableRemark } from "@postd/connector-kit";
import type { Trouble, Whereabouts } from "@postd/connector-kit/rules";
import type { Actor, HeldReason, JobState, JsonObject } from "@postd/contracts";

/** What a kind of failure means for the post, who can act, and the action that cures it. */
const meanings: Record<
  PlatformFailureKind,
  { readonly actor: Actor; readonly effect: string; readonly action: string }
> = {
  auth_expired: { actor: "account_owner", effect: "The post is held and safe.", action: "reconnect" },
  auth_revoked: { actor: "account_owner", effect: "The post is held and safe.", action: "reconnect" },
  scope_missing: { actor: "account_owner", effect: "The post is held and safe.", action: "reconnect" },
  rate_limited: { actor: "platform", effect: "The post waits until the platform takes more.", action: "wait" },
  content_rejected: { actor: "you", effect: "The post was not sent.", action: "edit" },
  unavailable: { actor: "platform", effect: "The post was not sent and is tried again.", action: "wait" },
  outcome_unknown: { actor: "you", effect: "The post may be live.", action: "resolve" },
  operator_must_act: {
    actor: "operator",
    effect: "The post is held and safe; no account has to sign in again.",
    action: "wait",
  },
  account_blocked: { actor: "account_owner", effect: "The post is held and safe.", action: "see_platform" },
  unexpected_response: { actor: "operator", effect: "The post was not sent.", action: "retry" },
};

/** Whatever a failure means, it is never said against where the post stands. */
const truths: Record<Exclude<Whereabouts, "not_sent">, string> = {
  may_be_live: "The post may be live. POSTD looks before anything else.",
  live: "The post is live.",
};

const restEffects: Record<NonNullable<Trouble["rest"]>, string> = {
  waits: "The first part is live; the rest waits. Nothing is lost.",
  not_sent: "The first part is live; the rest was not sent.",
};

/** What stopped a step as it is stored on a job: plain data, no secrets, storable text. */
export function storedTrouble(
  { failure, step, post, rest }: Trouble,
  facts: { readonly at: Date; readonly heldReason?: HeldReason | undefined },
): JsonObject {
  const meaning = meanings[failure.kind];
  const told = rest ? restEffects[rest] : facts.heldReason && heldNotes[facts.heldReason];
  return {
    kind: failure.kind,
    message: storableRemark(failure.message, 500),
    effect: told ?? (post === "not_sent" ? meaning.effect : truths[post]),
    actor: meaning.actor,
    action: meaning.action,
    step,
    at: facts.at.toISOString(),
    ...(failure.status === undefined ? {} : { httpStatus: failure.status }),
    ...(failure.platformCode ? { platformCode: storableRemark(failure.platformCode, 100) } : {}),
    ...(failure.requestId ? { requestId: storableRemark(failure.requestId, 200) } : {}),
    ...(failure.cause ? { cause: storableRemark(failure.cause, 200) } : {}),
    ...(failure.kind === "content_rejected" ? { field: storableRemark(failure.field, 200) } : {}),
  };
}

/** One plain sentence for the ledger, for each reason a job is held. */
export const heldNotes: Record<HeldReason, string> = {
  attention: "Held: the account needs a person. Nothing is lost.",
  paused: "Held: publishing is paused. Nothing is lost.",
  disabled: "Held: the account is disabled. It goes on once a person enables it again.",
  outage: "Held: the platform does not answer. POSTD asks it again by itself, and the post goes out when it is back.",
  missed: "Held: its time passed while nothing was running. A person decides whether it still goes out.",
  quota: "Held: the platform takes no more posts for now. It goes out when the platform allows it.",
  operator:
    "Held: this server's app at the platform needs its operator. Nothing is lost and nobody has to sign in again.",
};

/** What is only said of a post that was surely not sent. */
const unsentEffects: ReadonlySet<string> = new Set([
  ...Object.values(meanings).flatMap(({ effect }) => (effect === meanings.outcome_unknown.effect ? [] : [effect])),
  ...Object.values(heldNotes),
]);

/**
 * What a stored failure means for the post as it stands now: a later call may have been sent since, and of a post that may
 * be live, or is, nobody is told that it was not sent.
 */
export function effectNow(
  effect: string,
  job: { readonly mayBeLive: boolean; readonly state: JobState; readonly externalPostId: string | undefined },
): string {
  if (!unsentEffects.has(effect)) return effect;
  if (job.mayBeLive) return truths.may_be_live;
  const isWhole = job.state !== "partly_published" && job.state !== "handed_over" && job.state !== "failed";
  return isWhole && job.externalPostId !== undefined ? truths.live : effect;
}

/** Kinds POSTD tries again by itself: nothing has to be changed, and nobody has to act. */
const retryable: ReadonlySet<string> = new Set<PlatformFailureKind>(["rate_limited", "unavailable"]);
/** What is kept of the platform's own answer, by the names it has on a stored failure. */
const platformsOwn = ["message", "platformCode", "httpStatus", "requestId", "cause"] as const;

/** A stored failure with what clients decide by. Pure. */
export const toldFailure = (failure: JsonObject): JsonObject => ({
  ...failure,
  retryable: retryable.has(String(failure.kind)),
  raw: Object.fromEntries(platformsOwn.flatMap((name) => (failure[name] === undefined ? [] : [[name, failure[name]]]))),
});
