import type { ProbeAnswer, ProbeCandidate, Step } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { chooseAdoption } from "../../domain/adopt.ts";
import { storedFailure } from "../../domain/explain.ts";
import type { PendingIntent, ProbeRecord } from "../../ports/ledger.ts";
import { publishSteps } from "./publish-steps.ts";
import type { Run } from "./run.ts";
import type { FoundFormat } from "./run-job.ts";

/** When to look again after looks 1, 2, 3; after the fourth a person is asked. */
const lookAgainMs = [10_000, 30_000, 120_000] as const;
/** While the platform cannot be asked, looks are not counted. */
const unreachableMs = 60_000;

/** Looks whether the lost call had effect, and goes on from what is certain. Never sends before it knows. */
export async function probeJob(run: Run, found: FoundFormat): Promise<void> {
  const pending = run.pending;
  const step = pending && found.format.steps.find((candidate) => candidate.name === pending.step);
  if (!pending || !step?.probe) return ask(run, "POSTD has no way to look this post up.");
  const opened = await run.open();
  if ("failure" in opened)
    return cannotLook(run, storedFailure(opened.failure, { step: step.name, at: run.deps.clock.now() }));
  if (!(await run.leaseFor(60_000))) return;
  const reading: Step<JsonObject> = { ...step, effect: "none", repeatable: true };
  const answer = await step.probe(
    { post: run.job.post, state: run.state ?? {}, prepared: pending.prepared, intentAt: pending.intentAt },
    run.context(found.connector, opened.connection, reading),
  );
  if (!answer.ok) return cannotLook(run, storedFailure(answer.error, { step: step.name, at: run.deps.clock.now() }));
  await follow(run, found, pending, answer.value);
}

async function follow(
  run: Run,
  found: FoundFormat,
  pending: PendingIntent,
  answer: ProbeAnswer<JsonObject>,
): Promise<void> {
  switch (answer.kind) {
    case "absent_authoritative":
      run.deps.log.info({ ...run.key, step: pending.step }, "probe: surely not live");
      if (run.deps.clock.now().getTime() - pending.intentAt.getTime() > run.deps.settings.lateAfterMs) {
        // Surely not sent, but its time passed long ago while nobody looked.
        await run.settle({
          state: "held",
          heldReason: "missed",
          wake: null,
          pending: "answered",
          probe: saw(run, "absent", answer.because, []),
        });
        return;
      }
      await run.settle({
        state: "retrying",
        wake: 0,
        pending: "answered",
        tries: run.tries,
        probe: saw(run, "absent", answer.because, []),
        failure: null,
      });
      return;
    case "not_seen":
      return lookLater(run, saw(run, "not_seen", answer.looked, []));
    case "found":
      return adopt(run, found, pending, answer.candidates);
    default:
      answer satisfies never;
      throw new Error("a probe answer has no way on");
  }
}

async function adopt(
  run: Run,
  found: FoundFormat,
  pending: PendingIntent,
  candidates: readonly ProbeCandidate<JsonObject>[],
): Promise<void> {
  const ownedElsewhere = await run.deps.ledger.owned({
    tenantId: run.key.tenantId,
    connectionId: run.job.connectionId,
    except: run.key.jobId,
    externalIds: candidates.map((candidate) => candidate.externalId),
  });
  const callEndedBy = new Date(pending.intentAt.getTime() + pending.timeoutMs + pending.settleMs);
  const choice = chooseAdoption({ candidates, ownedElsewhere, intentAt: pending.intentAt, callEndedBy });
  if ("none" in choice)
    return lookLater(run, saw(run, "not_seen", "Posts were found, but none of them can be this one.", candidates));
  if ("ask" in choice) return ask(run, "More than one post looks like this one.", choice.ask);
  const { externalId, permalink, state } = choice.adopt;
  run.state = state;
  run.published = { externalId, ...(permalink ? { permalink } : {}) };
  run.pending = undefined;
  const written = await run.settle({
    state: "publishing",
    wake: "lease",
    pending: null,
    connectorState: state,
    published: run.published,
    tries: 0,
    failure: null,
    probe: saw(run, "found", `Found ${externalId} on the platform and linked it.`, [choice.adopt]),
  });
  if (written === "written") await publishSteps(run, found);
}

async function lookLater(run: Run, record: ProbeRecord): Promise<void> {
  const nextMs = lookAgainMs[record.looks - 1];
  if (nextMs === undefined) return ask(run, "Nothing was seen in several looks.", [], record);
  const nextAt = new Date(run.deps.clock.now().getTime() + nextMs).toISOString();
  await run.settle({ state: "unknown", wake: nextMs, probe: { ...record, nextAt } });
}

async function ask(
  run: Run,
  detail: string,
  candidates: readonly ProbeCandidate<JsonObject>[] = [],
  record?: ProbeRecord,
): Promise<void> {
  await run.settle({
    state: "unknown",
    wake: null,
    needsPerson: true,
    probe: record ?? saw(run, "ask", detail, candidates),
  });
}

async function cannotLook(run: Run, failure: JsonObject): Promise<void> {
  const since = run.job.probe?.since ?? run.deps.clock.now().toISOString();
  const record: ProbeRecord = { since, looks: run.job.probe?.looks ?? 0, saw: run.job.probe?.saw ?? [] };
  await run.settle({ state: "unknown", wake: unreachableMs, failure, probe: record });
}

function saw(run: Run, answer: string, detail: string, candidates: readonly ProbeCandidate<JsonObject>[]): ProbeRecord {
  const at = run.deps.clock.now().toISOString();
  const before = run.job.probe;
  const entry: JsonObject = {
    at,
    answer,
    detail: detail.slice(0, 300),
    candidates: candidates.slice(0, 5).map((candidate) => ({
      externalId: candidate.externalId,
      ...(candidate.permalink ? { permalink: candidate.permalink } : {}),
      ...(candidate.createdAt ? { createdAt: candidate.createdAt.toISOString() } : {}),
      ...(candidate.preview ? { preview: candidate.preview.slice(0, 200) } : {}),
    })),
  };
  return {
    since: before?.since ?? at,
    looks: (before?.looks ?? 0) + 1,
    saw: [...(before?.saw ?? []), entry].slice(-20),
  };
}
