import {
  auditDesks,
  backfillByRule,
  type Circuits,
  checkAccounts,
  type DueJobs,
  fanOutInbox,
  finishDisconnects,
  joinSignIns,
  type NoticesDeps,
  planDeliveries,
  readInboxes,
  readNumbers,
  renewSignIns,
  runErasures,
  sendDeliveries,
  sweep,
  tendSubscriptions,
} from "@postd/core";
import { createBackfillRepo } from "../adapters/postgres/backfill-repo.ts";
import { createDeskRepo } from "../adapters/postgres/desk-repo.ts";
import { createErasuresRepo } from "../adapters/postgres/erasures-repo.ts";
import { createEventFeed } from "../adapters/postgres/events-repo.ts";
import { createInbox } from "../adapters/postgres/inbox.ts";
import { createInboxEntriesRepo } from "../adapters/postgres/inbox-entries-repo.ts";
import type { runAsLeader } from "../adapters/postgres/leases.ts";
import { createNumbersRepo } from "../adapters/postgres/numbers-repo.ts";
import { createBlobRows, createRetention } from "../adapters/postgres/retention.ts";
import { createSignInsRepo } from "../adapters/postgres/sign-ins-repo.ts";
import { createUpkeepRepo } from "../adapters/postgres/upkeep-repo.ts";
import type { Config } from "../config.ts";
import type { buildConnections } from "./build-connections.ts";
import type { buildStorage } from "./build-storage.ts";
import type { OpenParts } from "./open-parts.ts";

/** What one worker of all does again and again; the others stand by to take over. */
export interface PeriodicTask extends Pick<Parameters<typeof runAsLeader>[0], "name" | "everyMs" | "ttlMs" | "run"> {
  /** The operator turned it off. */
  readonly isOff?: boolean;
  /** A notification of this channel begins a turn at once: somebody waits for it. */
  readonly wokenBy?: string;
}

export interface PeriodicParts {
  readonly open: OpenParts;
  readonly config: Config;
  readonly storage: Awaited<ReturnType<typeof buildStorage>>;
  readonly connections: ReturnType<typeof buildConnections>;
  readonly notices: NoticesDeps;
  readonly due: Pick<DueJobs, "endingConnections">;
  readonly circuits: Pick<Circuits, "wakeProbes" | "tellOfOutages">;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** A lease outlasts the pause between turns by far, so that a turn that takes long is not begun twice. */
const task = (
  name: string,
  everyMs: number,
  ttlMs: number,
  run: PeriodicTask["run"],
  wokenBy?: string,
): PeriodicTask => ({ name, everyMs, ttlMs, run, ...(wokenBy && { wokenBy }) });

/** Every one of them, each under a lease of its name. */
export function periodicTasks({
  open,
  config,
  storage,
  connections,
  notices,
  due,
  circuits,
}: PeriodicParts): readonly PeriodicTask[] {
  const { app, system, clock, log } = open;
  const { deps } = connections;
  const { registry, vault, connections: repo, access, holds } = deps;
  const inbound = { registry, inbox: createInbox(app.db, system.db), connections: repo, access, holds, log };
  const signIns = createSignInsRepo({ app: app.db, system: system.db });
  const numbers = { ...deps, numbers: createNumbersRepo(app.db, system.db), readsByItself: config.numbers };
  const entries = { ...deps, entries: createInboxEntriesRepo(app.db, system.db), readsByItself: config.inbox };
  const upkeep = {
    ...deps,
    upkeep: createUpkeepRepo(app.db, system.db),
    healthWorkers: config.workers.health,
    refreshWorkers: config.workers.refresh,
  };
  const backfill = { store: createBackfillRepo(app.db, system.db), registry };
  const events = createEventFeed(app.db, system.db);
  const desk = createDeskRepo(app.db, system.db);
  const sweeping = {
    retention: createRetention(system.db),
    blobs: storage.blobs,
    blobRows: createBlobRows(system.db),
    clock,
  };
  return [
    // Whoever asks a platform again is woken; where the leader dies another follows soon.
    task("circuits", secondMs, 10 * secondMs, async () => {
      await circuits.wakeProbes();
    }),
    // What happened can be read once it has its position.
    task("events", 250, 10 * secondMs, async () => {
      await events.number();
    }),
    task("outage_notices", 15 * secondMs, minuteMs, async () => {
      await circuits.tellOfOutages();
    }),
    // For one release: the leader of an older version is "inbox", and leaves what it cannot read to this one.
    task("webhook_inbox", 2 * secondMs, 30 * secondMs, async () => {
      await fanOutInbox(inbound);
    }),
    task("disconnects", 2 * secondMs, 30 * secondMs, async () => {
      await finishDisconnects(deps, await due.endingConnections());
    }),
    task("subscriptions", 2 * secondMs, 30 * secondMs, async () => {
      await tendSubscriptions(deps);
    }),
    // A look takes as long as its platforms take to answer; the lease is renewed meanwhile.
    task("numbers", 5 * secondMs, 30 * secondMs, () => readNumbers(numbers).then(() => {}), "postd_numbers"),
    task("inbox_entries", 2 * secondMs, 30 * secondMs, () => readInboxes(entries).then(() => {}), "postd_inbox"),
    // Two tasks, so that a platform that hangs on looks keeps no sign-in from being renewed.
    {
      ...task("token_refresh", 5 * secondMs, 30 * secondMs, async ({ signal }) => {
        await renewSignIns(upkeep, signal);
      }),
      isOff: !config.upkeep,
    },
    {
      ...task("health_check", 5 * secondMs, 30 * secondMs, async ({ signal }) => {
        await checkAccounts(upkeep, signal);
      }),
      isOff: !config.upkeep,
    },
    task("notices", 2 * secondMs, 30 * secondMs, async () => {
      await planDeliveries(notices);
      await sendDeliveries(notices);
    }),
    task("post_notices", 15 * secondMs, minuteMs, async () => {
      await notices.repo.tellOfPosts();
    }),
    task("account_notices", minuteMs, 5 * minuteMs, async () => {
      await notices.repo.tellOfAccounts();
    }),
    task("erasures", 2 * secondMs, 30 * secondMs, async ({ signal }) => {
      const erasures = createErasuresRepo({ app: app.db, system: system.db });
      await runErasures({ erasures, connections: deps, blobs: storage.blobs }, signal);
    }),
    task("join_sign_ins", minuteMs, 5 * minuteMs, async () => {
      await joinSignIns({ signIns, vault, registry, log });
    }),
    task("backfill_rules", 10 * secondMs, 2 * minuteMs, async () => {
      await backfillByRule(backfill);
    }),
    task("desk_audits", minuteMs, 5 * minuteMs, async () => {
      await auditDesks(desk);
    }),
    task("sweep", hourMs, 2 * hourMs, async ({ signal }) =>
      log.debug(await sweep(sweeping, signal), "swept what had served its time"),
    ),
  ];
}
