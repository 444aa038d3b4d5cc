import type { PlatformFailure, ProbeAnswer, ProbeCandidate, Step } from "@postd/connector-kit";
import { storableRemark } from "@postd/connector-kit";
import { fail, type JsonObject, type Result } from "@postd/contracts";
import { chooseAdoption } from "../../domain/adopt.ts";
import type { ProbeRecord, VisibleIntent } from "../../ports/ledger.ts";
import type { FoundFormat } from "./find-format.ts";
import { publishSteps } from "./publish-steps.ts";
import type { Run } from "./run.ts";

/** When to look again after looks 1, 2, 3; after the fourth a person is asked. */
const lookAgainMs = [10_000, 30_000, 120_000] as const;
/** Wishes bring looks forward; nobody is asked before a list had its time. */
const patienceMs = 160_000;
/** While the platform cannot be asked, looks are not counted. */
const unreachableMs = 60_000;

/**
 * Looks whether the lost call had effect, and goes on from what is certain. Never sends before it knows. A wish on the
 * job is done by the next claim, once nothing is in doubt.
 */
export async function probeJob(run: Run, found: FoundFormat): Promise<void> {
  const { visible } = run.job;
  const step = visible && found.format.steps.find((candidate) => candidate.name === visible.step);
  if (!visible || !step?.probe) return ask(run, run.saw("ask", "POSTD has no way to look this post up."));
  const answer = await look(run, found, step, visible);
  if (!answer.ok) return cannotLook(run, answer.error, step.name);
  await follow(run, found, visible, answer.value);
}

/** One look, with a renewed token where the platform says that this one has ended. */
async function look(
  run: Run,
  found: FoundFormat,
  step: Step<JsonObject>,
  visible: VisibleIntent,
): Promise<Result<ProbeAnswer<JsonObject>, PlatformFailure>> {
  if (!step.probe) throw new Error("a step without a probe was to be looked up");
  let newerThan: number | undefined;
  for (;;) {
    const opened = await run.open(newerThan);
    if ("failure" in opened) return fail(opened.failure);
    const answer = await step.probe(
      { post: run.job.post, state: run.steps ?? {}, prepared: visible.prepared, intentAt: visible.intentAt },
      run.context(found.connector, opened.connection, { ...step, effect: "none", repeatable: true }),
    );
    if (answer.ok || answer.error.kind !== "auth_expired" || newerThan !== undefined) return answer;
    newerThan = opened.connection.credentialVersion;
  }
}

async function follow(
  run: Run,
  found: FoundFormat,
  visible: VisibleIntent,
  answer: ProbeAnswer<JsonObject>,
): Promise<void> {
  switch (answer.kind) {
    case "absent_authoritative":
      return absent(run, visible, answer.because);
    case "not_seen":
      return lookLater(run, run.saw("not_seen", storableRemark(answer.looked, 300)));
    case "found":
      return adopt(run, found, visible, answer.candidates);
    default:
      answer satisfies never;
      throw new Error("a probe answer has no way on");
  }
}

/** Surely not live: what a person asked meanwhile, or the plan, goes on with the next claim. */
async function absent(run: Run, visible: VisibleIntent, because: string): Promise<void> {
  const { deps, job } = run;
  deps.log.info({ ...run.key, step: visible.step }, "probe: surely not live");
  const probe = run.saw("absent", storableRemark(because, 300));
  const settled = { pending: "answered", mayBeLive: false, probe, needsPerson: false } as const;
  const waitedMs = deps.clock.now().getTime() - visible.intentAt.getTime();
  // Its time passed long ago while nobody looked: a person decides whether it still goes out.
  const isMissed = waitedMs > deps.settings.lateAfterMs && !job.wish && !run.published;
  if (isMissed) await run.settle({ ...settled, state: "held", heldReason: "missed", wake: null });
  else await run.settle({ ...settled, state: "retrying", wake: 0, tries: run.tries, failure: null });
}

