import { fail, type JsonObject, type Result } from "@postd/contracts";
import type { PlatformFailure } from "../failure.ts";
import type { ProbeAnswer, ProbeCandidate, Step } from "../publish.ts";
import { storableRemark } from "../text.ts";
import { chooseAdoption } from "./adopt.ts";
import { isSaid, retryDelaysMs } from "./decide.ts";
import {
  type Drive,
  defaultTimeoutMs,
  doubtState,
  type ProbeRecord,
  saw,
  type Trouble,
  troubleOf,
  type VisibleIntent,
  type Way,
} from "./drive.ts";
import { leftUnsent } from "./left-unsent.ts";
import { runSteps } from "./run-steps.ts";
import { bringUpToDate, loadSealed } from "./step-state.ts";

/** When to look again after looks 1, 2, 3; after the fourth a person is asked. */
const lookAgainMs = [10_000, 30_000, 120_000] as const;
/** Wishes bring looks forward; nobody is asked before a list had its time. */
const patienceMs = 160_000;
/** While the platform cannot be asked, looks are not counted. */
const unreachableMs = 60_000;

/**
 * Looks whether the lost call had effect, and goes on from what is certain. Never sends before it knows. A wish on the
 * job is done by the next claim, once nothing is in doubt. Answers as `runSteps` does.
 */
export async function lookUp(drive: Drive, way: Way): Promise<boolean> {
  const { visible } = drive;
  bringUpToDate(drive, way.format);
  const step = visible && way.format.steps.find((candidate) => candidate.name === visible.step);
  if (!visible || !step?.probe) return ask(drive, saw(drive, "ask", "POSTD has no way to look this post up."));
  const answer = await look(drive, step, visible);
  if (!answer.ok) return cannotLook(drive, answer.error, step.name);
  return follow(drive, way, visible, answer.value);
}

/** One look, with a renewed token where the platform says that this one has ended. */
async function look(
  drive: Drive,
  step: Step<JsonObject>,
  visible: VisibleIntent,
): Promise<Result<ProbeAnswer<JsonObject>, PlatformFailure>> {
  if (!step.probe) throw new Error("a step without a probe was to be looked up");
  const { port, post } = drive;
  const opened = await port.account();
  if (!opened.ok) return opened;
  const sealed = await loadSealed(drive);
  const { prepared, intentAt } = visible;
  const input = { post, state: drive.state ?? {}, prepared, intentAt, ...(sealed ? { sealed } : {}) };
  for (let renewed = false; ; renewed = true) {
    const answer = await step.probe(input, port.context({ ...step, effect: "none", repeatable: true }));
    if (answer.ok || answer.error.kind !== "auth_expired" || renewed) return answer;
    const trouble = await port.renew();
    if (trouble) return fail(trouble);
  }
}

async function follow(
  drive: Drive,
  way: Way,
  visible: VisibleIntent,
  answer: ProbeAnswer<JsonObject>,
): Promise<boolean> {
  switch (answer.kind) {
    case "absent_authoritative":
      return absent(drive, visible, answer.because);
    case "not_seen":
      return lookLater(drive, saw(drive, "not_seen", storableRemark(answer.looked, 300)));
    case "repeat_until":
      return repeatSoon(drive, way, visible, answer);
    case "found":
      return adopt(drive, way, visible, answer.candidates);
    default:
      answer satisfies never;
      throw new Error("a probe answer has no way on");
  }
}

async function absent(drive: Drive, visible: VisibleIntent, because: string): Promise<false> {
  drive.port.sawAbsent(visible.step);
  return leftUnsent(drive, saw(drive, "absent", storableRemark(because, 300)));
}

/**
 * The next claim makes the call again, if a wish, a pause or the account does not stand in the way; then it is only looked
 * at. So one that was offered and not taken is not offered again at once. A repeat counts as a try and ends with the window.
 */
async function repeatSoon(
  drive: Drive,
  { format }: Way,
  visible: VisibleIntent,
  { until, looked }: Extract<ProbeAnswer<JsonObject>, { kind: "repeat_until" }>,
): Promise<false> {
  const { port, tries, probe } = drive;
  const record = saw(drive, "not_seen", storableRemark(looked, 300));
  const timeoutMs = format.steps.find(({ name }) => name === visible.step)?.timeoutMs ?? defaultTimeoutMs;
  const repeatBy = new Date(until.getTime() - timeoutMs);
  const waitMs = retryDelaysMs[tries];
  const isOffered = probe?.repeatBy !== undefined;
  // What another job may have made would be named as well.
  const { hasRival } = await port.owners([]);
  if (hasRival) return lookLater(drive, record);
  if (waitMs === undefined || isOffered || drive.isWished || port.now().getTime() + waitMs >= repeatBy.getTime())
    return lookLater(drive, record);
  await port.commit({
    state: drive.published ? doubtState(drive) : "retrying",
    wake: waitMs,
    tries: tries + 1,
    probe: { ...record, repeatBy: repeatBy.toISOString() },
  });
  return false;
}

