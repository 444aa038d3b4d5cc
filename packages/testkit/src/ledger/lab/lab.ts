import { createRegistry, secret } from "@postd/connector-kit";
import { bareProvider } from "@postd/connector-kit/conformance";
import {
  asId,
  type ConnectionId,
  type PostId,
  type PublishJobId,
  type PublishRequest,
  type TenantId,
} from "@postd/contracts";
import {
  type Caller,
  type ConnectionAccess,
  type ConnectionsDeps,
  createConnectionsService,
  createPublishingService,
  finishDisconnects,
  type Ledger,
  markBroken,
  newId,
  type PipelineDeps,
  type PublishingService,
  type PublishingStore,
  runJob,
} from "@postd/core";
import type { LedgerWorld } from "../ledger-world.ts";
import { type Actor, Stage } from "./actors.ts";
import { asContext, createCalls, heard } from "./calls.ts";
import { modelConnector } from "./connector.ts";
import type { Mutation } from "./mutation.ts";
import { Oracle } from "./oracle.ts";
import { ModelPlatform } from "./platform.ts";
import { type Random, randomOf } from "./random.ts";

export const lateAfterMs = 60 * 60_000;
const leaseMs = 30_000;

/** No format of the model keeps a secret. */
const noSecrets: PipelineDeps["secrets"] = {
  seal: () => Promise.reject(new Error("nothing is to be kept")),
  open: () => Promise.reject(new Error("nothing was kept")),
};

type LogFields = Readonly<Record<string, unknown>>;

export interface LabAccount {
  readonly tenantId: TenantId;
  readonly caller: Caller;
  readonly connectionId: ConnectionId;
  readonly externalId: string;
}

/** A request that may be sent again. */
export interface Request {
  readonly account: LabAccount;
  readonly input: PublishRequest;
  readonly key: string | undefined;
}

/**
 * The shipped pipeline and services over one ledger and the model of a platform. Nothing here decides anything: it plays
 * what it is told, one turn at a time, and asks the oracle after each.
 */
export class Lab {
  readonly stage = new Stage();
  readonly platform: ModelPlatform;
  readonly oracle: Oracle;
  readonly accounts: LabAccount[] = [];
  readonly requests: Request[] = [];
  readonly hints: { readonly tenantId: string; readonly jobId: string }[] = [];
  /** Why each job was not worked on when it was asked for last. */
  readonly refusals = new Map<string, string>();
  /** What happened, for people who read a counterexample. */
  readonly story: string[] = [];
  readonly world: LedgerWorld;
  readonly service: PublishingService;
  readonly pipeline: PipelineDeps;
  readonly connectionsDeps: ConnectionsDeps;
  random: Random = randomOf(0);
  isCalm = false;
  private workers = 0;