async function adopt(
  run: Run,
  found: FoundFormat,
  visible: VisibleIntent,
  candidates: readonly ProbeCandidate<JsonObject>[],
): Promise<void> {
  const { owned, hasRival } = await run.deps.ledger.owners({
    ...run.key,
    externalIds: candidates.map((candidate) => candidate.externalId),
  });
  const callEndedBy = new Date(visible.endsBy.getTime() + visible.settleMs);
  const choice = chooseAdoption({
    candidates,
    ownedElsewhere: owned,
    hasRival,
    intentAt: visible.intentAt,
    callEndedBy,
  });
  const seen = (detail: string, shown: readonly ProbeCandidate<JsonObject>[]) =>
    run.saw("not_seen", detail, shown.slice(0, 5).map(candidateView));
  if ("none" in choice) return lookLater(run, seen("Posts were found, but none of them can be this one.", candidates));
  if ("doubt" in choice) {
    const detail =
      choice.doubt.length > 1
        ? "More than one post looks like this one."
        : "One post looks like this one, but somebody else may have made it.";
    return lookLater(run, seen(detail, choice.doubt));
  }
  const { externalId, permalink, state } = choice.adopt;
  run.steps = state;
  run.published ??= { externalId, ...(permalink ? { permalink } : {}) };
  run.pending = undefined;
  const written = await run.settle({
    state: "publishing",
    wake: "lease",
    pending: null,
    mayBeLive: false,
    connectorState: state,
    published: run.published,
    tries: 0,
    failure: null,
    needsPerson: false,
    probe: run.saw("found", `Found ${externalId} on the platform and linked it.`, [candidateView(choice.adopt)]),
  });
  if (written !== "written") return;
  run.mayBeLive = false;
  run.tries = 0;
  await publishSteps(run, found);
}

/** A look that broke on our side counts as one that saw nothing: it is made again, and in the end a person is asked. */
export async function lookBroke(run: Run, failure: JsonObject): Promise<void> {
  await lookLater(run, run.saw("not_seen", "POSTD itself failed at this look."), failure);
}

async function lookLater(run: Run, record: ProbeRecord, failure?: JsonObject): Promise<void> {
  const lookedForMs = run.deps.clock.now().getTime() - new Date(record.since).getTime();
  const nextMs = lookAgainMs[record.looks - 1] ?? (lookedForMs < patienceMs ? lookAgainMs[1] : undefined);
  if (nextMs === undefined) return ask(run, record, failure);
  const nextAt = new Date(run.deps.clock.now().getTime() + nextMs).toISOString();
  const change = { state: run.doubtState(), wake: nextMs, probe: { ...record, nextAt } };
  await run.settle({ ...change, ...(failure ? { failure } : {}) });
}

async function ask(run: Run, record: ProbeRecord, failure?: JsonObject): Promise<void> {
  await run.settle({
    state: run.doubtState() === "processing" ? "partly_published" : "unknown",
    wake: null,
    needsPerson: true,
    probe: record,
    ...(failure ? { failure } : {}),
  });
}

/**
 * Trouble with the line is waited for, without counting. Trouble with the sign-in ends all looking until somebody signs
 * in again, so a person is asked now; signing in again makes POSTD look once more.
 */
async function cannotLook(run: Run, failure: PlatformFailure, step: string): Promise<void> {
  const stored = run.stored(failure, step);
  const before = run.job.probe;
  const endsLooks =
    failure.kind === "auth_expired" ||
    failure.kind === "auth_revoked" ||
    failure.kind === "scope_missing" ||
    failure.kind === "account_blocked";
  if (endsLooks) {
    if (run.connection)
      await run.deps.access.markBroken({
        ...run.key,
        connectionId: run.job.connectionId,
        credentialVersion: run.connection.credentialVersion,
        failure,
      });
    return ask(run, run.saw("ask", "The account cannot be asked whether it shows the post."), stored);
  }
  const waitMs = "retryAfterMs" in failure ? Math.max(unreachableMs, failure.retryAfterMs ?? 0) : unreachableMs;
  const record: ProbeRecord = {
    since: before?.since ?? run.deps.clock.now().toISOString(),
    looks: before?.looks ?? 0,
    saw: before?.saw ?? [],
  };
  await run.settle({ state: run.doubtState(), wake: Math.min(waitMs, 60 * 60_000), failure: stored, probe: record });
}

function candidateView(candidate: ProbeCandidate<JsonObject>): JsonObject {
  return {
    externalId: storableRemark(candidate.externalId, 500),
    ...(candidate.permalink ? { permalink: storableRemark(candidate.permalink, 1_000) } : {}),
    ...(candidate.createdAt ? { createdAt: candidate.createdAt.toISOString() } : {}),
    ...(candidate.preview ? { preview: storableRemark(candidate.preview, 200) } : {}),
  };
}
