import type { JobState, JobView, PublishJobId, ResolveInput, RetryInput, ServiceError } from "@postd/contracts";
import {
  canceled,
  isTakingDown,
  type JobPatch,
  leftLive,
  type Meeting,
  meet,
  takesDown,
  toldTooLate,
  type Wish,
} from "../../domain/wishes.ts";
import type { JobRecord, LockedJob } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult, Wished } from "../../ports/services.ts";
import { type PublishingDeps, plannedFor } from "./accept-post.ts";
import { abilities, type RemoteDeps, readNamed } from "./remote.ts";
import { jobView } from "./views.ts";

export type ActDeps = PublishingDeps & { readonly remote: RemoteDeps };

export const notFound = (what: string, id: string): { readonly ok: false; readonly error: ServiceError } => ({
  ok: false,
  error: { code: "not_found", detail: `There is no ${what} ${id}.` },
});

const conflict = (detail: string, next: string): { readonly ok: false; readonly error: ServiceError } => ({
  ok: false,
  error: { code: "state_conflict", detail, next },
});

/** What a person's word may do with the job as it is under its lock: a patch, or the reason why not. */
type Verdict = { readonly patch: JobPatch } | { readonly refused: ReturnType<typeof conflict> };

/** Decides on the locked row and writes in the same transaction; nothing can come between the look and the write. */
async function act(
  caller: Caller,
  id: PublishJobId,
  deps: ActDeps,
  verdictOf: (locked: LockedJob) => Verdict,
): Promise<{ readonly ok: true; readonly job: JobRecord } | ReturnType<typeof conflict>> {
  let refused: ReturnType<typeof conflict> | undefined;
  const job = await deps.store.forTenant(caller.tenantId).act({
    jobId: id,
    decide: (locked) => {
      const verdict = verdictOf(locked);
      if ("patch" in verdict) return { patch: verdict.patch };
      refused = verdict.refused;
      return {};
    },
  });
  if (job === undefined) return notFound("job", id);
  if (job === "taken")
    return conflict("That post belongs to another job of POSTD.", "Name the post this job made, or leave it.");
  return refused ?? { ok: true, job };
}

/** The wish as the API's answer: done at once, or kept. */
const wished = (job: JobRecord): Wished<JobView> => ({ view: jobView(job), waits: job.wish !== undefined });

const wishBy = (caller: Caller, deps: Pick<PublishingDeps, "clock">) => ({
  by: caller.actorId,
  at: deps.clock.now().toISOString(),
});

async function ask(caller: Caller, id: PublishJobId, wish: Wish, deps: ActDeps): ServiceResult<Wished<JobView>> {
  const found = await deps.store.forTenant(caller.tenantId).job(id);
  if (!found) return notFound("job", id);
  const [target] = await deps.store.forTenant(caller.tenantId).targets([found.job.connectionId]);
  const can = abilities(found.job, target?.account, deps.registry);
  const acted = await act(caller, id, deps, ({ facts }) => verdictOf(meet({ ...facts, can }, wish)));
  return acted.ok ? { ok: true, value: wished(acted.job) } : acted;
}

const verdictOf = ({ patch, message }: Meeting): Verdict =>
  patch ? { patch } : { refused: conflict(message, "See the job for where it stands.") };

/** Cancels at once where surely nothing is live; else the wish is kept and POSTD looks first. */
export const cancelJob = (caller: Caller, id: PublishJobId, deps: ActDeps): ServiceResult<Wished<JobView>> =>
  ask(caller, id, { kind: "cancel", ...wishBy(caller, deps) }, deps);

/** Takes a live post down at the platform. */
export const removeJob = (caller: Caller, id: PublishJobId, deps: ActDeps): ServiceResult<Wished<JobView>> =>
  ask(caller, id, { kind: "remove", ...wishBy(caller, deps) }, deps);

/**
 * Sends a failed, held or waiting job again, now or at a time, and withdraws what was wished before. Never one in doubt: that
 * must be resolved first.
 */
export async function retryJob(
  caller: Caller,
  id: PublishJobId,
  input: RetryInput,
  deps: ActDeps,
): ServiceResult<Wished<JobView>> {
  const planned = plannedFor(input.at, deps.clock.now());
  if (!planned.ok) return planned;
  const at = input.at ? planned.value : undefined;
  const store = deps.store.forTenant(caller.tenantId);
  const found = await store.job(id);
  if (!found) return notFound("job", id);
  if (!(await store.post(found.job.postId)))
    return conflict("Its post is deleted, so nothing of it is sent any more.", "Write a new post.");
  const acted = await act(caller, id, deps, ({ facts, job }) => {
    if (facts.state === "handed_over" && at) {
      const move: Wish = { kind: "move", ...wishBy(caller, deps), scheduledFor: at.toISOString() };
      const moving = meet({ ...facts, can: { remove: false, editText: false } }, move);
      return verdictOf(moving.patch ? { ...moving, patch: { ...moving.patch, ...keepsPost(job) } } : moving);
    }
    return retried(facts, job, at);
  });
  return acted.ok ? { ok: true, value: wished(acted.job) } : acted;
}

