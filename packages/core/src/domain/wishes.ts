import type { OutgoingPost } from "@postd/connector-kit";
import type { HeldReason, JobState, JsonObject, TargetChange, WishKind, WishOutcomeKind } from "@postd/contracts";

interface WishOf<K extends WishKind> {
  readonly kind: K;
  /** `usr_...` or `key_...`. */
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  /** ISO 8601: when the rest of a live thread was to go on by itself. The wish only borrows the row's wake-up. */
  readonly restAt?: string;
  /** It took the place of a change of the live text, which the platform may have made. */
  readonly mayBeEdited?: true;
}

/** What a person asked of a job; kept on its row while it cannot be done. */
export type Wish =
  | WishOf<"cancel">
  | (WishOf<"delete"> & { readonly alsoLive: boolean })
  | WishOf<"remove">
  | (WishOf<"edit"> & { readonly post: OutgoingPost; readonly fingerprint: string; readonly wordsOnly: boolean })
  | (WishOf<"move"> & { readonly scheduledFor: string });

/** How the last wish ended, for people. */
export interface WishOutcome {
  readonly kind: WishKind;
  readonly outcome: WishOutcomeKind;
  /** ISO 8601. */
  readonly at: string;
  readonly message: string;
}

/** What the rules about wishes know of a job, read under its row's lock. */
export interface WishFacts {
  readonly now: Date;
  readonly state: JobState;
  readonly heldReason: HeldReason | undefined;
  /** A visible call was sent, or may have been, and nothing has told how it ended. */
  readonly mayBeLive: boolean;
  /** Known at the platform by this id; of a post the platform holds for its time, the planned one. */
  readonly externalPostId: string | undefined;
  readonly firstClaimedAt: Date | undefined;
  readonly nativeSchedule: boolean;
  /** When it goes on by itself; undefined while a worker is at it, and where nothing is planned. */
  readonly sleepsUntil: Date | undefined;
  /** What was asked before and is not done. */
  readonly wish: Wish | undefined;
  /** What the platform lets an app do with this live post. */
  readonly can: {
    readonly remove: boolean;
    readonly editWords: boolean;
    /** Options that may be changed together with the words. */
    readonly editOptions?: readonly string[];
  };
}

/** Columns a person's word changes. Left out: unchanged. Every patch but a stored wish raises the fence. */
export interface JobPatch {
  readonly state?: JobState;
  readonly heldReason?: HeldReason | null;
  readonly wakeAt?: Date | null;
  readonly scheduledFor?: Date;
  readonly releasedAt?: Date;
  readonly tries?: number;
  readonly failure?: JsonObject | null;
  readonly forgetProbe?: true;
  readonly needsPerson?: boolean;
  readonly mayBeLive?: false;
  readonly wish?: Wish | null;
  readonly wishOutcome?: WishOutcome | null;
  readonly post?: OutgoingPost;
  readonly fingerprint?: string;
  /** The steps begin anew; nothing visible was done by them. */
  readonly forgetSteps?: true;
  readonly forgetPost?: true;
  readonly externalPostId?: string;
  readonly permalink?: string;
  readonly publishedAt?: Date;
  readonly holdsClock?: true;
  /** Its post is wanted after all: whoever asked to delete it, or somebody else, sends it. */
  readonly keepsPost?: true;
  /** Whether the mark that makes twins wait stays. */
  readonly inFlight?: boolean;
  /** A worker that is at the job can write nothing more. Never for a job that may be live. */
  readonly raiseFence: boolean;
}

export interface Meeting {
  readonly change: TargetChange;
  readonly message: string;
  readonly patch?: JobPatch;
}

/** States in which nothing more happens by itself and nothing is at the platform. */
const ended: readonly JobState[] = ["canceled", "discarded", "removed"];

/**
 * What becomes of a wish, by the job's state and whether it may be live: the one table, for every caller. Pure.
 *
 *                    surely not live      may be live          live                  at the platform for its time
 *   cancel           canceled             waits for a look     too late              taken back by the worker
 *   delete           canceled             waits for a look     left, or removed      taken back by the worker
 *   remove           nothing to remove    waits for a look     removed by the worker taken back by the worker
 *   edit             changed              waits for a look     text, by the worker   too late
 *   move             changed              waits for a look     too late              moved by the worker
 *
 * A draft in the platform's app is left there: what stops a post ends the looking, everything else is too late.
 */
