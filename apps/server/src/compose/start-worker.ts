import { setTimeout as sleep } from "node:timers/promises";
import { asId } from "@postd/contracts";
import {
  type DueJobs,
  type FanOutDeps,
  fanOutInbox,
  type HealthReader,
  type JobQueue,
  noticingCanaries,
  type PipelineDeps,
  runJob,
  type SweepDeps,
  sweep,
} from "@postd/core";
import { type Leases, runAsLeader } from "../adapters/postgres/leases.ts";
import type { Listener } from "../adapters/postgres/listen.ts";
import { sendCanaries } from "../adapters/queue/send-canaries.ts";
import { createFairSlots } from "../worker/fair-slots.ts";
import { startDispatcher } from "../worker/start-dispatcher.ts";
import type { Logger } from "./logger.ts";

const inboxEveryMs = 2_000;
const sweepEveryMs = 60 * 60_000;
const joinEveryMs = 60_000;
const numbersEveryMs = 5_000;
const entriesEveryMs = 2_000;

/** The worker role: dispatcher, consumers, canary, the fan-out of what platforms sent, subscriptions, numbers, what people write to accounts, and the hourly sweep. */
export async function startWorker(deps: {
  readonly pipeline: PipelineDeps;
  readonly queue: JobQueue;
  readonly due: DueJobs;
  readonly finishDisconnects: (ending: Awaited<ReturnType<DueJobs["endingConnections"]>>) => Promise<number>;
  readonly joinSignIns: () => Promise<number>;
  readonly tendSubscriptions: () => Promise<number>;
  readonly readNumbers: () => Promise<number>;
  readonly readInboxes: () => Promise<number>;
  readonly health: HealthReader;
  readonly inbound: FanOutDeps;
  readonly sweep: SweepDeps;
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
  const inbox = runAsLeader({
    leases: deps.leases,
    // For one release: the leader of an older version is "inbox", and leaves what it cannot read to this one.
    name: "webhook_inbox",
    ttlMs: inboxEveryMs * 15,
    everyMs: inboxEveryMs,
    run: async () => {
      await fanOutInbox(deps.inbound);
    },
    onError,
  });
  const ending = runAsLeader({
    leases: deps.leases,
    name: "disconnects",
    ttlMs: inboxEveryMs * 15,
    everyMs: inboxEveryMs,
    run: async () => {
      await deps.finishDisconnects(await deps.due.endingConnections());
    },
    onError,
  });
  const tending = runAsLeader({
    leases: deps.leases,
    name: "subscriptions",
    ttlMs: inboxEveryMs * 15,
    everyMs: inboxEveryMs,
    run: async () => {
      await deps.tendSubscriptions();
    },
    onError,
  });
  const numbers = runAsLeader({
    leases: deps.leases,
    name: "numbers",
    // A look takes as long as its platforms take to answer; the lease is renewed meanwhile.
    ttlMs: 6 * numbersEveryMs,
    everyMs: numbersEveryMs,
    run: async () => {
      await deps.readNumbers();
    },
    onError,
  });
  const entries = runAsLeader({
    leases: deps.leases,
    name: "inbox_entries",
    ttlMs: 15 * entriesEveryMs,
    everyMs: entriesEveryMs,
    run: async () => {
      await deps.readInboxes();
    },
    onError,
  });
  const joining = runAsLeader({
    leases: deps.leases,
    name: "join_sign_ins",
    ttlMs: 5 * joinEveryMs,
    everyMs: joinEveryMs,
    run: async () => {
      await deps.joinSignIns();
    },
    onError,
  });
  const sweeping = runAsLeader({
    leases: deps.leases,
    name: "sweep",
    ttlMs: 2 * sweepEveryMs,
    everyMs: sweepEveryMs,
    run: async ({ signal }) => log.debug(await sweep(deps.sweep, signal), "swept what had served its time"),
    onError,
  });
  return {
    /** No new work; what runs is finished within its lease, or left to it after half a minute. */
    async stop() {
      unsubscribe();
      unsubscribeClock();
      await Promise.all(
        [dispatcher, canary, inbox, ending, tending, numbers, entries, joining, sweeping].map((it) => it.stop()),
      );
      const ended = slots.stop();
      await deps.due.giveBack(slots.waiting()).catch(onError);
      await Promise.race([Promise.all([consumer.stop(), ended]), sleep(30_000, undefined, { ref: false })]);
    },
  };
}
