import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  base64UrlEncode,
  type ConnectorContext,
  type Credentials,
  createRegistry,
  type FoundAccount,
  type Granted,
  type PlatformFailure,
  type Provider,
  type SignInContext,
  secret,
  sha256,
} from "@postd/connector-kit";
import { barePlatform, bareProvider } from "@postd/connector-kit/conformance";
import { asId, fail, ok, scopes, type TenantId } from "@postd/contracts";
import {
  type Caller,
  type CheckAccountsDeps,
  type ConnectionAccess,
  type ConnectionAccessDeps,
  type ConnectionsDeps,
  type ConnectionsService,
  createConnectionsService,
  createVault,
  newId,
  type RenewDeps,
} from "@postd/core";
import { z } from "zod";
import { wireConnections } from "../../../compose/wire-connections.ts";
import { aesGcm } from "../../kms/aes-gcm.ts";
import { openLocalKeys } from "../../kms/local.ts";
import { openRolePool, type RolePool } from "../pools.ts";
import { createUpkeepRepo } from "../upkeep-repo.ts";
import { createVaultStore } from "../vault-store.ts";
import { createTestDatabase } from "./test-database.ts";

/** A platform of a few lines: what it was asked, and what it answers next. */
export interface FakePlatform {
  refreshes: number;
  revokes: number;
  /** Refresh tokens it still takes; each is good once. */
  readonly valid: Set<string>;
  /** Who signs in; the same one in another tenant keeps a sign-in from being withdrawn. */
  subject: string;
  accounts: readonly {
    readonly id: string;
    readonly name: string;
    readonly missing?: readonly string[];
    readonly blocked?: string;
  }[];
  /** Each account gets a token of its own, as Pages do; else all act with what the person granted. */
  ownTokens: boolean;
  /** Replaces the next answers of refresh. */
  refuseRefresh: PlatformFailure | undefined;
  health: PlatformFailure | undefined;
  subscribeFails: boolean;
  /** It has no subscription any more, until one is made or renewed. */
  forgetsEvents: boolean;
  /** The function of the connector that throws instead of answering. */
  throwsIn: string | undefined;
  /** Runs inside refresh, after the platform has spent the old token and before its answer arrives. */
  duringRefresh: () => Promise<void>;
  /** Told at each renewal and withdrawal which sign-in it is for. */
  onSignIn: (signIn: SignInContext["signIn"]) => void;
  /** Runs inside the exchange, after the person consented and before the answer arrives. */
  duringFinish: () => Promise<void>;
  /** Runs inside the withdrawal, before the platform has ended the access. */
  duringRevoke: () => Promise<void>;
  /** What it was asked about events, in order: with which token, under which app, and for which subscription or address. */
  readonly eventCalls: { readonly call: string; readonly token: string; readonly app: string; readonly of: string }[];
  /** Posts it holds for their time. */
  planned: number;
  tokenLifeMs: number;
  sawVerifier: string | undefined;
  /** The app's secret it was last given, at a sign-in or a renewal. */
  sawAppSecret: string | undefined;
}

