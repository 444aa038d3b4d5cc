import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type ConnectorContext,
  createRegistry,
  type Format,
  type PlatformFailure,
  type ProbeAnswer,
  type Progress,
  type Publishing,
  type Step,
  secret,
} from "@postd/connector-kit";
import { barePlatform, bareProvider, barePublishing } from "@postd/connector-kit/conformance";
import { asId, type JobState, type JsonObject, type Result } from "@postd/contracts";
import {
  type Caller,
  createJobSecrets,
  createPublishingService,
  createVault,
  type JobKey,
  newId,
  type PipelineDeps,
  type PublishingService,
  runJob,
  type VaultDeps,
} from "@postd/core";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { aesGcm } from "../adapters/kms/aes-gcm.ts";
import { openLocalKeys } from "../adapters/kms/local.ts";
import { createDomainClock } from "../adapters/postgres/domain-clock.ts";
import { createJobHolds, createLedger } from "../adapters/postgres/ledger/ledger.ts";
import { openListener } from "../adapters/postgres/listen.ts";
import { openRolePool } from "../adapters/postgres/pools.ts";
import { createPublishingStore } from "../adapters/postgres/publishing/store.ts";
import { runSql } from "../adapters/postgres/run-sql.ts";
import { createDueJobs } from "../adapters/postgres/system.ts";
import { withTenant } from "../adapters/postgres/tenant-tx.ts";
import { setClockOffset } from "../adapters/postgres/testing/set-clock-offset.ts";
import { createTestDatabase } from "../adapters/postgres/testing/test-database.ts";
import { createVaultStore } from "../adapters/postgres/vault-store.ts";

export const lateAfterMs = 60 * 60_000;
export const leaseMs = 60_000;

/**
 * What the scripted platform does with the next visible call. A bare failure is its documented refusal; `unread` and
 * `applied_unread` answer in words nobody knows, before and after the effect.
 */
export type Script =
  | "ok"
  | "applied_unanswered"
  | "lost"
  | "crash_before"
  | "crash_after"
  | "throws"
  | PlatformFailure
  | { readonly unread: PlatformFailure }
  | { readonly appliedUnread: PlatformFailure };

export class Crash extends Error {}

/** A platform whose audience, containers and lists are plain arrays, and whose next answers a test writes down. */
export interface ScriptedPlatform {
  readonly live: { readonly id: string; readonly text: string; readonly at: Date }[];
  /** Posts the platform holds until their time. */
  readonly planned: { readonly id: string; readonly text: string; readonly at: Date }[];
  /** What the platform says of a planned post it has given up by itself. */
  gaveUpBecause: PlatformFailure | undefined;
  containers: number;
  script: Script[];
  /** What a list shows; false hides new posts from it. */
  listed: boolean;
  /** How the platform can be asked about a lost call. */
  authority: "list" | "authoritative";
  calls: number;
  /** Posts ever shown or planned; their ids never repeat. */
  made: number;
  /** Texts of live posts that were taken down. */
  readonly removed: string[];
  /** What the next removals and edits are answered with; then they work. */
  deeds: PlatformFailure[];
  /** Looking a named post up is a fault of the connector. */
  breaksLookUp: boolean;
}

