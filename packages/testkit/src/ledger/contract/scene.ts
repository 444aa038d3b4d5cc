import type { OutgoingPost } from "@postd/connector-kit";
import { asId, type ConnectionId, type TenantId } from "@postd/contracts";
import {
  type AcceptAnswer,
  type ClaimedJob,
  type IdempotencyClaim,
  type IntentRecord,
  type JobChange,
  type JobKey,
  jobView,
  type NewJob,
  newId,
  type PostRecord,
  type TenantPublishing,
  type Wish,
} from "@postd/core";
import type { LedgerWorld, StoredJob } from "../ledger-world.ts";

export const leaseMs = 30_000;
export const lateAfterMs = 60 * 60_000;

/** One tenant with an account, and short ways to the things every case does. */
export async function openScene(world: LedgerWorld): Promise<Scene> {
  await world.clear();
  return newScene(world);
}

async function newScene(world: LedgerWorld): Promise<Scene> {
  const tenantId = await world.addTenant();
  const connectionId = await world.addConnection({
    tenantId,
    platform: "model",
    externalId: "page-1",
    authKind: "keys",
  });
  const store = world.store.forTenant(tenantId);

  const scene: Scene = {
    world,
    tenantId,
    connectionId,
    store,
    connect: (tenant, externalId, authKind = "keys") =>
      world.addConnection({ tenantId: tenant, platform: "model", externalId, authKind }),
    elsewhere: () => newScene(world),
    at: (ms) => new Date(world.clock.now().getTime() + ms),
    async publish(text = "hello", how = {}) {
      const { on = [connectionId], ...rest } = how;
      const jobs = on.map((id) => ({ ...newJob(id, text, world.clock.now()), ...rest }));
      const accepted = await accept(world, store, { jobs });
      if (accepted.kind !== "new") throw new Error(`not accepted: ${accepted.kind}`);
      return jobs.map(({ id }): JobKey => ({ tenantId, jobId: id }));
    },
    async publishOne(text, how) {
      const [key] = await scene.publish(text, how);
      if (!key) throw new Error("nothing was accepted");
      return key;
    },
    claim: (key) => world.ledger.claim({ ...key, owner: "w", leaseMs, lateAfterMs }),
    async taken(key) {
      const claimed = await scene.claim(key);
      if ("refused" in claimed) throw new Error(`refused: ${claimed.refused}`);
      return claimed;
    },
    intend: (key, fence, intent = {}) =>
      world.ledger.intend({ ...key, fence, intent: newIntent(intent), connectorState: { a: 1 }, leaseMs }),
    settle: (key, fence, change, answer) =>
      world.ledger.settle({
        ...key,
        fence,
        change,
        ...(answer ? { answer: { attemptId: newId("attempt"), ...answer } } : {}),
      }),
    async sent(text, how) {
      const key = await scene.publishOne(text, how);
      const { fence } = await scene.taken(key);
      await scene.intend(key, fence);
      return { ...key, fence };
    },
    async inDoubt(text, how) {
      const key = await scene.sent(text, how);
      await scene.settle(
        key,
        key.fence,
        { state: "unknown", wake: 5_000, pending: "answered" },
        { outcome: "unknown" },
      );
      return key;
    },
    async live(text, externalId = newId("post")) {
      const key = await scene.sent(text);
      const change = { state: "published", wake: null, pending: null, mayBeLive: false } as const;
      await scene.settle(key, key.fence, { ...change, published: { externalId } }, { outcome: "ok" });
      return key;
    },
    async row({ jobId }) {
      const row = (await world.rows()).find(({ id }) => id === jobId);
      if (!row) throw new Error("there is no such row");
      return row;
    },
    wish: (key, kind = "cancel") =>
      store.act({
        jobId: key.jobId,
        decide: ({ facts }) => ({ patch: { wish: wishOf(kind, facts.now), wakeAt: facts.now, raiseFence: false } }),
      }),
  };
  return scene;
}

