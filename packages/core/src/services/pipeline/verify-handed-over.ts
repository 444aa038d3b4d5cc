import type { Connector } from "@postd/connector-kit";
import type { Run } from "./run.ts";

const againMs = 60_000;
const patienceMs = 30 * 60_000;

/** A post the platform was asked to show at a time: has it? */
export async function verifyHandedOver(run: Run, connector: Connector): Promise<void> {
  const { job, deps } = run;
  const read = { name: "verify", effect: "none" as const, repeatable: true, settleMs: 0 };
  if (!connector.schedule || !run.published) {
    await run.stop({
      kind: "unexpected_response",
      status: 0,
      message: "The platform was asked to hold this post but cannot be asked about it.",
    });
    return;
  }
  const opened = await run.open();
  const answer =
    "failure" in opened
      ? undefined
      : await connector.schedule.verify(
          run.published,
          run.context(connector, opened.connection, {
            ...read,
            done: () => false,
            run: async () => ({ ok: true, value: { state: {} } }),
          }),
        );
  if (!answer?.ok) {
    await run.settle({ state: "handed_over", wake: againMs });
    return;
  }
  const lateMs = deps.clock.now().getTime() - job.scheduledFor.getTime();
  if (answer.value.state === "live") {
    const permalink = answer.value.permalink ?? run.published.permalink;
    await run.settle({
      state: "published",
      wake: null,
      published: { externalId: run.published.externalId, ...(permalink ? { permalink } : {}) },
      failure: null,
    });
    deps.events.published({ platform: job.platform, latenessMs: 0, ...run.key });
    return;
  }
  if (answer.value.state === "waiting" && lateMs < patienceMs) {
    await run.settle({ state: "handed_over", wake: againMs });
    return;
  }
  const message =
    answer.value.state === "gone"
      ? "The planned post is no longer at the platform; somebody removed it there."
      : "The platform did not show the post at its time.";
  run.published = undefined;
  await run.stop({ kind: "content_rejected", field: "scheduledFor", reason: "not shown", message });
}