async function adopt(
  drive: Drive,
  way: Way,
  visible: VisibleIntent,
  candidates: readonly ProbeCandidate<JsonObject>[],
): Promise<boolean> {
  const { port } = drive;
  const { owned, hasRival } = await port.owners(candidates.map((candidate) => candidate.externalId));
  const choice = chooseAdoption({
    candidates,
    ownedElsewhere: owned,
    hasRival,
    intentAt: visible.intentAt,
    callEndedBy: new Date(visible.endsBy.getTime() + visible.settleMs),
  });
  const seen = (detail: string, shown: readonly ProbeCandidate<JsonObject>[]) =>
    saw(drive, "not_seen", detail, shown.slice(0, 5).map(candidateView));
  if ("none" in choice)
    return lookLater(drive, seen("Posts were found, but none of them can be this one.", candidates));
  if ("doubt" in choice) {
    const detail =
      choice.doubt.length > 1
        ? "More than one post looks like this one."
        : "One post looks like this one, but somebody else may have made it.";
    return lookLater(drive, seen(detail, choice.doubt));
  }
  const { externalId, permalink, state } = choice.adopt;
  drive.state = state;
  drive.published ??= { externalId, ...(permalink ? { permalink } : {}) };
  drive.pending = undefined;
  const written = await port.commit({
    state: "publishing",
    wake: "lease",
    pending: null,
    mayBeLive: false,
    connectorState: state,
    published: drive.published,
    tries: 0,
    failure: null,
    needsPerson: false,
    probe: saw(drive, "found", `Found ${externalId} on the platform and linked it.`, [candidateView(choice.adopt)]),
  });
  if (written !== "written") return false;
  drive.mayBeLive = false;
  drive.tries = 0;
  return runSteps(drive, way);
}

/** A look that broke on our side counts as one that saw nothing: it is made again, and in the end a person is asked. */
export async function lookBroke(drive: Drive, failure: PlatformFailure): Promise<void> {
  const trouble = troubleOf(drive, failure, "look");
  await lookLater(drive, saw(drive, "not_seen", "POSTD itself failed at this look."), trouble);
}

async function lookLater(drive: Drive, record: ProbeRecord, failure?: Trouble): Promise<false> {
  const now = drive.port.now().getTime();
  const lookedForMs = now - new Date(record.since).getTime();
  const nextMs = lookAgainMs[record.looks - 1] ?? (lookedForMs < patienceMs ? lookAgainMs[1] : undefined);
  if (nextMs === undefined) return ask(drive, record, failure);
  const nextAt = new Date(now + nextMs).toISOString();
  const change = { state: doubtState(drive), wake: nextMs, probe: { ...record, nextAt } };
  await drive.port.commit({ ...change, ...(failure ? { failure } : {}) });
  return false;
}

async function ask(drive: Drive, record: ProbeRecord, failure?: Trouble): Promise<false> {
  await drive.port.commit({
    state: doubtState(drive) === "processing" ? "partly_published" : "unknown",
    wake: null,
    needsPerson: true,
    probe: record,
    ...(failure ? { failure } : {}),
  });
  return false;
}

/** What a platform says no to on purpose it says no to again: looking on would never end, and nobody would be told. */
const isRefusal = (failure: PlatformFailure): boolean =>
  failure.kind === "content_rejected" || (failure.kind === "unexpected_response" && isSaid(failure.status));

/**
 * Trouble with the line is waited for, without counting; a refusal counts as a look. Trouble with the sign-in ends all looking until somebody signs
 * in again, so a person is asked now; signing in again makes POSTD look once more.
 */
async function cannotLook(drive: Drive, failure: PlatformFailure, step: string): Promise<false> {
  const trouble = troubleOf(drive, failure, step);
  if (endsSignIn(failure)) {
    await drive.port.markBroken(failure);
    return ask(drive, saw(drive, "ask", "The account cannot be asked whether it shows the post."), trouble);
  }
  if (isRefusal(failure)) return lookLater(drive, saw(drive, "not_seen", "The platform refused this look."), trouble);
  const before = drive.probe;
  const waitMs = "retryAfterMs" in failure ? Math.max(unreachableMs, failure.retryAfterMs ?? 0) : unreachableMs;
  const record: ProbeRecord = {
    since: before?.since ?? drive.port.now().toISOString(),
    looks: before?.looks ?? 0,
    saw: before?.saw ?? [],
  };
  const change = { state: doubtState(drive), wake: Math.min(waitMs, 60 * 60_000), probe: record };
  await drive.port.commit({ ...change, failure: trouble });
  return false;
}

/** Nothing can be asked of the account until a person has done something about it. */
export const endsSignIn = ({ kind }: PlatformFailure): boolean =>
  kind === "auth_expired" || kind === "auth_revoked" || kind === "scope_missing" || kind === "account_blocked";

function candidateView(candidate: ProbeCandidate<JsonObject>): JsonObject {
  return {
    externalId: storableRemark(candidate.externalId, 500),
    ...(candidate.permalink ? { permalink: storableRemark(candidate.permalink, 1_000) } : {}),
    ...(candidate.createdAt ? { createdAt: candidate.createdAt.toISOString() } : {}),
    ...(candidate.preview ? { preview: storableRemark(candidate.preview, 200) } : {}),
  };
}
