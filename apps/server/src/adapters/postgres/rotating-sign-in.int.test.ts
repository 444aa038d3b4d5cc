import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { sha256Hex } from "@postd/connector-kit";
import { createSimulatorHost, type SimulatorHost } from "@postd/connector-kit/simulator";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { asId, type ConnectionId, type Result, type ServiceError } from "@postd/contracts";
import { type Caller, newId } from "@postd/core";
import { simulatorHostMap } from "../egress/host-map.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { startRotatingProvider } from "./testing/rotating-provider.ts";
import { setClockOffset } from "./testing/set-clock-offset.ts";
import { createCrew } from "./testing/sign-in-crew.ts";
import { openSignInProcess, type SignInWorld } from "./testing/sign-in-process.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";
import { type RefreshCall, watchRefreshes } from "./testing/watch-refreshes.ts";

/** As many as the promise names in CI; at home enough to see them race. */
const processCount = process.env.CI === "true" || process.env.POSTD_KILL === "all" ? 20 : 6;
/** Of these so many are worker processes, with so many workers between them. */
const [workerProcesses, workerCount] = [5, 50];
const hourMs = 60 * 60_000;

/** One person's sign-in, in a workspace of its own. */
interface Scene {
  readonly name: string;
  readonly caller: Caller;
  readonly accountCount: number;
  /** How long an access token lasts there. */
  readonly lifeMs: number;
  /** Refresh tokens are good once. */
  readonly rotates: boolean;
  /** What a refresh whose answer was never stored ends in, as the platform's papers have it. */
  readonly endings: readonly ("recovered" | "lost")[];
  calls(): readonly RefreshCall[];
  connect(): Promise<readonly string[]>;
  /** Takes the refresh token before the last one too, or no longer. */
  beLenient?(is: boolean): void;
}

let database: TestDatabase;
let admin: RolePool;
let rotating: Awaited<ReturnType<typeof startRotatingProvider>>;
let host: SimulatorHost;
let own: Awaited<ReturnType<typeof openSignInProcess>>;
let crew: ReturnType<typeof createCrew>;
let offsetMs = 0;
const dataDir = mkdtempSync(path.join(tmpdir(), "postd-rotating-"));
const watched = watchRefreshes(simulatorDefinitions);
const idsOf = new Map<Scene, readonly [ConnectionId, ...ConnectionId[]]>();

const callerOfItsOwn = (): Caller => ({
  tenantId: newId("tenant"),
  actorId: asId("user", "usr_00000001"),
  role: "owner",
  sessionHash: "s",
});

const madeUp: Scene = {
  name: "a made-up platform that rotates",
  caller: callerOfItsOwn(),
  accountCount: 3,
  lifeMs: hourMs,
  rotates: true,
  endings: ["recovered", "lost"],
  calls: () => rotating.calls,
  beLenient: (is) => rotating.beLenient(is),
  async connect() {
    const done = value(await own.service.connectWithKeys(madeUp.caller, { platform: "rotating", keys: {} }));
    return done.connections.map(({ id }) => id);
  },
};

/** A real connector at its simulator, connected as a browser does it. */
function simulated(
  provider: string,
  facts: Pick<Scene, "name" | "accountCount" | "lifeMs" | "rotates" | "endings">,
): Scene {
  const caller = callerOfItsOwn();
  return {
    ...facts,
    caller,
    calls: () => watched.calls(provider),
    async connect() {
      const { authUrl, state } = value(await own.service.startOAuth(caller, { provider }));
      const body = new URLSearchParams({ decision: "continue" });
      const agreed = await fetch(authUrl, { method: "POST", redirect: "manual", body });
      const callback = Object.fromEntries(new URL(agreed.headers.get("location") ?? "").searchParams);
      const { grantId } = value(await own.service.finishOAuth(caller, { provider, state, callback }));
      const { accounts } = value(await own.service.getGrant(caller, grantId));
      const chosen = accounts.map(({ platform, externalId }) => ({ platform, externalId }));
      return value(await own.service.connectFromGrant(caller, { grantId, accounts: chosen })).connections.map(
        ({ id }) => id,
      );
    },
  };
}

