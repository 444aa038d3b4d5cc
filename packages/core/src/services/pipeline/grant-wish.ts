import type {
  ConnectorContext,
  EditedPost,
  OutgoingPost,
  PlatformFailure,
  PlatformResult,
  PublishedRef,
  PublishingPlatform,
} from "@postd/connector-kit";
import { answerOf, defaultSettleMs, leavesOpen, retryDelaysMs } from "@postd/connector-kit/rules";
import { fail, ok, type WishOutcomeKind } from "@postd/contracts";
import { hasRest, restAt, takesDown, type Wish } from "../../domain/wishes.ts";
import type { AttemptAnswer, IntentRecord, JobChange } from "../../ports/ledger.ts";
import type { Run } from "./run.ts";
import { type Look, partsOf, whatIsLeft } from "./what-is-left.ts";

/** What a wish does at the platform. */
interface Deed {
  readonly kind: Exclude<IntentRecord["kind"], "call" | "native">;
  readonly note: string;
  run(ctx: ConnectorContext): PlatformResult<EditedPost | undefined>;
  /** How the job goes on when it is done. */
  readonly done: Omit<JobChange, "granted">;
  readonly message: string;
}

/** After this many tries a wish that the platform does not answer is told to be failed; the post is as it was. */
const mostTries = retryDelaysMs.length;

/**
 * Carries out at the platform what a person asked for a live post, or for one the platform holds: take down, change,
 * take back, move. Every such call may be repeated, so a lost answer is simply asked again; its intent is recorded all
 * the same. A wish that another one replaced meanwhile stays for the next claim.
 */
export async function grantWish(run: Run, platform: PublishingPlatform): Promise<void> {
  const { wish } = run.job;
  const ref = run.drive.published;
  if (!wish || !ref) throw new Error("a job without wish or post was to be changed at the platform");
  const deed = deedOf(run, platform, wish, ref);
  if (!deed) return end(run, wish, "failed", `${platform.name} lets no app do this. Do it there.`);
  if (run.drive.tries > mostTries) return concludeByLook(run, platform, wish, ref);
  const step = { name: deed.kind, effect: "visible", repeatable: true } as const;
  const opened = await run.open();
  if ("failure" in opened) return refused(run, platform, wish, opened.failure);
  const intended = await run.intend(step, { kind: deed.kind, prepared: null, note: deed.note });
  if (intended !== "written") return;
  const startedAt = performance.now();
  let result = await deed.run(run.context(step));
  if (!result.ok && result.error.kind === "auth_expired") {
    const again = await run.open(opened.connection.credentialVersion);
    result = "failure" in again ? fail(again.failure) : await deed.run(run.context(step));
  }
  const latencyMs = Math.round(performance.now() - startedAt);
  if (!result.ok) return refused(run, platform, wish, result.error, latencyMs);
  run.drive.sentVisible = false;
  const attemptId = run.drive.pending?.attemptId;
  const answer: AttemptAnswer | undefined = attemptId ? { attemptId, outcome: "ok", latencyMs } : undefined;
  const change = { ...deed.done, ...(result.value ? renamed(ref, result.value) : {}) };
  await run.settle({ ...change, granted: granted(run, wish, "done", deed.message) }, answer);
}

function deedOf(run: Run, platform: PublishingPlatform, wish: Wish, ref: PublishedRef): Deed | undefined {
  const { format } = run.job.post;
  const { schedule, remove, edit } = platform.publishing;
  const settled = { pending: null, tries: 0, failure: null, needsPerson: false, mayBeLive: false } as const;
  if (run.job.state === "handed_over") {
    if (!schedule || wish.kind === "edit") return undefined;
    if (wish.kind === "move") {
      const at = new Date(wish.scheduledFor);
      const wake = Math.max(0, at.getTime() - run.deps.clock.now().getTime()) + 60_000;
      return {
        kind: "move",
        note: "Asking the platform to show it at another time",
        run: (ctx) => unnamed(schedule.move(ref, at, ctx)),
        done: { ...settled, state: "handed_over", wake, scheduledFor: at },
        message: "The platform shows it at the new time.",
      };
    }
    return {
      kind: "recall",
      note: "Taking it back from the platform",
      run: (ctx) => unnamed(schedule.cancel(ref, ctx)),
      done: { ...settled, state: "canceled", wake: null },
      message: "The platform no longer holds it.",
    };
  }
  switch (wish.kind) {
    case "delete":
    case "remove":
      if (!remove?.formats.includes(format)) return undefined;
      return {
        kind: "remove",
        note: "Taking it down at the platform",
        run: (ctx) =>
          unnamed(remove.run({ ...ref, format, ...(run.drive.state ? { state: run.drive.state } : {}) }, ctx)),
        done: { ...settled, state: "removed", wake: null, removedBy: wish.by },
        message: "It was taken down at the platform.",
      };
    case "edit": {
      if (!edit?.formats.includes(format)) return undefined;
      const { text, options, mentions, hashtags } = wish.post;
      const words = { text, options, ...(mentions && { mentions }), ...(hashtags && { hashtags }) };
      const { mentions: _mentions, hashtags: _hashtags, ...kept } = run.job.post;
      const post: OutgoingPost = { ...kept, ...words };
      const { state } = run.drive;
      return {
        kind: "edit",
        note: "Changing it at the platform",
        run: (ctx) => edit.run({ ...ref, ...(state ? { state } : {}) }, { format, ...words }, ctx),
        // What is said of the rest, or of a touch that failed, stays true.
        done: { pending: null, tries: 0, mayBeLive: false, ...asBefore(run), post, fingerprint: wish.fingerprint },
        message: "It was changed at the platform.",
      };
    }
    case "cancel":
    case "move":
      return undefined;
    default:
      wish satisfies never;
      throw new Error("a wish has no deed");
  }
}