/** What is sent after all takes a deletion of its post back. */
const keepsPost = (job: JobRecord): Pick<JobPatch, "keepsPost"> =>
  job.wish?.kind === "delete" ? { keepsPost: true } : {};

const retryable: readonly JobState[] = ["failed", "held", "retrying", "scheduled", "partly_published"];

/** The patch that sends a job again. */
export function retried(facts: LockedJob["facts"], job: JobRecord, at?: Date): Verdict {
  const withdrawn: Pick<JobPatch, "wish" | "wishOutcome" | "keepsPost"> = job.wish
    ? {
        ...keepsPost(job),
        wish: null,
        wishOutcome: {
          kind: job.wish.kind,
          outcome: "withdrawn",
          at: facts.now.toISOString(),
          message: "It is sent after all.",
        },
      }
    : {};
  if (isTakingDown(facts))
    return { refused: conflict("It is being taken down at the platform.", "See the job for where it stands.") };
  if (facts.mayBeLive) {
    const repeats = facts.state === "retrying" && job.visible?.repeatable === true;
    // POSTD is at it by itself; all that is left to do is to take back what was wished.
    if (job.wish || repeats) return { patch: { ...withdrawn, raiseFence: false } };
    return {
      refused: conflict(
        "This post may already be live, so it is not sent again blindly.",
        "Resolve it: say whether it is live.",
      ),
    };
  }
  if (!retryable.includes(facts.state))
    return {
      refused: conflict(
        `A job that is ${facts.state} cannot be sent again.`,
        `It can be when it is ${retryable.join(", ")}.`,
      ),
    };
  // What a platform was to show and did not is begun anew by our clock; all else goes on where it stopped.
  const isGone = facts.externalPostId !== undefined && facts.state === "failed";
  const wakeAt = at && at > facts.now ? at : facts.now;
  const isFirst = facts.firstClaimedAt === undefined && !isGone;
  return {
    patch: {
      ...withdrawn,
      state: isFirst ? "scheduled" : "retrying",
      heldReason: null,
      wakeAt,
      tries: 0,
      failure: null,
      needsPerson: false,
      releasedAt: facts.now,
      inFlight: false,
      raiseFence: true,
      ...(at ? { scheduledFor: at } : {}),
      ...(at && facts.nativeSchedule ? { forgetSteps: true } : {}),
      ...(isGone ? { forgetSteps: true, forgetPost: true, forgetProbe: true, holdsClock: true } : {}),
    },
  };
}

/** A person settles what cannot be known. */
export async function resolveJob(
  caller: Caller,
  id: PublishJobId,
  input: ResolveInput,
  deps: ActDeps,
): ServiceResult<JobView> {
  const found = await deps.store.forTenant(caller.tenantId).job(id);
  if (!found) return notFound("job", id);
  switch (input.outcome) {
    case "live":
      return resolveLive(caller, found.job, input, deps);
    case "not_live": {
      const acted = await act(caller, id, deps, ({ facts, job }) => notLive(facts, job));
      return acted.ok ? { ok: true, value: jobView(acted.job) } : acted;
    }
    case "leave": {
      const acted = await act(caller, id, deps, ({ facts, job }) => left(facts, job));
      return acted.ok ? { ok: true, value: jobView(acted.job) } : acted;
    }
    default:
      input satisfies never;
      throw new Error("an outcome has no action");
  }
}

async function resolveLive(
  caller: Caller,
  job: JobRecord,
  input: Extract<ResolveInput, { outcome: "live" }>,
  deps: ActDeps,
): ServiceResult<JobView> {
  // Of a post the platform itself was to show, we know the id.
  const externalId = input.externalPostId ?? job.externalPostId;
  if (!externalId && !input.permalink)
    return {
      ok: false,
      error: {
        code: "invalid_input",
        field: "externalPostId",
        detail: "Which post is it?",
        next: "Give externalPostId or permalink of the live post.",
      },
    };
  const read = await readNamed(
    caller.tenantId,
    job,
    { ...(externalId ? { externalId } : {}), ...(input.permalink ? { permalink: input.permalink } : {}) },
    deps.remote,
  );
  if (!read.ok) return read;
  if (read.value.kind === "not_there")
    return {
      ok: false,
      error: {
        code: "invalid_input",
        field: input.externalPostId ? "externalPostId" : "permalink",
        detail: `${read.value.platform.name} shows no such post on this account.`,
        next: "Open the post at the platform and copy its address, or say that it is not live.",
      },
    };
  const ref =
    read.value.kind === "there"
      ? read.value.ref
      : { externalId: externalId ?? input.permalink ?? "", ...(input.permalink ? { permalink: input.permalink } : {}) };
  const acted = await act(caller, job.id, deps, ({ facts, job: now }) => {
    const early = tooEarly(facts, now);
    if (early) return early;
    // Its first part has its name already; of the part in doubt nobody gives POSTD one.
    if (isPart(facts)) return { patch: partIsLive(facts, now.wish) };
    return {
      patch: {
        state: "published",
        mayBeLive: false,
        externalPostId: ref.externalId,
        ...(ref.permalink ? { permalink: ref.permalink } : {}),
        publishedAt: facts.now,
        // What was wished meanwhile is done, or told to be too late, by the next claim.
        wakeAt: now.wish ? facts.now : null,
        failure: null,
        heldReason: null,
        needsPerson: false,
        inFlight: false,
        raiseFence: true,
      },
    };
  });
  return acted.ok ? { ok: true, value: jobView(acted.job) } : acted;
}