  constructor(world: LedgerWorld, mutation: Mutation | undefined) {
    this.world = world;
    const nowMs = () => world.clock.now().getTime();
    this.platform = new ModelPlatform(nowMs);
    const stage = this.stage;
    const gate = (at: string) => stage.gate(at);
    const calls = createCalls({
      platform: this.platform,
      stage,
      nowMs,
      random: () => this.random,
      tell: (line) => this.tell(line),
      isCalm: () => this.isCalm,
      believesAll: mutation?.believesAll ?? false,
    });
    const model = modelConnector(this.platform, calls, { nowMs, random: () => this.random });
    const connector = mutation?.connector?.(model) ?? model;
    const registry = createRegistry([bareProvider([connector])]);
    const rawStore = mutation?.store?.(world.store, gate) ?? world.store;
    const rawHolds = mutation?.holds?.(world.holds) ?? world.holds;
    const rawLedger = mutation?.ledger?.(world.ledger) ?? world.ledger;
    this.oracle = new Oracle(world, this.platform, () => this.story);
    this.oracle.accountOf = (connectionId) => this.accountOf(connectionId).externalId;
    const ledger: Ledger = this.oracle.watchLedger(stage.gated("ledger", rawLedger));
    const holds = stage.gated("holds", rawHolds);
    const store: PublishingStore = {
      forTenant: (tenantId) => this.oracle.watchStore(tenantId, stage.gated("store", rawStore.forTenant(tenantId))),
    };
    const connections = {
      forTenant: (tenantId: TenantId) => stage.gated("connections", world.connections.forTenant(tenantId)),
    };
    const log = { debug() {}, info() {}, warn() {}, error: (fields: LogFields) => this.oracle.noteError(fields.error) };
    const context = { clock: world.clock } as ConnectionsDeps["context"];
    const access: ConnectionAccess = {
      open: async ({ tenantId, connectionId, newerThan }) => {
        const record = await connections.forTenant(tenantId).find(connectionId);
        if (!record) return undefined;
        if (record.disconnectedAt)
          return { ok: false, error: { kind: "auth_revoked", message: "The account was disconnected." } };
        const token = this.platform.tokens.get(connectionId);
        if (newerThan !== undefined) {
          if (token === "revoked")
            return { ok: false, error: { kind: "auth_revoked", message: "It cannot be renewed." } };
          this.platform.tokens.set(connectionId, "ok");
        }
        const { externalId, accountKind: kind, authKind, name, extras, platform, status } = record;
        const account = { externalId, kind, authKind, name, extras };
        const { credentialVersion } = record;
        const credentials = { accessToken: secret("t") };
        const value = { id: connectionId, tenantId, platform, account, credentials, credentialVersion, status };
        return { ok: true, value: { ...value, simulated: true } };
      },
      markBroken: (input) =>
        markBroken({ connections: connections as ConnectionsDeps["connections"], holds, context }, input),
      blockUntil: ({ tenantId, connectionId, until, allOfApp = false }) =>
        connections.forTenant(tenantId).blockUntil(connectionId, until, allOfApp),
    };
    const contextFor: PipelineDeps["contextFor"] = (input) =>
      asContext({
        connectionId: input.connection.id,
        account: input.connection.account.externalId,
        jobId: stage.acting?.jobId ?? "",
        timeoutMs: input.timeoutMs,
        effect: input.effect,
        leaseRemainingMs: input.leaseRemainingMs,
        onVisibleCall: () => input.onVisibleCall?.(),
        http: heard,
      });
    this.pipeline = {
      ledger,
      ...(world.circuits ? { circuits: stage.gated("circuits", { heard: world.circuits.heard }) } : {}),
      secrets: noSecrets,
      access,
      registry,
      clock: world.clock,
      log,
      events: { published() {}, failed() {}, moved() {}, attempt() {} },
      settings: { leaseMs, leaseMarginMs: 5_000, lateAfterMs, owner: "lab" },
      newAttemptId: () => newId("attempt"),
      random: () => this.random.next(),
      // Never the same twice, whatever an action draws.
      randomBits: () => BigInt(this.platform.nextNumber()),
      contextFor,
      isPassing: () => mutation?.ignoresThrows ?? false,
      every: (_ms, fn) => {
        const actor = stage.acting;
        actor?.beats.add(fn);
        return () => actor?.beats.delete(fn);
      },
    };
    const unused = () => Promise.reject(new Error("not used here"));
    const service = createPublishingService({
      store,
      registry,
      media: { fetchFromUrl: unused, fitted: unused },
      clock: world.clock,
      newId,
      lateAfterMs,
      log,
      remote: { access, registry, clock: world.clock, contextFor },
    });
    this.service = {
      ...service,
      retryJob: (caller, id, input) => {
        if (!input.at) this.oracle.sentNow.add(id);
        return service.retryJob(caller, id, input);
      },
    };
    this.connectionsDeps = {
      connections,
      registry,
      holds,
      access,
      clock: world.clock,
      context,
      log,
    } as unknown as ConnectionsDeps;
  }