/** What is done leaves the post its name. */
async function unnamed(doing: PlatformResult<void>): PlatformResult<undefined> {
  const done = await doing;
  return done.ok ? ok(undefined) : done;
}

/** The post goes by another name from now on; the old one is kept in the job's history. */
const renamed = (before: PublishedRef, { state, ...published }: EditedPost): Partial<JobChange> => ({
  published,
  ...(published.externalId === before.externalId ? {} : { replaced: before }),
  ...(state ? { connectorState: state } : {}),
});

const granted = (run: Run, wish: Wish, outcome: WishOutcomeKind, message: string) => ({
  wish,
  outcome: { kind: wish.kind, outcome, at: run.deps.clock.now().toISOString(), message },
});

/** The job as it waited before the wish: for its time at the platform, for the parts that are left, or for nothing. */
function asBefore(run: Run): Pick<JobChange, "state" | "heldReason" | "wake"> {
  const { state, heldReason, scheduledFor, wish } = run.job;
  const now = run.deps.clock.now();
  const inMs = (at: Date) => Math.max(0, at.getTime() - now.getTime());
  const held = heldReason ? { heldReason } : {};
  if (state === "handed_over") return { state, wake: inMs(scheduledFor) + 60_000 };
  return { state, ...held, wake: hasRest(run.job) ? inMs(restAt(wish, now)) : null };
}

/** The wish ends; the post is as it was. */
async function end(
  run: Run,
  wish: Wish,
  outcome: WishOutcomeKind,
  message: string,
  answer?: AttemptAnswer,
): Promise<void> {
  // Whoever wanted it down does not want the rest of it sent.
  const stops = takesDown(wish) && run.job.state !== "handed_over" && hasRest(run.job);
  await run.settle(
    {
      ...(stops ? { state: "partly_published", wake: null, needsPerson: true } : asBefore(run)),
      tries: 0,
      pending: null,
      granted: granted(run, wish, outcome, message),
    },
    answer,
  );
}

/** Our own fault on the way: tried again like a platform that does not answer, then told. */
export const wishBroke = (
  run: Run,
  platform: PublishingPlatform,
  wish: Wish,
  failure: PlatformFailure,
): Promise<void> => refused(run, platform, wish, failure);

/**
 * Only the platform's documented words end a wish at once. Everything else may have been done all the same, so it is asked
 * again, and when no answer comes the post itself is looked at.
 */
async function refused(
  run: Run,
  platform: PublishingPlatform,
  wish: Wish,
  failure: PlatformFailure,
  latencyMs?: number,
): Promise<void> {
  const isOpen = leavesOpen(run.drive.sentVisible, failure);
  run.drive.sentVisible = false;
  const isMissing = !isOpen && failure.kind === "content_rejected" && failure.reason === "missing";
  const mayPass =
    isOpen || failure.kind === "unavailable" || failure.kind === "outcome_unknown" || failure.kind === "rate_limited";
  const ended = answerOf(run.drive, failure, isOpen ? "unknown" : "failed", latencyMs);
  const answer = ended && run.attemptAnswer(ended);
  if (isMissing) return missing(run, platform, wish, answer);
  const delayMs = retryDelaysMs[run.drive.tries];
  if (mayPass && delayMs !== undefined) {
    const askedMs = "retryAfterMs" in failure ? (failure.retryAfterMs ?? 0) : 0;
    const wake = Math.max(delayMs, Math.min(askedMs, 15 * 60_000));
    await run.settle({ ...asBefore(run), wake, tries: run.drive.tries + 1, pending: "answered" }, answer);
    return;
  }
  // An earlier try, of this wish or of one it took the place of, left its intent.
  const wasTried = run.drive.tries > 0 || run.job.pending !== undefined;
  if (!wasTried && !isOpen) return end(run, wish, "failed", `The platform refused it: ${failure.message}`, answer);
  // One of the tries may have been done, or may still be: it is looked at when all of them have ended.
  const wake = Math.max(0, run.lease.remainingMs()) + defaultSettleMs;
  await run.settle({ ...asBefore(run), wake, tries: mostTries + 1, pending: "answered" }, answer);
}