export interface Fixture {
  readonly url: string;
  readonly dataDir: string;
  readonly app: RolePool;
  readonly admin: RolePool;
  readonly platform: FakePlatform;
  readonly held: string[];
  /** What was logged as a warning. */
  readonly warned: string[];
  readonly released: string[];
  /** Another process: own pools of nothing, own key cache. */
  process(overrides?: Partial<ConnectionAccessDeps>): {
    readonly access: ConnectionAccess;
    readonly service: ConnectionsService;
    readonly deps: ConnectionsDeps;
    /** Renewing and looking by the clock. */
    readonly upkeep: RenewDeps & CheckAccountsDeps;
  };
  tenant(): Promise<TenantId>;
  caller(tenantId: TenantId, session?: string): Caller;
  /** Moves the domain clock of the database and of every process. */
  moveClock(ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function createFixture(): Promise<Fixture> {
  const database = await createTestDatabase();
  const dataDir = mkdtempSync(path.join(tmpdir(), "postd-connections-"));
  const app = openRolePool({ url: database.url, role: "postd_app", max: 10 });
  const admin = openRolePool({ url: database.url, role: "postd_migrate", max: 2 });
  const system = openRolePool({ url: database.url, role: "postd_system", max: 2 });
  let offsetMs = 0;
  const clock = { now: () => new Date(Date.now() + offsetMs) };
  const platform: FakePlatform = {
    refreshes: 0,
    revokes: 0,
    valid: new Set(),
    subject: "person-1",
    accounts: [{ id: "acc-1", name: "Harbour Bakery" }],
    ownTokens: false,
    refuseRefresh: undefined,
    health: undefined,
    subscribeFails: false,
    forgetsEvents: false,
    throwsIn: undefined,
    duringRefresh: async () => {},
    onSignIn: () => {},
    duringFinish: async () => {},
    duringRevoke: async () => {},
    eventCalls: [],
    planned: 0,
    tokenLifeMs: 60 * 60_000,
    sawVerifier: undefined,
    sawAppSecret: undefined,
  };
  const held: string[] = [];
  const released: string[] = [];
  const registry = createRegistry([fakeProvider(platform, "blog"), fakeProvider(platform, "shop")]);
  const warned: string[] = [];
  const log = { debug() {}, info() {}, warn: (_fields: object, message: string) => void warned.push(message) };

  return {
    url: database.url,
    dataDir,
    app,
    admin,
    platform,
    held,
    warned,
    released,
    process(overrides = {}) {
      const vault = createVault({
        store: createVaultStore(app.db),
        keys: openLocalKeys({ dataDir, masterKeys: undefined, needed: [] }),
        cipher: aesGcm,
        newId,
        monotonicMs: () => performance.now(),
      });
      const holds = {
        holdConnection: async ({ connectionId }: { connectionId: string }) => held.push(connectionId),
        handedOver: async () => platform.planned,
        inDoubt: async () => 0,
        lookAtOnce: async () => 0,
        askAboutConnection: async () => 0,
        releaseConnection: async ({ connectionId }: { connectionId: string }) => released.push(connectionId),
      };
      const appCredentials = {
        value: (field: string) => `app-${field}`,
        secret: (field: string) => secret(`app-${field}`),
      };
      const deps = wireConnections({
        app,
        system,
        vault,
        registry,
        context: {
          egress: {
            forStep: () => ({
              request: async () => fail<PlatformFailure>({ kind: "unavailable", message: "no network here" }),
            }),
            mapBrowserUrl: (url: URL) => new URL(`http://127.0.0.1:4100/${url.host}${url.pathname}${url.search}`),
          },
          settings: { appCredentials: () => appCredentials, apiVersion: () => "1" },
          media: { forTenant: () => ({ open: unused, publicUrl: unused }) },
          clock,
          log,
        },
        holds,
        simulation: { isSimulated: () => true },
        rights: { scopesOf: async () => scopes },
        publicUrl: "https://postd.example.org",
        access: { sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20))), ...overrides },
      });
      const upkeep = {
        ...deps,
        upkeep: createUpkeepRepo(app.db, system.db),
        healthWorkers: 10,
        refreshWorkers: 5,
      };
      return { access: deps.access, service: createConnectionsService(deps), deps, upkeep };
    },
    async tenant() {
      const id = newId("tenant");
      await admin.pool.query("insert into tenants (id, name, slug, created_at) values ($1, $1, $1, now())", [id]);
      return id;
    },
    caller: (tenantId, session = "session-1") => ({
      tenantId,
      actorId: asId("user", "usr_00000001"),
      role: "owner",
      sessionHash: session,
    }),
    async moveClock(ms) {
      offsetMs += ms;
      await admin.pool.query("update instance set clock_offset_ms = $1", [offsetMs]);
    },
    async close() {
      await Promise.all([app.close(), admin.close(), system.close()]);
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const randomToken = () => randomBytes(32).toString("base64url");

const unused = async () => {
  throw new Error("not used here");
};

function fakeProvider(platform: FakePlatform, id: string): Provider {
  const enter = (call: string) => {
    if (platform.throwsIn === call) throw new TypeError(`planted fault in ${call}`);
  };
  const mint = (clock: ConnectorContext["clock"]): Credentials => {
    const refreshToken = `refresh-${randomBytes(12).toString("hex")}`;
    platform.valid.add(refreshToken);
    return {
      accessToken: secret(`access-${randomBytes(12).toString("hex")}`),
      refreshToken: secret(refreshToken),
      expiresAt: new Date(clock.now().getTime() + platform.tokenLifeMs),
      scopes: ["write"],
      extra: { keyring: secret(`extra-${randomBytes(12).toString("hex")}`) },
    };
  };
  const heard = (call: string, ctx: ConnectorContext, of: string) =>
    platform.eventCalls.push({
      call,
      token: ctx.credentials.accessToken.reveal(),
      app: ctx.app.secret("client_secret")?.reveal() ?? "",
      of,
    });
  const told = { home: "https://blog.example" };
  const accounts = ({ credentials }: Granted): FoundAccount[] =>
    platform.accounts.map((account) => ({
      platform: id,
      externalId: account.id,
      kind: "page",
      name: account.name,
      extras: { region: "eu" },
      credentials: platform.ownTokens ? { accessToken: secret(`own-${randomBytes(12).toString("hex")}`) } : credentials,
      missingScopes: account.missing ?? [],
      ...(account.blocked === undefined ? {} : { blocked: account.blocked }),
    }));
  const common = {
    label: "Blog",
    scopes: { required: ["write"], optional: ["stats"] },
    async refresh(ctx: SignInContext) {
      platform.refreshes += 1;
      platform.sawAppSecret = ctx.app.secret("client_secret")?.reveal();
      platform.onSignIn(ctx.signIn);
      enter("refresh");
      if (platform.refuseRefresh) return fail(platform.refuseRefresh);
      const token = ctx.credentials.refreshToken?.reveal() ?? "";
      if (!platform.valid.delete(token))
        return fail<PlatformFailure>({ kind: "auth_revoked", message: "The refresh token was used before." });
      const renewed = mint(ctx.clock);
      await platform.duringRefresh();
      return ok(renewed);
    },
    async revoke(ctx: SignInContext) {
      platform.onSignIn(ctx.signIn);
      enter("revoke");
      await platform.duringRevoke();
      platform.revokes += 1;
      return ok(undefined);
    },
  };
  const shown = barePlatform({
    id,
    extras: z.strictObject({ region: z.string() }),
    health: async () => {
      enter("health");
      return platform.health ? fail(platform.health) : ok({ missingScopes: [], name: "Harbour Bakery & Co" });
    },
  });
  return bareProvider([shown], {
    apps: [
      {
        id: "blog",
        fields: [
          { name: "client_id", secret: false, required: false, help: "The app's." },
          { name: "client_secret", secret: true, required: true, help: "The app's." },
        ],
      },
    ],
    signIns: [
      {
        ...common,
        id: "login",
        kind: "oauth2",
        app: "blog",
        accounts: async (granted) => {
          enter("accounts");
          return ok(accounts(granted));
        },
        start: async ({ state, redirectUri }) => {
          enter("start");
          const verifier = secret(randomToken());
          const code_challenge = base64UrlEncode(sha256(verifier.reveal()));
          const query = new URLSearchParams({ state, redirect_uri: redirectUri, code_challenge });
          return ok({ url: new URL(`https://blog.example/authorize?${query}`), keep: { verifier } });
        },
        finish: async ({ callback, keep }, ctx) => {
          enter("finish");
          platform.sawVerifier = keep.verifier?.reveal();
          platform.sawAppSecret = ctx.app.secret("client_secret")?.reveal();
          await platform.duringFinish();
          if (callback.code !== "good")
            return fail<PlatformFailure>({ kind: "auth_revoked", message: "The code is not good." });
          return ok({
            subject: { externalId: platform.subject, name: "Ida Holm" },
            credentials: mint(ctx.clock),
            scopes: ["write"],
            extras: told,
          });
        },
      },
      {
        ...common,
        id: "password",
        kind: "keys",
        label: "app password",
        fields: [
          { name: "identifier", label: "Name", secret: false, required: true },
          { name: "password", label: "App password", secret: true, required: true },
        ],
        accounts: async (granted) => ok(accounts(granted)),
        connect: async (keys, ctx) => {
          enter("connect");
          return keys.password?.reveal() === "right"
            ? ok({
                subject: { externalId: platform.subject, name: "Ida Holm" },
                credentials: mint(ctx.clock),
                scopes: ["write"],
                extras: told,
              })
            : fail<PlatformFailure>({
                kind: "content_rejected",
                field: "password",
                reason: "wrong",
                message: "The app password is wrong.",
              });
        },
      },
    ],
    webhooks: {
      verify: () => ({ kind: "refused", status: 400, reason: "not used" }),
      parse: () => [],
      subscribe: async (ctx, { address }) => {
        enter("subscribe");
        heard("subscribe", ctx, address);
        return platform.subscribeFails
          ? fail({ kind: "unavailable", message: "no events today" })
          : ok({ id: `sub-${platform.eventCalls.length}`, secret: secret(`events-${randomToken()}`) });
      },
      renew: async (ctx, { id: of }) => {
        heard("renew", ctx, of);
        platform.forgetsEvents = false;
        return ok({ id: of });
      },
      isSubscribed: async () => ok(!platform.forgetsEvents),
      unsubscribe: async (ctx, { id: of = "" }) => {
        heard("unsubscribe", ctx, of);
        return ok(undefined);
      },
    },
  });
}