/** Taking it down is still done, with the parts that can be found; every other wish came too late. */
function partIsLive(facts: LockedJob["facts"], wish: Wish | undefined): JobPatch {
  const { wish: _none, ...live } = leftLive(facts);
  if (!wish) return live;
  if (takesDown(wish)) return { ...live, wakeAt: facts.now };
  const told = toldTooLate({ ...facts, can: { remove: false, editText: false } }, wish);
  return { ...live, ...told, ...(wish.kind === "delete" ? { keepsPost: true } : {}) };
}

/** It is not live: what was wished is done without sending, or else it is sent. */
function notLive(facts: LockedJob["facts"], job: JobRecord): Verdict {
  const early = tooEarly(facts, job);
  if (early) return early;
  const settled: JobPatch = { mayBeLive: false, needsPerson: false, failure: null, inFlight: false, raiseFence: true };
  // Whoever left it does not want it any more; that it is not live is all that is new.
  if (facts.state === "discarded") return { patch: settled };
  const again: JobPatch = { ...settled, state: "retrying", heldReason: null, wakeAt: facts.now, tries: 0 };
  // Said of the part that was in doubt: it is sent, or what was wished is done with the parts that are live.
  if (isPart(facts)) return { patch: { ...again, releasedAt: facts.now } };
  const stops = job.wish?.kind === "cancel" || job.wish?.kind === "delete" || job.wish?.kind === "remove";
  if (job.wish && stops) {
    const message = "You said that it is not live; it is canceled.";
    const outcome = { kind: job.wish.kind, outcome: "done", at: facts.now.toISOString(), message } as const;
    return { patch: { ...settled, ...canceled, mayBeLive: false, wishOutcome: outcome } };
  }
  const isNative = facts.externalPostId !== undefined;
  return {
    patch: {
      ...again,
      releasedAt: facts.now,
      // The platform was to show it and did not: its steps are done for nothing and are run anew, by our clock.
      ...(isNative ? { forgetSteps: true, forgetPost: true, forgetProbe: true, holdsClock: true } : {}),
    },
  };
}

/** The first part of it is live and named; what is in doubt is another one. */
const isPart = ({ externalPostId, nativeSchedule }: LockedJob["facts"]): boolean =>
  externalPostId !== undefined && !nativeSchedule;

/** Left as it is. What may be live stays so, and says so. */
function left(facts: LockedJob["facts"], job: JobRecord): Verdict {
  const early = facts.mayBeLive ? tooEarly(facts, job) : undefined;
  if (early) return early;
  if (facts.state === "partly_published") return { patch: leftLive(facts) };
  if (!facts.mayBeLive && facts.state !== "unknown" && facts.state !== "failed")
    return {
      refused: conflict(`A job that is ${facts.state} cannot be left.`, "It can be when it is failed or unknown."),
    };
  return {
    patch: {
      state: "discarded",
      heldReason: null,
      wakeAt: null,
      wish: null,
      needsPerson: false,
      inFlight: false,
      raiseFence: true,
    },
  };
}

/** Only what is in doubt can be settled by a person, and not while the call itself may still arrive. */
function tooEarly(facts: LockedJob["facts"], job: JobRecord): Verdict | undefined {
  if (!facts.mayBeLive)
    return {
      refused: conflict(
        `A job that is ${facts.state} is not in doubt.`,
        "Resolve a job when it may be live and nobody knows.",
      ),
    };
  const endsAt = job.visible ? job.visible.endsBy.getTime() + job.visible.settleMs : 0;
  if (facts.state === "publishing" || endsAt > facts.now.getTime()) {
    const until = new Date(Math.max(endsAt, facts.now.getTime() + 1_000)).toISOString();
    return {
      refused: conflict(
        "It was sent a moment ago and may still arrive, so nobody can know yet.",
        `POSTD looks by itself; ask again after ${until}.`,
      ),
    };
  }
  return undefined;
}