/** The platform says that there is no such post. */
async function missing(
  run: Run,
  platform: PublishingPlatform,
  wish: Wish,
  answer: AttemptAnswer | undefined,
): Promise<void> {
  const { published } = run.drive;
  if (mayBeReplaced(platform, wish)) return end(run, wish, "failed", unmoved(wish, false), answer);
  // A planned one may have been shown meanwhile, and a change asked for the post itself only.
  const parts = published && !takesDown(wish) ? partsOf(run, platform, published) : [];
  const isMore = parts === undefined || parts.length > 1;
  if (published && (run.job.state === "handed_over" || isMore))
    return concludeByLook(run, platform, wish, published, answer);
  return allGone(run, wish, answer);
}

async function allGone(run: Run, wish: Wish, answer: AttemptAnswer | undefined): Promise<void> {
  const isDone = takesDown(wish);
  const message = "It was no longer at the platform.";
  const removedBy = isDone ? wish.by : "platform";
  const change = { state: "removed", wake: null, removedBy, pending: null, mayBeLive: false } as const;
  await run.settle({ ...change, granted: granted(run, wish, isDone ? "done" : "failed", message) }, answer);
}

/**
 * No try was answered so that it tells: what is at the platform now says how the wish ended, or nobody can say. A post is
 * removed only when every part of it is surely gone.
 */
async function concludeByLook(
  run: Run,
  platform: PublishingPlatform,
  wish: Wish,
  ref: PublishedRef,
  answer?: AttemptAnswer,
): Promise<void> {
  if (mayBeReplaced(platform, wish)) return end(run, wish, "failed", unmoved(wish, false), answer);
  const { there, gone, unclear } = await whatIsLeft(run, platform, ref);
  const isGone = there.length + unclear.length === 0;
  if (isGone && run.job.state === "handed_over") {
    const done = granted(run, wish, wish.kind === "move" ? "failed" : "done", "The platform no longer holds it.");
    await run.settle({ wake: null, pending: null, mayBeLive: false, state: "canceled", granted: done }, answer);
    return;
  }
  if (isGone) return allGone(run, wish, answer);
  if (gone.length > 0) return endInPart(run, platform, wish, { there, gone, unclear }, answer);
  await end(run, wish, "failed", unmoved(wish, unclear.length === 0), answer);
}

/** Another post may be in its place under a name nobody knows, so a look at this one tells nothing. */
const mayBeReplaced = ({ publishing }: PublishingPlatform, wish: Wish): boolean =>
  publishing.edit?.replaces === true && (wish.kind === "edit" || wish.mayBeEdited === true);

/** What is said where nothing of the post is gone. */
function unmoved(wish: Wish, isThere: boolean): string {
  if (!isThere || wish.kind === "edit" || wish.kind === "move")
    return "The platform did not say whether it was done. Look there.";
  return wish.mayBeEdited
    ? "The platform did not say whether it was changed before, and it was not taken down. Look there."
    : "The platform did not do it.";
}

/** Some parts are surely gone, whoever took them down, and others are not: a person is told which, and goes on from there. */
async function endInPart(
  run: Run,
  platform: PublishingPlatform,
  wish: Wish,
  { there, unclear }: Look,
  answer: AttemptAnswer | undefined,
): Promise<void> {
  const named = (parts: readonly PublishedRef[]) =>
    parts.map(({ permalink, externalId }) => permalink ?? externalId).join(", ");
  const message = [
    "Part of it is gone.",
    ...(there.length > 0 ? [`Still live: ${named(there)}.`] : []),
    ...(unclear.length > 0 ? [`${platform.name} did not say whether these are live: ${named(unclear)}.`] : []),
    `Remove it again, or delete the rest at ${platform.name}.`,
  ].join(" ");
  await run.settle(
    {
      state: "partly_published",
      partsGone: true,
      wake: null,
      needsPerson: true,
      tries: 0,
      pending: null,
      granted: granted(run, wish, "partly", message),
    },
    answer,
  );
}