export function meet(facts: WishFacts, wish: Wish): Meeting {
  if (ended.includes(facts.state)) return { change: "unchanged", message: `It is ${facts.state} already.` };
  if (facts.mayBeLive) return stored(facts, wish);
  if (isWithAuthor(facts)) return meetWithAuthor(facts, wish);
  if (facts.state === "handed_over") return meetHandedOver(facts, wish);
  if (isLive(facts)) return meetLive(facts, wish);
  switch (wish.kind) {
    case "cancel":
    case "delete":
      return { change: "canceled", message: "Canceled; nothing of it is live.", patch: canceled };
    case "remove":
      return { change: "unchanged", message: "Nothing of it is live." };
    case "edit":
      return { change: "changed", message: "Changed before anything was sent.", patch: rewritten(facts, wish) };
    case "move":
      return { change: "changed", message: "Moved.", patch: moved(facts, new Date(wish.scheduledFor)) };
    default:
      wish satisfies never;
      throw new Error("a wish has no rule");
  }
}

/** Nothing of it is live and it never goes out. */
export const canceled: JobPatch = {
  state: "canceled",
  heldReason: null,
  wakeAt: null,
  wish: null,
  needsPerson: false,
  inFlight: false,
  raiseFence: true,
};

function stored(facts: WishFacts, wish: Wish): Meeting {
  return {
    change: "waiting",
    message: "It may be live already. POSTD looks first; then it is done, or the live post is named.",
    // Who sends it now is not interrupted; what sleeps is looked at as soon as a look can tell.
    patch: { wish, raiseFence: false, ...(facts.state === "publishing" ? {} : { wakeAt: facts.now }) },
  };
}

/** A draft in the platform's app: its author posts it there, and no app can take it back. */
const isWithAuthor = ({ state, externalPostId }: Pick<WishFacts, "state" | "externalPostId">): boolean =>
  state === "handed_over" && externalPostId === undefined;

const stillDraft = "POSTD no longer looks for it. The draft stays in the platform's app; discard it there.";

function meetWithAuthor(_facts: WishFacts, wish: Wish): Meeting {
  if (wish.kind === "edit" || wish.kind === "move")
    return { change: "too_late", message: "It waits as a draft in the platform's app. Change it or post it there." };
  return { change: "canceled", message: stillDraft, patch: canceled };
}

function meetHandedOver(facts: WishFacts, wish: Wish): Meeting {
  const patch: JobPatch = { wish, wakeAt: facts.now, raiseFence: false };
  if (wish.kind === "edit")
    return {
      change: "too_late",
      message: "The platform holds it for its time. Cancel it there first, then change it.",
    };
  return { change: "waiting", message: "The platform holds it; POSTD asks the platform to change that.", patch };
}

function meetLive(facts: WishFacts, wish: Wish): Meeting {
  const worker: JobPatch = { wish: withRest(facts, wish), wakeAt: facts.now, tries: 0, raiseFence: false };
  const removing: Meeting = { change: "removing_live", message: "It is taken down at the platform.", patch: worker };
  // It may be gone already, so nothing that is said of a live post holds.
  if (isTakingDown(facts) && !takesDown(wish))
    return { change: "removing_live", message: "It is being taken down at the platform already." };
  const cannotRemove = "It is live, and the platform lets no app take it down. Delete it there.";
  switch (wish.kind) {
    case "cancel":
      // A thread whose first parts are live: the rest is what can still be stopped.
      if (hasRest(facts))
        return { change: "canceled", message: "Its first part is live; the rest is not sent.", patch: restCanceled };
      return { change: "too_late", message: "It is live. Remove it instead." };
    case "delete": {
      if (wish.alsoLive && facts.can.remove) return removing;
      // Whatever becomes of what is live, nothing more of it goes out.
      if (wish.alsoLive)
        return { change: "too_late", message: cannotRemove, ...(hasRest(facts) ? { patch: restCanceled } : {}) };
      const leaves = facts.state !== "published";
      return {
        change: "left_live",
        message: "It stays live at the platform.",
        ...(leaves ? { patch: leftLive(facts) } : {}),
      };
    }
    case "remove":
      return facts.can.remove ? removing : { change: "too_late", message: cannotRemove };
    case "edit":
      if (!wish.wordsOnly) return { change: "too_late", message: onlyWords(facts) };
      return facts.can.editWords
        ? { change: "changing_live", message: "It is changed at the platform.", patch: worker }
        : { change: "too_late", message: "It is live, and the platform lets no app change it." };
    case "move":
      return { change: "too_late", message: "It is live already." };
    default:
      wish satisfies never;
      throw new Error("a wish has no rule");
  }
}

