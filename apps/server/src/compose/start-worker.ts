import { setTimeout as sleep } from "node:timers/promises";
import { asId } from "@postd/contracts";
import {
  type DueJobs,
  type HealthReader,
  type JobQueue,
  noticingCanaries,
  type PipelineDeps,
  runJob,
} from "@postd/core";
import { type Leases, runAsLeader } from "../adapters/postgres/leases.ts";
import type { Listener } from "../adapters/postgres/listen.ts";
import { sendCanaries } from "../adapters/queue/send-canaries.ts";
import { createFairSlots } from "../worker/fair-slots.ts";
import { startDispatcher } from "../worker/start-dispatcher.ts";
import type { Logger } from "./logger.ts";
import type { PeriodicTask } from "./periodic-tasks.ts";

/** The worker role: dispatcher, consumers, canary, and what one worker of all does from time to time. */
export async function startWorker(deps: {
  readonly pipeline: PipelineDeps;
  readonly queue: JobQueue;
  readonly due: DueJobs;
  readonly health: HealthReader;
  readonly periodic: readonly PeriodicTask[];
  readonly leases: Leases;
  readonly listener: Listener;
  readonly log: Logger;
  readonly concurrency: number;
}): Promise<{ stop(): Promise<void> }> {
  const { pipeline, queue, log } = deps;
  const dispatcher = startDispatcher({ due: deps.due, queue, log, refillAfter: 3 * deps.concurrency });
  const unsubscribe = deps.listener.subscribe("postd_due", () => dispatcher.wake());
  const unsubscribeClock = deps.listener.subscribe("postd_clock", () => dispatcher.wake());
  const slots = createFairSlots({
    concurrency: deps.concurrency,
    run: (task) =>
      runJob({ tenantId: asId("tenant", task.tenantId), jobId: asId("publishJob", task.jobId) }, pipeline).then(
        () => {},
        (error: unknown) => log.warn({ ...task, error }, "could not handle a task"),
      ),
    onEnd: () => dispatcher.ended(),
  });
  const handle = noticingCanaries({ clock: pipeline.clock, reader: deps.health }, slots.offer);
  const consumer = await queue.consume({ concurrency: slots.slots }, handle);
  const onError = (error: unknown) => log.warn({ error }, "a periodic task failed; it runs again");
  const canary = sendCanaries({ leases: deps.leases, queue, clock: pipeline.clock, onError });
  const periodic = deps.periodic.map((task) => runAsLeader({ leases: deps.leases, ...task, onError }));
  const unsubscribeTasks = deps.periodic.flatMap(({ wokenBy }, index) =>
    wokenBy === undefined
      ? []
      : [wokenBy, "postd_clock"].map((channel) => deps.listener.subscribe(channel, () => periodic[index]?.wake())),
  );
  return {
    /** No new work; what runs is finished within its lease, or left to it after half a minute. */
    async stop() {
      unsubscribe();
      unsubscribeClock();
      for (const unsubscribe of unsubscribeTasks) unsubscribe();
      await Promise.all([dispatcher, canary, ...periodic].map((it) => it.stop()));
      const ended = slots.stop();
      await deps.due.giveBack(slots.waiting()).catch(onError);
      await Promise.race([Promise.all([consumer.stop(), ended]), sleep(30_000, undefined, { ref: false })]);
    },
  };
}
