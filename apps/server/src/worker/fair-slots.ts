import type { Task } from "@postd/core";

export interface FairSlots {
  /** How many jobs may run at once in all. */
  readonly slots: number;
  /**
   * Takes a hint. Resolves when its job has ended, or as soon as it waits while a slot is free for somebody else: then
   * the engine may be asked for what stands behind it. A hint that waits already is dropped.
   */
  offer(task: Task): Promise<void>;
  /** Jobs whose hints wait here; after `stop` they are never started. */
  waiting(): readonly string[];
  /** Starts nothing more and resolves when all that runs has ended. */
  stop(): Promise<void>;
}

interface Waiting {
  readonly task: Task;
  /** The engine's side of the hint; called once. */
  readonly release: () => void;
}

/** One account's jobs; a hint that names no account has its tenant's own lane. */
interface Lane {
  /** Empty where a hint of an older version does not say. */
  readonly platform: string;
  running: number;
  readonly waiting: Map<string, Waiting>;
}

interface Tenant {
  running: number;
  /** The same by platform. */
  readonly at: Map<string, number>;
  readonly lanes: Map<string, Lane>;
}

/** Hints kept beyond this many are dropped, except of tenants that have none waiting; the dispatcher gives them again. */
const maxWaiting = 5_000;

/** Nobody may hold more than this part of what all others leave, so that a slot is free for whoever comes next. */
const share = (left: number): number => Math.max(1, Math.floor((left * 3) / 4));
/** The same of one platform's jobs, over all tenants. */
const platformShare = (left: number): number => Math.max(1, Math.floor((left * 7) / 8));

/**
 * The slots of one worker, shared out so that jobs that hang are the trouble of those they belong to. A platform may hold
 * seven eighths of what other platforms leave; there a tenant may hold three quarters of what other tenants leave, and an
 * account three quarters of what its tenant's others leave of that. A tenant alone gets `concurrency` at one platform; a third
 * more is there for other tenants, and a seventh of both for other platforms. Who has least is next.
 */
export function createFairSlots(options: {
  /** What one tenant may have running while nobody else has anything. */
  readonly concurrency: number;
  /** Never rejects. */
  readonly run: (task: Task) => Promise<void>;
  /** A job has ended. */
  readonly onEnd?: () => void;
}): FairSlots {
  /** What tenants share, and what one platform may have in all. */
  const shared = options.concurrency + Math.ceil(options.concurrency / 3);
  const slots = shared + Math.ceil(shared / 7);
  const tenants = new Map<string, Tenant>();
  /** How many run by platform. */
  const platforms = new Map<string, number>();
  const ends = new Set<Promise<void>>();
  /** Hints that wait and whose engine side is still held. */
  const held = new Set<Waiting>();
  let waitingCount = 0;
  let running = 0;
  let isStopped = false;

  const laneOf = (tenant: Tenant, { connectionId = "", platform = "" }: Task): Lane => {
    const lane = tenant.lanes.get(connectionId) ?? { platform, running: 0, waiting: new Map() };
    tenant.lanes.set(connectionId, lane);
    return lane;
  };
  const tenantOf = ({ tenantId }: Task): Tenant => {
    const tenant = tenants.get(tenantId) ?? { running: 0, at: new Map(), lanes: new Map() };
    tenants.set(tenantId, tenant);
    return tenant;
  };
  const forget = (task: Task, tenant: Tenant, lane: Lane) => {
    if (lane.running === 0 && lane.waiting.size === 0) tenant.lanes.delete(task.connectionId ?? "");
    if (tenant.lanes.size === 0) tenants.delete(task.tenantId);
  };

  const count = (tenant: Tenant, lane: Lane, by: 1 | -1) => {
    lane.running += by;
    tenant.running += by;
    running += by;
    for (const at of [tenant.at, platforms]) {
      const left = (at.get(lane.platform) ?? 0) + by;
      if (left === 0) at.delete(lane.platform);
      else at.set(lane.platform, left);
    }
  };

  /** A platform that hangs takes its own share, so what a tenant or an account has there counts there only. */
  const hasRoom = (tenant: Tenant, lane: Lane): boolean => {
    const atPlatform = platforms.get(lane.platform) ?? 0;
    if (atPlatform >= platformShare(slots - (running - atPlatform))) return false;
    const ofTenant = tenant.at.get(lane.platform) ?? 0;
    const most = share(shared - (atPlatform - ofTenant));
    return ofTenant < most && lane.running < share(most - (ofTenant - lane.running));
  };

  const start = (tenant: Tenant, lane: Lane, waiting: Waiting) => {
    const { task, release } = waiting;
    lane.waiting.delete(task.jobId);
    held.delete(waiting);
    waitingCount -= 1;
    count(tenant, lane, 1);
    const end = options.run(task).finally(() => {
      count(tenant, lane, -1);
      ends.delete(end);
      forget(task, tenant, lane);
      release();
      options.onEnd?.();
      pump();
    });
    ends.add(end);
  };

  /** The hint that is next: of the tenant that has least, and of its accounts the one that has least. */
  const next = (): { tenant: Tenant; lane: Lane; waiting: Waiting } | undefined => {
    for (const tenant of [...tenants.values()].sort((a, b) => a.running - b.running)) {
      if (tenant.running >= share(slots - (running - tenant.running))) continue;
      for (const lane of [...tenant.lanes.values()].sort((a, b) => a.running - b.running)) {
        const [waiting] = lane.waiting.values();
        if (waiting && hasRoom(tenant, lane)) return { tenant, lane, waiting };
      }
    }
    return undefined;
  };

  const pump = () => {
    if (isStopped) return;
    while (running < slots) {
      const found = waitingCount > 0 ? next() : undefined;
      if (!found) break;
      start(found.tenant, found.lane, found.waiting);
    }
    if (running < slots) releaseHeld();
  };

  /** Each is released once: a queue that waits behind its owner's jobs costs nothing at their ends. */
  const releaseHeld = () => {
    for (const { release } of held) release();
    held.clear();
  };

  return {
    slots,
    offer(task) {
      const tenant = tenantOf(task);
      const lane = laneOf(tenant, task);
      const isKnown = lane.waiting.has(task.jobId);
      const isTooMuch =
        waitingCount >= maxWaiting && [...tenant.lanes.values()].some(({ waiting }) => waiting.size > 0);
      if (isStopped || isKnown || isTooMuch) {
        forget(task, tenant, lane);
        return Promise.resolve();
      }
      return new Promise((release) => {
        const waiting = { task, release };
        lane.waiting.set(task.jobId, waiting);
        held.add(waiting);
        waitingCount += 1;
        pump();
      });
    },
    waiting: () =>
      [...tenants.values()].flatMap(({ lanes }) => [...lanes.values()].flatMap(({ waiting }) => [...waiting.keys()])),
    async stop() {
      isStopped = true;
      releaseHeld();
      await Promise.all(ends);
    },
  };
}