function onlyWords({ can: { editWords, editOptions = [] } }: WishFacts): string {
  if (!editWords) return "It is live, and the platform lets no app change it.";
  const options = editOptions.length > 0 ? ` and ${editOptions.join(", ")}` : "";
  return `It is live; only its text, mentions and hashtags${options} could still be changed.`;
}

/** Known by its id and shown. A failed one is known where the platform was to show it and did not. */
const isLive = ({ externalPostId, state }: WishFacts): boolean => externalPostId !== undefined && state !== "failed";

export const takesDown = (wish: Wish): boolean => wish.kind === "remove" || (wish.kind === "delete" && wish.alsoLive);

/** Nothing that is not sent yet is to go out. */
const stops = (wish: Wish): boolean => wish.kind === "cancel" || wish.kind === "delete";

/** A removal stands on a live post, and a worker may be at it. */
export const isTakingDown = ({ wish, externalPostId, state }: Omit<WishFacts, "can">): boolean =>
  wish !== undefined && takesDown(wish) && externalPostId !== undefined && state !== "handed_over";

/** Some parts are live, and others would still be sent by themselves. */
export const hasRest = ({ state, heldReason }: Pick<WishFacts, "state" | "heldReason">): boolean =>
  state === "partly_published" ? heldReason !== undefined : state !== "published";

/** The time of the rest, as the first of the wishes that took each other's place met it, and whether one was a change. */
function withRest(facts: WishFacts, asked: Wish): Wish {
  const wasEdit = facts.wish?.kind === "edit" || facts.wish?.mayBeEdited === true;
  const wish: Wish = wasEdit ? { ...asked, mayBeEdited: true } : asked;
  if (!hasRest(facts)) return wish;
  const restAt = facts.wish ? facts.wish.restAt : facts.sleepsUntil?.toISOString();
  return restAt === undefined ? wish : { ...wish, restAt };
}

/**
 * What is live stays as it is, and nothing more is sent of it, whoever asks. A part that is in doubt stays so, and is
 * looked for when somebody wants the post taken down.
 */
export const leftLive = (facts: Pick<WishFacts, "now">): JobPatch => ({
  state: "published",
  heldReason: null,
  publishedAt: facts.now,
  wakeAt: null,
  wish: null,
  needsPerson: false,
  inFlight: false,
  raiseFence: true,
});

const restCanceled: JobPatch = {
  state: "partly_published",
  heldReason: null,
  wakeAt: null,
  needsPerson: true,
  inFlight: false,
  raiseFence: true,
};

/** New content takes the old one's place. What is held or failed stays so: an edit is no word to send. */
function rewritten(facts: WishFacts, wish: Extract<Wish, { kind: "edit" }>): JobPatch {
  const moving = facts.state === "publishing" || facts.state === "processing" || facts.state === "retrying";
  const { now, sleepsUntil = now } = facts;
  return {
    post: wish.post,
    fingerprint: wish.fingerprint,
    forgetSteps: true,
    forgetProbe: true,
    wish: null,
    tries: 0,
    inFlight: false,
    raiseFence: true,
    // It keeps the time it waits for, which may be one it was moved to.
    ...(moving ? { state: "retrying", wakeAt: sleepsUntil > now ? sleepsUntil : now } : {}),
  };
}

/** A new time is no word to send what failed, or is held for another reason than its time. */
const sleeps = ({ state, heldReason }: WishFacts): boolean =>
  state === "failed" || (state === "held" && heldReason !== "missed");

/** Nobody is asked for a word: what it waits for ends by itself, or with all that waits for it. */
const passing: ReadonlySet<HeldReason | undefined> = new Set(["quota", "outage", "paused", "disabled"]);