  /** Two tenants; one page is connected in both, and in one of them through two sign-ins. */
  async open(): Promise<void> {
    const [first, second] = [await this.world.addTenant(), await this.world.addTenant()];
    await this.connect(first, "page-x", "keys");
    await this.connect(first, "page-y", "keys");
    await this.connect(first, "page-x", "oauth");
    await this.connect(second, "page-x", "keys");
    for (const tenantId of [first, second]) this.oracle.tenants.add(tenantId);
  }

  private async connect(tenantId: TenantId, externalId: string, authKind: string): Promise<void> {
    const connectionId = await this.world.addConnection({ tenantId, platform: "model", externalId, authKind });
    const caller: Caller = {
      tenantId,
      actorId: asId("user", "usr_test0001"),
      role: "owner",
      sessionHash: "s",
      operator: true,
    };
    this.platform.tokens.set(connectionId, "ok");
    this.accounts.push({ tenantId, caller, connectionId, externalId });
  }

  get nowMs(): number {
    return this.world.clock.now().getTime();
  }

  tell(line: string): void {
    this.story.push(`${((this.nowMs - this.oracle.beganAtMs) / 1000).toFixed(1)}s ${line}`);
  }

  /** Time passes; who lives keeps its lease meanwhile. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; ) {
      const next = this.stage.actors.length > 0 ? Math.min(left, 9_000) : left;
      await this.world.advance(next);
      this.platform.tick();
      await this.stage.beat();
      left -= next;
    }
  }

  async takeDue(): Promise<number> {
    const due = await this.world.due.takeDue(100);
    // In which order the engine hands them on is its own matter.
    this.hints.push(...due.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1)));
    return due.length;
  }

  async work(key: { readonly tenantId: string; readonly jobId: string }): Promise<Actor> {
    this.workers += 1;
    const name = `worker ${this.workers}`;
    const jobKey = { tenantId: asId("tenant", key.tenantId), jobId: asId("publishJob", key.jobId) };
    const deps = { ...this.pipeline, settings: { ...this.pipeline.settings, owner: name } };
    return this.stage.begin(name, () => this.settledRun(jobKey, deps), key.jobId);
  }

  private async settledRun(key: { readonly tenantId: TenantId; readonly jobId: PublishJobId }, deps: PipelineDeps) {
    const refused = await runJob(key, deps);
    this.refusals.set(key.jobId, refused ?? "worked");
    const rows = this.world.isInMemory ? await this.world.rows() : [];
    const row = rows.find(({ id }) => id === key.jobId);
    const is = row ? ` is ${row.state}${row.held_reason ? ` (${row.held_reason})` : ""}` : "";
    const doubt = row?.may_be_live ? ", may be live" : "";
    this.tell(`  ${deps.settings.owner} ended, ${refused ?? "worked"}: ${this.oracle.nameOf(key.jobId)}${is}${doubt}`);
  }

  callerOf(tenantId: string): Caller {
    const found = this.accounts.find((account) => account.tenantId === tenantId);
    if (!found) throw new Error("there is no such tenant");
    return found.caller;
  }

  accountOf(connectionId: string): LabAccount {
    const found = this.accounts.find((account) => account.connectionId === connectionId);
    if (!found) throw new Error("there is no such account");
    return found;
  }

  /** Signing in again, as connecting does it. */
  async reconnect(account: LabAccount): Promise<void> {
    this.platform.tokens.set(account.connectionId, "ok");
    await this.world.signIn(account);
    await this.world.holds.releaseConnection(account);
  }

  async disconnect(account: LabAccount): Promise<void> {
    const answer = await createConnectionsService(this.connectionsDeps).disconnect(
      account.caller,
      account.connectionId,
    );
    if (answer.ok && !answer.value.waits) await this.oracle.disconnectedAtOnce(account.connectionId);
    this.tell(`  answered ${answer.ok ? (answer.value.waits ? "202" : "200") : answer.error.code}`);
  }

  async finishDisconnects(): Promise<number> {
    return finishDisconnects(this.connectionsDeps, await this.world.due.endingConnections());
  }

  readonly job = (id: string): PublishJobId => asId("publishJob", id);
  readonly post = (id: string): PostId => asId("post", id);
}
