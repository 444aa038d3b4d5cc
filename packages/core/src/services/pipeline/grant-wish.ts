import type {
  Connector,
  ConnectorContext,
  OutgoingPost,
  PlatformFailure,
  PlatformResult,
  PublishedRef,
} from "@postd/connector-kit";
import { fail, type WishOutcomeKind } from "@postd/contracts";
import { retryDelaysMs } from "../../domain/decide.ts";
import type { Wish } from "../../domain/wishes.ts";
import type { AttemptAnswer, IntentRecord, JobChange } from "../../ports/ledger.ts";
import type { Run } from "./run.ts";

/** What a wish does at the platform. */
interface Deed {
  readonly kind: Exclude<IntentRecord["kind"], "call" | "native">;
  readonly note: string;
  run(ctx: ConnectorContext): PlatformResult<void>;
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
export async function grantWish(run: Run, connector: Connector): Promise<void> {
  const { wish } = run.job;
  const ref = run.published;
  if (!wish || !ref) throw new Error("a job without wish or post was to be changed at the platform");
  const deed = deedOf(run, connector, wish, ref);
  if (!deed) return end(run, wish, "failed", `${connector.name} lets no app do this. Do it there.`);
  const step = { name: deed.kind, effect: "visible", repeatable: true } as const;
  const opened = await run.open();
  if ("failure" in opened) return refused(run, wish, opened.failure);
  const intended = await run.intend(step, { kind: deed.kind, prepared: null, note: deed.note });
  if (intended !== "written") return;
  const startedAt = performance.now();
  let result = await deed.run(run.context(connector, opened.connection, step));
  if (!result.ok && result.error.kind === "auth_expired") {
    const again = await run.open(opened.connection.credentialVersion);
    result = "failure" in again ? fail(again.failure) : await deed.run(run.context(connector, again.connection, step));
  }
  run.sentVisible = false;
  const latencyMs = Math.round(performance.now() - startedAt);
  if (!result.ok) return refused(run, wish, result.error, latencyMs);
  const attemptId = run.pending?.attemptId;
  const answer: AttemptAnswer | undefined = attemptId ? { attemptId, outcome: "ok", latencyMs } : undefined;
  await run.settle({ ...deed.done, granted: granted(run, wish, "done", deed.message) }, answer);
}

function deedOf(run: Run, connector: Connector, wish: Wish, ref: PublishedRef): Deed | undefined {
  const { format } = run.job.post;
  const { schedule, remove, edit } = connector;
  const settled = { pending: null, failure: null, needsPerson: false, mayBeLive: false } as const;
  if (run.job.state === "handed_over") {
    if (!schedule || wish.kind === "edit") return undefined;
    if (wish.kind === "move") {
      const at = new Date(wish.scheduledFor);
      const wake = Math.max(0, at.getTime() - run.deps.clock.now().getTime()) + 60_000;
      return {
        kind: "move",
        note: "Asking the platform to show it at another time",
        run: (ctx) => schedule.move(ref, at, ctx),
        done: { ...settled, state: "handed_over", wake, scheduledFor: at },
        message: "The platform shows it at the new time.",
      };
    }
    return {
      kind: "recall",
      note: "Taking it back from the platform",
      run: (ctx) => schedule.cancel(ref, ctx),
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
        run: (ctx) => remove.run({ ...ref, format, ...(run.steps ? { state: run.steps } : {}) }, ctx),
        done: { ...settled, state: "removed", wake: null, removedBy: wish.by },
        message: "It was taken down at the platform.",
      };
    case "edit": {
      if (!edit?.formats.includes(format)) return undefined;
      const content: OutgoingPost = { ...run.job.post, text: wish.content.text };
      return {
        kind: "edit",
        note: "Changing its text at the platform",
        run: (ctx) => edit.run(ref, { text: content.text, format }, ctx),
        done: { ...settled, state: run.job.state, wake: null, content, fingerprint: wish.fingerprint },
        message: "Its text was changed at the platform.",
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

const granted = (run: Run, wish: Wish, outcome: WishOutcomeKind, message: string) => ({
  wish,
  outcome: { kind: wish.kind, outcome, at: run.deps.clock.now().toISOString(), message },
});

/** The wish ends; the post is as it was. */
async function end(
  run: Run,
  wish: Wish,
  outcome: WishOutcomeKind,
  message: string,
  answer?: AttemptAnswer,
): Promise<void> {
  const { state } = run.job;
  const wake =
    state === "handed_over"
      ? Math.max(0, run.job.scheduledFor.getTime() - run.deps.clock.now().getTime()) + 60_000
      : null;
  await run.settle(
    { state, wake, tries: 0, pending: "answered", granted: granted(run, wish, outcome, message) },
    answer,
  );
}

/** Our own fault on the way: tried again like a platform that does not answer, then told. */
export const wishBroke = (run: Run, wish: Wish, failure: PlatformFailure): Promise<void> => refused(run, wish, failure);

async function refused(run: Run, wish: Wish, failure: PlatformFailure, latencyMs?: number): Promise<void> {
  const isGone = failure.kind === "content_rejected" && failure.reason === "missing";
  if (isGone && (wish.kind === "remove" || wish.kind === "delete") && run.job.state !== "handed_over") {
    const message = "It was no longer at the platform.";
    const change = { state: "removed", wake: null, removedBy: wish.by, pending: null, mayBeLive: false } as const;
    await run.settle(
      { ...change, granted: granted(run, wish, "done", message) },
      run.answerOf(failure, "failed", latencyMs),
    );
    return;
  }
  const isPassing =
    failure.kind === "unavailable" ||
    failure.kind === "outcome_unknown" ||
    failure.kind === "rate_limited" ||
    (failure.kind === "unexpected_response" && (failure.status < 400 || failure.status >= 500));
  const delayMs = retryDelaysMs[run.tries];
  const answer = run.answerOf(failure, isPassing ? "unknown" : "failed", latencyMs);
  if (isPassing && delayMs !== undefined && run.tries < mostTries) {
    const askedMs = "retryAfterMs" in failure ? (failure.retryAfterMs ?? 0) : 0;
    const wake = Math.max(delayMs, Math.min(askedMs, 15 * 60_000));
    await run.settle({ state: run.job.state, wake, tries: run.tries + 1, pending: "answered" }, answer);
    return;
  }
  await end(run, wish, "failed", `The platform refused it: ${failure.message}`, answer);
}
