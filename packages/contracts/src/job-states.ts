/**
 * States of a publish job:
 *
 *   scheduled -> publishing -> published
 *     ^   |        |  \-> processing   the platform still works on it; resumed later
 *     |   |        +----> retrying     1, 3, 9, 27 s with jitter, or what the platform asked
 *     +- held             +----> unknown   may have had effect: probe, then adopt, send again or ask a person
 *                         +----> failed    dead-letter desk
 *   handed_over                        to the platform, which holds the clock (native schedule), verified at its time; or
 *                                      to its app, where a draft waits for its author, looked at now and then
 *   published -> removed               taken down again, with time and by whom
 *   publishing -> partly_published     some parts are live and the rest was refused: a person decides
 *   any not sent -> canceled           from the desk -> discarded
 *
 * Whether a job may be live is a fact of its own (`mayBeLive`), told by what was sent and never by the state's name.
 */
export const jobStates = [
  "scheduled",
  "publishing",
  "processing",
  "retrying",
  "held",
  "handed_over",
  "unknown",
  "published",
  "partly_published",
  "removed",
  "failed",
  "canceled",
  "discarded",
] as const;
export type JobState = (typeof jobStates)[number];

/**
 * Why a job is held: the account needs a person, somebody paused, platform down, machine was off, quota used up, or our
 * app at the platform needs the operator.
 */
export const heldReasons = ["attention", "paused", "disabled", "outage", "missed", "quota", "operator"] as const;
export type HeldReason = (typeof heldReasons)[number];

export const connectionStatuses = ["healthy", "expiring_soon", "attention", "revoked"] as const;
export type ConnectionStatus = (typeof connectionStatuses)[number];

/** `synthetic_ping`: the account is asked for. `token_refresh`: its sign-in is renewed. `webhook_test`: its events are looked for. */
export const checkTypes = ["synthetic_ping", "token_refresh", "webhook_test"] as const;
export type CheckType = (typeof checkTypes)[number];

export const postStatuses = ["draft", "awaiting_approval", "approved", "rejected"] as const;
export type PostStatus = (typeof postStatuses)[number];

/** Who can do something about a problem. */
export const actors = ["you", "account_owner", "platform", "operator"] as const;
export type Actor = (typeof actors)[number];

/** What a person asked of a job that could not be done at once; the newest one counts. */
export const wishKinds = ["cancel", "delete", "remove", "edit", "move"] as const;
export type WishKind = (typeof wishKinds)[number];

/**
 * How a wish ended: `done`; `too_late`, since the post is live as it was; `failed`, since the platform refused it; `partly`, since
 * some parts of the post are gone and others are live or may be; `withdrawn`, since another one or a retry took its place.
 */
export const wishOutcomes = ["done", "too_late", "failed", "partly", "withdrawn"] as const;
export type WishOutcomeKind = (typeof wishOutcomes)[number];

/**
 * What a change did for one target: `changed` now; `waiting` until POSTD knows whether the post is live; `changing_live` at the
 * platform by the worker; `too_late`, it is live as it was; `canceled`, `removed`; `added`, a new target; `unchanged`.
 */
export const targetChanges = [
  "changed",
  "waiting",
  "changing_live",
  "removing_live",
  "too_late",
  "left_live",
  "canceled",
  "added",
  "unchanged",
] as const;
export type TargetChange = (typeof targetChanges)[number];
