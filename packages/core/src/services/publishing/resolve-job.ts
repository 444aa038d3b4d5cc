import type { JobView, PublishJobId, ResolveInput } from "@postd/contracts";
import { causeOf } from "../../domain/desk.ts";
import { canceled, type JobPatch, leftLive, takesDown, toldTooLate, type Wish } from "../../domain/wishes.ts";
import type { JobRecord, LockedJob } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult } from "../../ports/services.ts";
import { type ActDeps, act, conflict, notFound, type Verdict } from "./act-on-job.ts";
import { readNamed } from "./remote.ts";
import { jobView } from "./views.ts";

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
      const acted = await act(caller, id, deps, ({ facts, job }) =>
        decided(caller, input, facts, job, notLive(facts, job)),
      );
      return acted.ok ? { ok: true, value: jobView(acted.job) } : acted;
    }
    case "leave": {
      const acted = await act(caller, id, deps, ({ facts, job }) =>
        decided(caller, input, facts, job, left(facts, job)),
      );
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
    if (isPart(facts)) return decided(caller, input, facts, now, { patch: partIsLive(facts, now.wish) });
    return decided(caller, input, facts, now, {
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
    });
  });
  return acted.ok ? { ok: true, value: jobView(acted.job) } : acted;
}

/** The decision is kept with what it does, whether a reason was given or not. */
function decided(
  caller: Caller,
  { outcome, reason, note }: ResolveInput,
  facts: LockedJob["facts"],
  job: JobRecord,
  verdict: Verdict,
): Verdict {
  if ("refused" in verdict) return verdict;
  const cause = causeOf(job, facts.now);
  return { ...verdict, decision: { jobId: job.id, cause, outcome, by: caller.actorId, reason, note } };
}

/** Taking it down is still done, with the parts that can be found; every other wish came too late. */
function partIsLive(facts: LockedJob["facts"], wish: Wish | undefined): JobPatch {
  const { wish: _none, ...live } = leftLive(facts);
  if (!wish) return live;
  if (takesDown(wish)) return { ...live, wakeAt: facts.now };
  const told = toldTooLate({ ...facts, can: { remove: false, editWords: false } }, wish);
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
