import type { Connector, NativeSchedule, PlatformFailure, PublishedRef } from "@postd/connector-kit";
import { storedFailure } from "../../domain/explain.ts";
import type { Run } from "./run.ts";

const againMs = 60_000;
const patienceMs = 30 * 60_000;

/**
 * A post the platform was asked to show at a time: has it? Runs after that time only, so when it can no longer be asked
 * (the account was disconnected, its sign-in ended) the truth is `unknown` until a person says, or signs in again.
 */
export async function verifyHandedOver(run: Run, connector: Connector): Promise<void> {
  const { job, deps, published } = run;
  const { schedule } = connector;
  if (!schedule || !published) {
    await run.stop({
      kind: "unexpected_response",
      status: 0,
      message: "The platform was asked to hold this post but cannot be asked about it.",
    });
    return;
  }
  const answer = await ask(run, { connector, schedule, published });
  if (!answer.ok) return cannotAsk(run, answer.error);
  const lateMs = deps.clock.now().getTime() - job.scheduledFor.getTime();
  switch (answer.value.state) {
    case "live": {
      const permalink = answer.value.permalink ?? published.permalink;
      const written = await run.settle({
        state: "published",
        wake: null,
        published: { externalId: published.externalId, ...(permalink ? { permalink } : {}) },
        failure: null,
        probe: null,
        needsPerson: false,
      });
      if (written === "written") deps.events.published({ platform: job.platform, latenessMs: 0, ...run.key });
      return;
    }
    case "waiting":
      if (lateMs < patienceMs) await run.settle({ state: "handed_over", wake: againMs });
      else await askPerson(run, "The platform still holds the post though its time has passed; it may yet show it.");
      return;
    case "gone":
      run.published = undefined;
      await run.stop({
        kind: "content_rejected",
        field: "scheduledFor",
        reason: "not shown",
        message: "The planned post is no longer at the platform; somebody removed it there.",
      });
      return;
    default:
      answer.value.state satisfies never;
      throw new Error("a planned post has no way on");
  }
}

type Answer = Awaited<ReturnType<NativeSchedule["verify"]>>;

/** Asks once more with a renewed token when the platform says that this one has ended. */
async function ask(
  run: Run,
  { connector, schedule, published }: { connector: Connector; schedule: NativeSchedule; published: PublishedRef },
): Promise<Answer> {
  const reading = {
    name: "verify",
    effect: "none" as const,
    repeatable: true,
    done: () => false,
    run: async () => ({ ok: true as const, value: { state: {} } }),
  };
  let newerThan: number | undefined;
  for (;;) {
    const opened = await run.open(newerThan);
    if ("failure" in opened) return { ok: false, error: opened.failure };
    const answer = await schedule.verify(published, run.context(connector, opened.connection, reading));
    if (answer.ok || !endsSignIn(answer.error)) return answer;
    if (answer.error.kind === "auth_expired" && newerThan === undefined) {
      newerThan = opened.connection.credentialVersion;
      continue;
    }
    const { credentialVersion } = opened.connection;
    const { connectionId } = run.job;
    await run.deps.access.markBroken({ ...run.key, connectionId, credentialVersion, failure: answer.error });
    return answer;
  }
}

const endsSignIn = ({ kind }: PlatformFailure): boolean =>
  kind === "auth_expired" || kind === "auth_revoked" || kind === "scope_missing";

async function cannotAsk(run: Run, failure: PlatformFailure): Promise<void> {
  if (endsSignIn(failure)) await askPerson(run, "The account cannot be asked whether it showed the post.", failure);
  else await run.settle({ state: run.job.admission === "verify" ? "handed_over" : "unknown", wake: againMs });
}

/** The failure's kind stays on the job: signing in again makes POSTD look once more. */
async function askPerson(run: Run, detail: string, failure?: PlatformFailure): Promise<void> {
  const now = run.deps.clock.now();
  const at = now.toISOString();
  const before = run.job.probe;
  await run.settle({
    state: "unknown",
    wake: null,
    needsPerson: true,
    failure: failure
      ? {
          ...storedFailure(failure, { step: "verify", at: now }),
          effect: "The platform held the post itself and may have shown it.",
        }
      : null,
    probe: {
      since: before?.since ?? at,
      looks: before?.looks ?? 0,
      saw: [...(before?.saw ?? []), { at, answer: "ask", detail, candidates: [] }].slice(-20),
    },
  });
}