type Key = JobKey & { readonly fence: number };

export interface Scene {
  readonly world: LedgerWorld;
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly store: TenantPublishing;
  connect(tenant: TenantId, externalId: string, authKind?: string): Promise<ConnectionId>;
  /** The same for another tenant, who has connected the same page. */
  elsewhere(): Promise<Scene>;
  at(ms: number): Date;
  /** Accepts a post with a job for each account named; answers their keys. */
  publish(text?: string, how?: Partial<NewJob> & { readonly on?: readonly ConnectionId[] }): Promise<readonly JobKey[]>;
  publishOne(text?: string, how?: Partial<NewJob>): Promise<JobKey>;
  claim(key: JobKey): ReturnType<LedgerWorld["ledger"]["claim"]>;
  taken(key: JobKey): Promise<ClaimedJob>;
  intend(key: JobKey, fence: number, intent?: Partial<IntentRecord>): ReturnType<LedgerWorld["ledger"]["intend"]>;
  settle(
    key: JobKey,
    fence: number,
    change: JobChange,
    answer?: { readonly outcome: "ok" | "unknown" },
  ): ReturnType<LedgerWorld["ledger"]["settle"]>;
  /** Claimed, sent, and no answer came. */
  sent(text?: string, how?: Partial<NewJob>): Promise<Key>;
  /** Sent, and the answer was lost. */
  inDoubt(text?: string, how?: Partial<NewJob>): Promise<Key>;
  live(text?: string, externalId?: string): Promise<Key>;
  row(key: { readonly jobId: string }): Promise<StoredJob>;
  /** A person's wish, stored as `meet` stores it. */
  wish(key: JobKey, kind?: "cancel" | "remove"): Promise<unknown>;
}

export const wishOf = (kind: "cancel" | "remove", now: Date): Wish => ({
  kind,
  by: "usr_test0001",
  at: now.toISOString(),
});

export function newJob(connectionId: ConnectionId, text: string, now: Date): NewJob {
  const post: OutgoingPost = { format: "plain", text, media: [], options: {} };
  return {
    id: newId("publishJob"),
    connectionId,
    platform: "model",
    post,
    fingerprint: text,
    scheduledFor: now,
    wakeAt: undefined,
    nativeSchedule: false,
    simulated: true,
  };
}

export function newIntent(intent: Partial<IntentRecord>): IntentRecord {
  return {
    attemptId: newId("attempt"),
    kind: "call",
    step: "show",
    effect: "visible",
    repeatable: false,
    timeoutMs: 10_000,
    settleMs: 5_000,
    prepared: { text: "hello" },
    fingerprint: "hello",
    note: "Sending",
    ...intent,
  };
}

export function accept(
  world: LedgerWorld,
  store: TenantPublishing,
  input: {
    readonly jobs: readonly NewJob[];
    readonly idempotency?: IdempotencyClaim;
    readonly refuseTwins?: boolean;
  },
): Promise<AcceptAnswer<ReturnType<typeof jobView>>> {
  const [first] = input.jobs;
  const post: Omit<PostRecord, "createdAt" | "updatedAt" | "version"> = {
    id: newId("post"),
    status: "approved",
    content: { text: first?.post.text ?? "", mediaIds: [], options: {} },
    versions: {},
    targets: input.jobs.map(({ connectionId }) => ({ connectionId: asId("connection", connectionId) })),
    scheduledFor: undefined,
    metadata: {},
    createdBy: "usr_test0001",
    changedBy: "usr_test0001",
    approvalAsked: false,
    deleting: false,
  };
  return store.accept({
    files: [],
    post,
    jobs: input.jobs,
    now: world.clock.now(),
    refuseTwins: input.refuseTwins ?? false,
    ...(input.idempotency ? { idempotency: input.idempotency } : {}),
    answer: (_post, [job]) => {
      if (!job) throw new Error("a post without a job was accepted");
      return jobView(job);
    },
  });
}