function moved(facts: WishFacts, at: Date): JobPatch {
  // What was begun for the platform to show at its time names the old one.
  const anew = facts.nativeSchedule ? ({ forgetSteps: true } as const) : {};
  const base = { scheduledFor: at, wish: null, tries: 0, raiseFence: true, ...anew } as const;
  const wakeAt = at < facts.now ? facts.now : at;
  // At a time ahead nothing is known to stand in its way; its claim asks again then, and not before.
  const isPlanned = facts.state === "held" && passing.has(facts.heldReason) && at > facts.now;
  if (sleeps(facts) && !isPlanned) return facts.sleepsUntil ? { ...base, wakeAt } : base;
  return {
    ...base,
    state: facts.firstClaimedAt ? "retrying" : "scheduled",
    heldReason: null,
    releasedAt: facts.now,
    wakeAt,
    inFlight: false,
    ...(isPlanned ? { failure: null } : {}),
  };
}

/** What becomes of a kept wish now that nothing of the job is in doubt. */
export function settledWish(facts: WishFacts, wish: Wish): JobPatch {
  if (ended.includes(facts.state)) return afterEnd(facts, wish);
  if (isWithAuthor(facts)) return withAuthor(facts, wish);
  return isLive(facts) ? tooLate(facts, wish) : afterAbsence(facts, wish);
}

/** It became a draft in the platform's app while the wish waited; looking for it goes on where nobody ended it. */
function withAuthor(facts: WishFacts, wish: Wish): JobPatch {
  const { message, patch } = meetWithAuthor(facts, wish);
  const outcome = patch ? "done" : "too_late";
  return {
    ...(patch ?? { wish: null, wakeAt: facts.now, raiseFence: false }),
    wishOutcome: { kind: wish.kind, outcome, at: facts.now.toISOString(), message },
  };
}

/** Another wish ended the job while this one took its place. */
function afterEnd(facts: WishFacts, wish: Wish): JobPatch {
  const message = `It was ${facts.state} before this could be done.`;
  return {
    wish: null,
    wishOutcome: { kind: wish.kind, outcome: "too_late", at: facts.now.toISOString(), message },
    wakeAt: null,
    raiseFence: false,
  };
}

/** What a worker's look has settled: the job is surely not live, and this wish was kept on it. */
function afterAbsence(facts: WishFacts, wish: Wish): JobPatch {
  const outcome = (message: string): { wishOutcome: WishOutcome } => ({
    wishOutcome: { kind: wish.kind, outcome: "done", at: facts.now.toISOString(), message },
  });
  switch (wish.kind) {
    case "cancel":
    case "delete":
    case "remove":
      return { ...canceled, mayBeLive: false, ...outcome("It was not live, and it is canceled.") };
    case "edit":
      return {
        ...rewritten(facts, wish),
        ...outcome(
          `It was not live; ${sleeps(facts) ? "its new version is kept and waits for you." : "the new version goes out."}`,
        ),
      };
    case "move":
      return {
        ...moved(facts, new Date(wish.scheduledFor)),
        ...outcome(
          `It was not live; ${sleeps(facts) ? "its new time is kept, and it waits for you." : "it waits for its new time."}`,
        ),
      };
    default:
      wish satisfies never;
      throw new Error("a wish has no rule");
  }
}

/**
 * The wish came too late: the post is live, known by its id. What the person may do now is said with it. Of a thread the
 * rest is stopped where that was asked, and goes on where it was not.
 */
function tooLate(facts: WishFacts, wish: Wish): JobPatch {
  if (!hasRest(facts)) return { ...toldTooLate(facts, wish), wakeAt: null, raiseFence: false };
  if (stops(wish)) return { ...restCanceled, ...toldTooLate(facts, wish) };
  return { ...toldTooLate(facts, wish), wakeAt: restAt(wish, facts.now), raiseFence: false };
}

/** When the rest of a thread goes on after this wish. */
export const restAt = (wish: Wish | undefined, now: Date): Date => (wish?.restAt ? new Date(wish.restAt) : now);

/** The end of a wish that came too late, in words that say what is live and what is not sent. */
export function toldTooLate(facts: WishFacts, wish: Wish): Pick<JobPatch, "wish" | "wishOutcome"> {
  const ofPart = stops(wish) ? "is live; the rest is not sent." : "is live, as it was.";
  const ofAll = stops(wish) ? "is live. It can be removed." : "is live as it was.";
  const message = hasRest(facts)
    ? `Its first part had gone out already and ${ofPart}`
    : `It had gone out already and ${ofAll}`;
  return {
    wish: null,
    wishOutcome: { kind: wish.kind, outcome: "too_late", at: facts.now.toISOString(), message },
  };
}
