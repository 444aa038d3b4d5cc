import { isDeepStrictEqual } from "node:util";
import type { OutgoingPost } from "@postd/connector-kit";
import { type JobPatch, type Meeting, meet, type Wish, type WishFacts } from "../../domain/wishes.ts";
import type { JobDecision, JobRecord, LockedJob, NewJob } from "../../ports/publishing-store.ts";
import { newJob, type PublishingDeps } from "./accept-post.ts";
import type { PreparedTarget } from "./prepared-target.ts";

interface NewPlan {
  readonly locked: readonly LockedJob[];
  /** The post as it shall be, target by target. */
  readonly targets: readonly PreparedTarget[];
  readonly by: { readonly by: string; readonly at: string };
  readonly now: Date;
  /** When jobs that are made now go out. */
  readonly planned: Date | undefined;
  /** A time that was given with the change; jobs there are move to it. */
  readonly at: Date | undefined;
  /** Only the text may differ for a change of a live post. */
  readonly keepsTime: boolean;
  /** Whether the change is a person's word to send to this account; an edit alone is not. */
  readonly sends: (connectionId: string) => boolean;
  readonly canOf: (job: JobRecord) => WishFacts["can"];
}

/**
 * What a post's new plan means for each job there is, and which jobs it makes. An account has one job of a post at a time:
 * only where the last one was canceled, or there was none, a new one is made, so that no second post goes out.
 */
export function meetTargets(
  plan: NewPlan,
  deps: Pick<PublishingDeps, "newId">,
): { readonly decided: readonly JobDecision[]; readonly jobs: readonly NewJob[] } {
  const going = new Set(
    plan.locked.filter(({ job }) => job.state !== "canceled").map(({ job }) => job.connectionId as string),
  );
  const had = new Set(plan.locked.map(({ job }) => job.connectionId as string));
  const planned = plan.planned && plan.planned > plan.now ? plan.planned : plan.now;
  const jobs = plan.targets
    .filter(({ target: { connectionId: id } }) => !going.has(id) && (plan.sends(id) || !had.has(id)))
    .map((target) => newJob(target, planned, plan.now, deps));
  return { decided: decideJobs(plan), jobs };
}

function decideJobs(plan: NewPlan): readonly JobDecision[] {
  return plan.locked.flatMap((locked) => {
    const { job } = locked;
    if (job.state === "canceled" || job.state === "discarded" || job.state === "removed") return [];
    const target = plan.targets.find((candidate) => candidate.target.connectionId === job.connectionId);
    const facts = { ...locked.facts, can: plan.canOf(job) };
    const meeting = target ? meetEdit(facts, job, target, plan) : meet(facts, { kind: "cancel", ...plan.by });
    return [{ jobId: job.id, meeting }];
  });
}

function meetEdit(facts: WishFacts, job: JobRecord, target: PreparedTarget, plan: NewPlan): Meeting {
  const { by, at } = plan;
  const isSame = isAlike(job.post, target.post);
  const isStopping = facts.wish?.kind === "cancel";
  if (isStopping && !at && !plan.sends(job.connectionId)) return stillStops;
  if (isSame && !at)
    return isStopping ? sentAfterAll(facts) : { change: "unchanged", message: "Nothing of it changed." };
  if (isSame && at) return meet(facts, { kind: "move", ...by, scheduledFor: at.toISOString() });
  const wordsOnly = isWordsOnly(job, target, facts.can.editOptions) && plan.keepsTime;
  const edit: Wish = { kind: "edit", ...by, post: target.post, fingerprint: target.fingerprint, wordsOnly };
  const edited = meet(facts, edit);
  if (!at || edited.change !== "changed" || !edited.patch) return edited;
  // New content and a new time together, before anything was sent.
  const moved = meet(facts, { kind: "move", ...by, scheduledFor: at.toISOString() });
  return { ...edited, patch: { ...edited.patch, ...moved.patch } };
}

const stillStops: Meeting = {
  change: "waiting",
  message: "It is being canceled; an edit does not send it. Use mode publish where it is to go out after all.",
};

/** The word to stop it, which waits for a look, is taken back; it goes on as it was. */
function sentAfterAll(facts: WishFacts): Meeting {
  if (!facts.mayBeLive)
    return { change: "waiting", message: "It is being taken back from the platform. Send it again once it is." };
  const patch: JobPatch = {
    wish: null,
    wishOutcome: {
      kind: "cancel",
      outcome: "withdrawn",
      at: facts.now.toISOString(),
      message: "It is sent after all.",
    },
    raiseFence: false,
  };
  return { change: "changed", message: "It is sent after all, unless it is live already.", patch };
}

/** Only what stands in the text differs, and options that may be changed on a live post. */
function isWordsOnly(job: JobRecord, { post }: PreparedTarget, options: readonly string[] = []): boolean {
  const rest = ({ mentions: _mentions, hashtags: _hashtags, ...kept }: OutgoingPost): OutgoingPost => ({
    ...kept,
    text: "",
    options: Object.fromEntries(Object.entries(kept.options).filter(([name]) => !options.includes(name))),
  });
  return isAlike(rest(job.post), rest(post));
}

/** Equal as they are stored, whatever the order of their fields. */
const isAlike = (a: OutgoingPost, b: OutgoingPost): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