const scenes: readonly Scene[] = [
  madeUp,
  // Fact sheets, section 3 of both: the old refresh token dies.
  simulated("x", { name: "X", accountCount: 1, lifeMs: 2 * hourMs, rotates: true, endings: ["lost"] }),
  simulated("tiktok", { name: "TikTok", accountCount: 1, lifeMs: 2 * hourMs, rotates: true, endings: ["lost"] }),
  // Refresh tokens are not rotated, so that a lost answer costs nothing.
  simulated("google", { name: "Google", accountCount: 3, lifeMs: hourMs, rotates: false, endings: ["recovered"] }),
];

before(async () => {
  database = await createTestDatabase();
  admin = openRolePool({ url: database.url, role: "postd_migrate", max: 2 });
  rotating = await startRotatingProvider();
  const clock = { now: () => new Date(Date.now() + offsetMs) };
  host = await createSimulatorHost({ definitions: watched.definitions, port: 0, clock });
  for (const { caller } of scenes)
    await admin.pool.query("insert into tenants (id, name, slug, created_at) values ($1, $1, $1, now())", [
      caller.tenantId,
    ]);
  const hosts = simulatorDefinitions.flatMap((one) => one.hosts);
  const world: SignInWorld = {
    databaseUrl: database.url,
    dataDir,
    rotatingUrl: rotating.url,
    simulated: {
      platforms: simulatorDefinitions.flatMap(({ platforms }) => platforms),
      appCredentials: Object.assign({}, ...simulatorDefinitions.map(({ appCredentials }) => appCredentials)),
      hostMap: [...simulatorHostMap(hosts, host.url)],
    },
  };
  own = await openSignInProcess(world);
  crew = createCrew(world);
});
after(async () => {
  crew?.kill();
  await own?.close();
  await admin?.close();
  await rotating?.close();
  await host?.close();
  await database?.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

function value<T>(result: Result<T, ServiceError>): T {
  if (!result.ok) assert.fail(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}

async function advance(ms: number): Promise<void> {
  offsetMs += ms;
  await setClockOffset(admin.pool, offsetMs);
  await own.clock.sync();
}

async function connect(scene: Scene): Promise<readonly [ConnectionId, ...ConnectionId[]]> {
  const [first, ...others] = (await scene.connect()).map((id) => asId("connection", id));
  assert.ok(first);
  assert.equal(others.length, scene.accountCount - 1);
  return [first, ...others];
}

function idsIn(scene: Scene): readonly [ConnectionId, ...ConnectionId[]] {
  const ids = idsOf.get(scene);
  assert.ok(ids, "it is connected");
  return ids;
}

const openAll = (scene: Scene) => crew.openAll(scene.caller.tenantId, idsIn(scene));

const rows = async (sql: string, { caller }: Scene) => (await admin.pool.query(sql, [caller.tenantId])).rows;
const signIn = async (scene: Scene) => {
  const [only, ...others] = await rows("select * from platform_sign_ins where tenant_id = $1", scene);
  assert.equal(others.length, 0, "one sign-in, however many accounts");
  return only;
};

/** They come while the dead one's lease holds, and it runs out under them. */
async function openAllAfterIt(scene: Scene): Promise<readonly string[]> {
  const before = scene.calls().length;
  const opened = openAll(scene);
  await crew.allWait();
  assert.equal(scene.calls().length, before, "nobody asks while the lease holds");
  await advance(61_000);
  const said = await opened;
  assert.equal(scene.calls().length, before + 1, "one of them takes over");
  return said;
}

/** All have the token that the platform gave last. */
function assertOneToken(scene: Scene, said: readonly string[]): void {
  assert.deepEqual(said, [sha256Hex(scene.calls().at(-1)?.issued ?? "")]);
}

async function killBetweenAnswerAndStoring(scene: Scene): Promise<void> {
  const before = scene.calls().length;
  const [id] = idsIn(scene);
  await advance(scene.lifeMs);
  await crew.openAndDie(scene.caller.tenantId, id);
  assert.equal(scene.calls().length, before + 1);
  assert.ok(scene.calls().at(-1)?.issued, "the platform did renew");
  assert.ok((await signIn(scene)).refresh_intent_at, "the intent stays");
}

for (const scene of scenes) {
  const { name, accountCount, rotates, endings } = scene;
  const whose = `${accountCount === 1 ? "an account" : `${accountCount} accounts of one sign-in`} at ${name}`;

  test(`${whose}, opened by ${processCount} processes at once: one refresh each time`, async () => {
    await crew.gather(processCount);
    idsOf.set(scene, await connect(scene));
    for (let round = 1; round <= 3; round += 1) {
      await advance(scene.lifeMs);
      assertOneToken(scene, await openAll(scene));
      assert.equal(scene.calls().length, round);
      assert.equal((await signIn(scene)).credential_version, 1 + round);
    }
    const given = new Set(scene.calls().map((call) => call.given));
    assert.equal(given.size, rotates ? 3 : 1, rotates ? "no refresh token was given twice" : "it stays the same");
  });

  test(`${whose}, expired and found by ${workerCount} workers in ${workerProcesses} processes at once: one call, and all go on`, async (t) => {
    const before = scene.calls().length;
    await advance(scene.lifeMs);
    const begun = performance.now();
    const said = await crew.openMany(scene.caller.tenantId, idsIn(scene), {
      processes: workerProcesses,
      each: workerCount / workerProcesses,
    });
    t.diagnostic(
      `${name}: ${said.length} workers in ${workerProcesses} processes, ${scene.calls().length - before} call at the platform, all on after ${Math.round(performance.now() - begun)} ms`,
    );
    assert.equal(said.length, workerCount);
    assertOneToken(scene, [...new Set(said)]);
    assert.equal(scene.calls().length, before + 1);
  });

  if (endings.includes("recovered"))
    test(`${whose}, killed between answer and storing where that is forgiven: one of ${processCount} recovers it, and the history says so`, async () => {
      scene.beLenient?.(true);
      await killBetweenAnswerAndStoring(scene);
      assertOneToken(scene, await openAllAfterIt(scene));
      const told = await rows(
        "select 1 from connection_audit where tenant_id = $1 and action = 'refreshed' and detail ? 'afterCutOffAt'",
        scene,
      );
      assert.equal(told.length, accountCount, "every account is told");
      const row = await signIn(scene);
      assert.deepEqual([row.status, row.refresh_intent_at], ["healthy", null]);
    });

  if (endings.includes("lost"))
    test(`${whose}, killed between answer and storing where that is not forgiven: all ask for a new sign-in and say why`, async () => {
      scene.beLenient?.(false);
      await killBetweenAnswerAndStoring(scene);
      for (const said of await openAllAfterIt(scene)) assert.match(said, /cut off before its answer was stored/);
      const [spent, tried] = scene.calls().slice(-2);
      assert.deepEqual(tried, { given: spent?.given, issued: undefined }, "the platform was asked and said no");
      const shown = await rows(
        "select status, status_reason ->> 'message' as message from connections where tenant_id = $1",
        scene,
      );
      assert.equal(shown.length, accountCount);
      for (const { status, message } of shown) {
        assert.equal(status, "attention");
        assert.match(message, /cut off before its answer was stored/);
      }
      assert.equal((await signIn(scene)).status, "attention");
      const before = scene.calls().length;
      for (const said of await openAll(scene)) assert.match(said, /cut off before its answer was stored/);
      assert.equal(scene.calls().length, before, "nobody tries the dead token again");
      // One new sign-in heals all.
      assert.deepEqual([...(await connect(scene))].sort(), [...idsIn(scene)].sort());
      const [token = "", ...others] = await openAll(scene);
      assert.deepEqual([token.length, others], [64, []]);
      assert.equal(scene.calls().length, before);
    });
}

test("no simulator failed, and every process ends by itself", async () => {
  for (const { id } of simulatorDefinitions) assert.deepEqual(host.simulator(id).crashes(), []);
  await crew.dismiss();
});
