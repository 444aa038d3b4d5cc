import type { NativeSchedule, PlatformFailure, PublishedRef, Publishing } from "@postd/connector-kit";
import { endsSignIn, opening, settleFailure, troubleOf } from "@postd/connector-kit/rules";
import type { Run } from "./run.ts";

const againMs = 60_000;
const patienceMs = 30 * 60_000;

/**
 * A post the platform was asked to show at a time: has it? Runs after that time only, so when it can no longer be asked
 * (the account was disconnected, its sign-in ended) the truth is `unknown` until a person says, or signs in again.
 */
export async function verifyHandedOver(run: Run, { schedule }: Pick<Publishing, "schedule">): Promise<void> {
  const { job, deps } = run;
  const { published } = run.drive;
  if (!schedule || !published)
    return askPerson(run, "The platform was asked to hold this post but cannot be asked about it.");
  const answer = await ask(run, schedule, published);
  if (!answer.ok) return cannotAsk(run, answer.error);
  const lateMs = deps.clock.now().getTime() - job.scheduledFor.getTime();
  switch (answer.value.state) {
    case "live": {
      const permalink = answer.value.permalink ?? published.permalink;
      const written = await run.settle({
        state: "published",
        wake: null,
        mayBeLive: false,
        published: { externalId: published.externalId, ...(permalink ? { permalink } : {}) },
        failure: null,
        probe: null,
        needsPerson: false,
      });
      if (written === "written") deps.events.published({ platform: job.platform, latenessMs: 0, ...run.key });
      return;
    }
    case "waiting":
      if (lateMs < patienceMs) await run.settle({ state: "handed_over", mayBeLive: false, wake: againMs });
      else await askPerson(run, "The platform still holds the post though its time has passed; it may yet show it.");
      return;
    case "gone":
      run.drive.published = undefined;
      run.drive.mayBeLive = false;
      await settleFailure(
        run.drive,
        answer.value.because ?? {
          kind: "content_rejected",
          field: "scheduledFor",
          reason: "not shown",
          message: "The planned post is no longer at the platform; somebody removed it there.",
        },
        { ...opening, name: "verify" },
        0,
      );
      return;
    default:
      answer.value.state satisfies never;
      throw new Error("a planned post has no way on");
  }
}

type Answer = Awaited<ReturnType<NativeSchedule["verify"]>>;

/** Asks once more with a renewed token when the platform says that this one has ended. */
async function ask(run: Run, schedule: NativeSchedule, published: PublishedRef): Promise<Answer> {
  const opened = await run.account();
  if (!opened.ok) return opened;
  for (let renewed = false; ; renewed = true) {
    const answer = await schedule.verify(published, run.context({ effect: "none", repeatable: true }));
    if (answer.ok || !endsSignIn(answer.error)) return answer;
    if (answer.error.kind !== "auth_expired" || renewed) {
      await run.markBroken(answer.error);
      return answer;
    }
    const trouble = await run.renew();
    if (trouble) return { ok: false, error: trouble };
  }
}

async function cannotAsk(run: Run, failure: PlatformFailure): Promise<void> {
  if (endsSignIn(failure)) return askPerson(run, "The account cannot be asked whether it showed the post.", failure);
  await run.settle({ state: run.job.state === "handed_over" ? "handed_over" : "unknown", wake: againMs });
}

/** The failure's kind stays on the job: signing in again makes POSTD look once more. */
async function askPerson(run: Run, detail: string, failure?: PlatformFailure): Promise<void> {
  await run.settle({
    state: "unknown",
    wake: null,
    needsPerson: true,
    mayBeLive: true,
    failure: failure
      ? {
          ...run.stored(troubleOf(run.drive, failure, "verify")),
          effect: "The platform held the post itself and may have shown it.",
        }
      : null,
    probe: run.saw("ask", detail),
  });
}

/** Our own fault on the way: asked again, and after half an hour a person. */
export async function verifyBroke(run: Run, failure: PlatformFailure): Promise<void> {
  // Nothing shows a draft by itself, so there is time to look again.
  if (!run.drive.published) {
    await run.settle({ state: "handed_over", mayBeLive: false, wake: patienceMs });
    return;
  }
  const lateMs = run.deps.clock.now().getTime() - run.job.scheduledFor.getTime();
  if (lateMs >= patienceMs)
    return askPerson(run, "POSTD itself failed to ask whether the platform showed it.", failure);
  await run.settle({ state: "handed_over", mayBeLive: false, wake: againMs });
}