/** A whole pipeline on a real database with one scripted platform; time moves only by `advance`. `more` formats: the test's. */
export async function createHarness(more: Readonly<Record<string, Format>> = {}) {
  const database = await createTestDatabase();
  const app = openRolePool({ url: database.url, role: "postd_app", max: 20 });
  const system = openRolePool({ url: database.url, role: "postd_system", max: 4 });
  const owner = openRolePool({ url: database.url, role: "postd_migrate", max: 2 });
  const listener = openListener({ url: database.url });
  const clock = await createDomainClock({ pool: app.pool, listener });
  let offsetMs = 0;
  const platform: ScriptedPlatform = {
    live: [],
    planned: [],
    gaveUpBecause: undefined,
    containers: 0,
    script: [],
    listed: true,
    authority: "list",
    calls: 0,
    made: 0,
    removed: [],
    deeds: [],
    breaksLookUp: false,
  };
  const scripted = scriptedConnector(platform, () => clock.now());
  const formats = { ...scripted.publishing.formats, ...more };
  const connector = { ...scripted, publishing: { ...scripted.publishing, formats } };
  const registry = createRegistry([bareProvider([connector])]);
  const broken: string[] = [];
  const attempts: string[] = [];
  const warnings: string[] = [];
  const errors: string[] = [];
  let version = 1;
  let renewals = 0;
  const dataDir = mkdtempSync(path.join(tmpdir(), "postd-pipeline-"));
  const vaultDeps: VaultDeps = {
    store: createVaultStore(app.db),
    keys: openLocalKeys({ dataDir, masterKeys: undefined, needed: [] }),
    cipher: aesGcm,
    newId,
    monotonicMs: () => performance.now(),
  };
  const deps = (ownerName: string): PipelineDeps => ({
    ledger: createLedger(app.db),
    secrets: createJobSecrets(createVault(vaultDeps)),
    access: {
      async open({ tenantId, connectionId, newerThan }) {
        const { rows } = await withTenant(app.db, tenantId, (tx) =>
          runSql<{ gone: boolean }>(
            tx,
            sql`select disconnected_at is not null as gone from connections where id = ${connectionId}`,
          ),
        );
        if (rows[0]?.gone) return { ok: false, error: { kind: "auth_revoked", message: "It was disconnected." } };
        if (newerThan !== undefined) {
          version += 1;
          renewals += 1;
        }
        return {
          ok: true,
          value: {
            id: connectionId,
            tenantId,
            platform: connector.id,
            account: { externalId: "a1", kind: "page", authKind: "keys", name: "Northfold", extras: {} },
            credentials: { accessToken: secret("t") },
            credentialVersion: version,
            status: "healthy",
            simulated: true,
          },
        };
      },
      async markBroken({ failure, connectionId, tenantId }) {
        broken.push(failure.kind);
        await withTenant(app.db, tenantId, (tx) =>
          runSql(tx, sql`update connections set status = 'attention' where id = ${connectionId}`),
        );
      },
      async blockUntil({ tenantId, connectionId, until, allOfApp }) {
        if (allOfApp)
          await runSql(
            app.db,
            sql`insert into app_blocks values (${connector.id}, 'keys', true, ${until.toISOString()}::timestamptz)
              on conflict (platform, auth_kind, simulated) do update set until = excluded.until`,
          );
        await withTenant(app.db, tenantId, (tx) =>
          runSql(
            tx,
            sql`update connections set blocked_until = ${until.toISOString()}::timestamptz where id = ${connectionId}`,
          ),
        );
      },
    },
    registry,
    clock,
    log: { info() {}, warn() {}, error: (fields, message) => errors.push(`${message} ${JSON.stringify(fields)}`) },
    events: {
      published() {},
      failed() {},
      moved() {},
      attempt: ({ step, outcome }) => {
        attempts.push(`${step}:${outcome}`);
      },
    },
    settings: { leaseMs, leaseMarginMs: 5_000, lateAfterMs, owner: ownerName },
    newAttemptId: () => newId("attempt"),
    random: () => 0,
    randomBits: () => 0n,
    contextFor: ({ leaseRemainingMs, onVisibleCall }) =>
      ({
        leaseRemainingMs,
        sent: () => onVisibleCall?.(),
        log: {
          warn: (fields: object, message: string) => warnings.push(`${message} ${JSON.stringify(fields)}`),
        },
      }) as unknown as ConnectorContext,
    isPassing: (error) => error instanceof Crash,
    every: () => () => {},
  });
  const unused = () => Promise.reject(new Error("not used here"));
  const service: PublishingService = createPublishingService({
    store: createPublishingStore(app.db, { lateAfterMs }),
    registry,
    media: { fetchFromUrl: unused, fitted: unused },
    clock,
    newId,
    lateAfterMs,
    log: { error: (fields, message) => errors.push(`${message} ${JSON.stringify(fields)}`) },
    remote: { access: deps("remote").access, registry, clock, contextFor: deps("remote").contextFor },
  });
  const due = createDueJobs(system.db);

  return {
    database,
    vaultDeps,
    platformFacets: connector,
    app,
    system,
    admin: owner.db,
    clock,
    platform,
    service,
    deps,
    due,
    broken,
    /** Every answered try the pipeline told of, as `step:outcome`. */
    attempts,
    /** What connector contexts were told to log. */
    warnings,
    /** What the operator was told. */
    errors,
    renewals: () => renewals,
    holds: createJobHolds(app.db, { lateAfterMs }),
    /** A tenant with one connected account. */
    async tenant(): Promise<{ caller: Caller; connectionId: string }> {
      const tenantId = newId("tenant");
      const connectionId = newId("connection");
      await runSql(
        app.db,
        sql`insert into tenants (id, name, slug, created_at) values (${tenantId}, 'Northfold', ${tenantId}, domain_now())`,
      );
      await withTenant(app.db, tenantId, (tx) =>
        runSql(
          tx,
          sql`insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
          values (${connectionId}, ${tenantId}, ${connector.id}, 'keys', ${connectionId}, 'page', 'Northfold', '{}', '{}', '{}', 'healthy', true, 'usr_test0001', domain_now(), domain_now())`,
        ),
      );
      return {
        caller: { tenantId, actorId: asId("user", "usr_test0001"), role: "owner", sessionHash: "s" },
        connectionId,
      };
    },
    async advance(ms: number) {
      offsetMs += ms;
      await setClockOffset(owner.pool, offsetMs);
      await clock.sync();
    },
    /** One worker takes everything that is due now. Answers how many hints it followed. */
    async work(ownerName = "w1"): Promise<number> {
      const tasks = await due.takeDue(1_000);
      for (const task of tasks) await runJob(keyOf(task), deps(ownerName)).catch(swallowCrash);
      return tasks.length;
    },
    /** Works and moves time to the next wake-up until nothing is planned within the time. */
    async settle(withinMs = 30 * 60_000) {
      const end = clock.now().getTime() + withinMs;
      for (let round = 0; round < 200; round += 1) {
        if ((await this.work()) > 0) continue;
        const nextMs = await due.nextDueInMs();
        if (nextMs === undefined || clock.now().getTime() + nextMs > end) return;
        await this.advance(Math.ceil(nextMs) + 1);
      }
      throw new Error("the pipeline does not settle");
    },
    /** Jobs of earlier tests sleep for good: they share the platform and its script. */
    async forget() {
      await runSql(owner.db, sql`update publish_jobs set wake_at = null`);
    },
    async state(caller: Caller, jobId: string): Promise<JobState> {
      const job = await service.getJob(caller, asId("publishJob", jobId));
      if (!job.ok) throw new Error(job.error.detail);
      return job.value.state;
    },
    async close() {
      await clock.close();
      await listener.close();
      await Promise.all([app.close(), system.close(), owner.close()]);
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export const keyOf = (task: { readonly tenantId: string; readonly jobId: string }): JobKey => ({
  tenantId: asId("tenant", task.tenantId),
  jobId: asId("publishJob", task.jobId),
});

/** A killed worker writes nothing more; its lease simply runs out. */
function swallowCrash(error: unknown): string {
  if (error instanceof Crash) return "crashed";
  throw error;
}

type FlowState = JsonObject & {
  readonly container?: string;
  readonly id?: string;
  readonly publishAt?: string;
  readonly replied?: boolean;
  readonly commented?: boolean;
};

function scriptedConnector(platform: ScriptedPlatform, now: () => Date) {
  const make: Step<FlowState> = {
    name: "make",
    effect: "invisible",
    repeatable: false,
    done: (state) => state.container !== undefined,
    run: async ({ state }) => {
      platform.containers += 1;
      return { ok: true, value: { state: { ...state, container: `c${platform.containers}` } } };
    },
  };
  const show: Step<FlowState> = {
    name: "show",
    effect: "visible",
    repeatable: false,
    done: (state) => state.id !== undefined,
    prepare: ({ post }) => ({ text: post.text }),
    run: async ({ post, state }, ctx) => showPost(platform, post.text, state, now(), ctx),
    probe: async ({ post, intentAt }) => ({ ok: true, value: look(platform, post.text, intentAt) }),
  };
  const reply: Step<FlowState> = {
    name: "reply",
    effect: "visible",
    repeatable: true,
    done: (state) => state.replied === true,
    run: async ({ post, state }, ctx) => {
      const shown = showPost(platform, `${post.text} (2)`, state, now(), ctx);
      const { id = "" } = state;
      return shown.ok
        ? { ok: true, value: { state: { ...state, replied: true }, published: { externalId: id } } }
        : shown;
    },
    probe: async ({ post, state, intentAt }) => {
      const answer = look(platform, `${post.text} (2)`, intentAt);
      if (answer.kind !== "found") return { ok: true, value: answer };
      const candidates = answer.candidates.map((candidate) => ({ ...candidate, state: { ...state, replied: true } }));
      return { ok: true, value: { ...answer, candidates } };
    },
  };
  const comment: Step<FlowState> = {
    name: "comment",
    effect: "visible",
    repeatable: false,
    touch: true,
    done: (state) => state.commented === true,
    run: async ({ post, state }, ctx) => {
      const shown = showPost(platform, `${post.text} (comment)`, state, now(), ctx);
      return shown.ok ? { ok: true, value: { state: { ...state, commented: true } } } : shown;
    },
    probe: async () => ({ ok: true, value: { kind: "not_seen", looked: "comments" } }),
  };
  const format: Format<FlowState> = {
    label: "Text",
    media: { min: 0, max: 0 },
    start: ({ publishAt }) => (publishAt ? { publishAt: publishAt.toISOString() } : {}),
    steps: [make, show],
  };
  const formats = {
    text: format,
    picture: {
      ...format,
      label: "Picture",
      media: { min: 1, max: 1, image: { mimeTypes: ["image/jpeg"], maxBytes: 1_000_000 } },
    },
    thread: { ...format, label: "Thread", steps: [make, show, reply] },
    commented: { ...format, label: "With a comment", steps: [make, show, comment] },
  };
  const deeds: Partial<Publishing> = {
    schedule: {
      minLeadMs: 600_000,
      maxLeadMs: 86_400_000,
      formats: ["text"],
      verify: async ({ externalId }) => {
        const index = platform.planned.findIndex(({ id }) => id === externalId);
        const post = platform.planned[index];
        const because = platform.gaveUpBecause;
        if (!post || because) return { ok: true, value: { state: "gone", ...(because && { because }) } };
        if (post.at > now()) return { ok: true, value: { state: "waiting" } };
        platform.planned.splice(index, 1);
        platform.live.push(post);
        return { ok: true, value: { state: "live" } };
      },
      cancel: async ({ externalId }) => {
        const index = platform.planned.findIndex(({ id }) => id === externalId);
        if (index >= 0) platform.planned.splice(index, 1);
        return { ok: true, value: undefined };
      },
      move: async () => ({ ok: true, value: undefined }),
    },
    remove: {
      formats: ["text", "thread", "commented"],
      run: async ({ externalId }) => {
        const refused = platform.deeds.shift();
        if (refused) return { ok: false, error: refused };
        const index = platform.live.findIndex(({ id }) => id === externalId);
        if (index >= 0) platform.removed.push(...platform.live.splice(index, 1).map(({ text }) => text));
        return { ok: true, value: undefined };
      },
    },
    edit: {
      formats: ["text", "picture", "thread"],
      run: async ({ externalId }, { text }) => {
        const refused = platform.deeds.shift();
        if (refused) return { ok: false, error: refused };
        const index = platform.live.findIndex(({ id }) => id === externalId);
        const post = platform.live[index];
        if (post) platform.live.splice(index, 1, { ...post, text });
        return { ok: true, value: undefined };
      },
    },
    lookUp: async ({ externalId, permalink }) => {
      if (platform.breaksLookUp) throw new TypeError("undefined is no post");
      const id = externalId ?? permalink?.split("/").at(-1);
      const post = platform.live.find((one) => one.id === id);
      return { ok: true, value: post && { externalId: post.id, permalink: `https://scripted.test/${post.id}` } };
    },
  };
  return barePlatform({
    id: "scripted",
    accountKinds: [{ id: "page", label: "Page" }],
    extras: z.record(z.string(), z.json()),
    publishing: barePublishing(formats, {
      fingerprint: (post) => post.text,
      defaultFormat: ({ media }) => (media.length > 0 ? "picture" : "text"),
      ...deeds,
    }),
  });
}

function showPost(
  platform: ScriptedPlatform,
  text: string,
  state: FlowState,
  at: Date,
  ctx: ConnectorContext,
): Result<Progress<FlowState>, PlatformFailure> {
  platform.calls += 1;
  const script = platform.script.shift() ?? "ok";
  if (script === "crash_before") throw new Crash();
  if (script === "throws") throw new TypeError("a fault of the connector");
  if (typeof script === "object" && "kind" in script && script.kind === "unavailable")
    return { ok: false, error: script };
  // The scripted context is made in this file and has this one function.
  (ctx as unknown as { readonly sent: () => void }).sent();
  if (script === "lost") return { ok: false, error: { kind: "outcome_unknown", message: "The connection was cut." } };
  if (typeof script === "object" && "kind" in script) return { ok: false, error: { ...script, refused: true } };
  if (typeof script === "object" && "unread" in script) return { ok: false, error: script.unread };
  platform.made += 1;
  const id = `p${platform.made}`;
  if (state.publishAt !== undefined) platform.planned.push({ id, text, at: new Date(state.publishAt) });
  else platform.live.push({ id, text, at });
  if (typeof script === "object") return { ok: false, error: script.appliedUnread };
  if (script === "crash_after") throw new Crash();
  if (script === "applied_unanswered")
    return { ok: false, error: { kind: "outcome_unknown", message: "The connection was cut." } };
  return {
    ok: true,
    value: { state: { ...state, id }, published: { externalId: id, permalink: `https://scripted.test/${id}` } },
  };
}

function look(platform: ScriptedPlatform, text: string, intentAt: Date): ProbeAnswer<FlowState> {
  const seen = platform.live.filter((post) => post.text === text && post.at.getTime() >= intentAt.getTime() - 5_000);
  if (platform.authority === "authoritative" && seen.length === 0)
    return { kind: "absent_authoritative", because: "its own state says so" };
  if (!platform.listed || seen.length === 0) return { kind: "not_seen", looked: "recent posts" };
  const candidates = seen.map((post) => ({
    externalId: post.id,
    createdAt: post.at,
    ours: platform.authority === "authoritative",
    state: { container: "c", id: post.id },
  }));
  return { kind: "found", candidates };
}
