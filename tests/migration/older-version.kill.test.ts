import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type ApiSession, openSession } from "@postd/testkit/api";
import { createProcessSystem, type Part, type ProcessSystem, type Version } from "@postd/testkit/processes";
import { Rounds, type Trouble } from "../kill/rounds.ts";
import { type Actor, type Job, type Scenario, Stage } from "../kill/stage.ts";
import { unpackOlderVersion } from "./older-version.ts";

const bothKnow: readonly Scenario[] = ["bluesky image", "facebook photo", "instagram carousel"];
const thisVersion: Version = {};
const minuteMs = 60_000;

let system: ProcessSystem;
let older: Awaited<ReturnType<typeof unpackOlderVersion>>;
let stage: Stage;
let olderRounds: Rounds;
let actors: readonly Actor[];
/** This version's http process, which changes the database under the older ones. */
let beside: { readonly part: Part; readonly url: string };

before(async () => {
  older = await unpackOlderVersion();
  system = await createProcessSystem();
  const http = await system.startHttp(older);
  stage = new Stage(system, http, await system.startWorker(older));
  await system.sim("POST", "meta/act", { action: "setProcessing", videoMs: 3_000 });
  actors = (await Promise.all(bothKnow.map((scenario) => stage.connect(scenario, 1)))).flat();
  olderRounds = await Rounds.prepare(stage, bothKnow);
  await everyPostOnce("before");
  beside = await system.startHttpBeside();
});
after(async () => {
  await (stage ?? system)?.close();
  await older?.remove();
});

/** A post of each account, taken by the process that `through` names, is published and live once. */
async function everyPostOnce(
  when: string,
  through: (index: number) => ApiSession | undefined = () => undefined,
): Promise<void> {
  const orders = actors.map((actor, index) => ({
    ...actor,
    session: through(index) ?? actor.session,
    text: `${actor.scenario} ${when}`,
  }));
  const jobs = await stage.settle(await Promise.all(orders.map((order) => stage.publish(order, order.text))));
  assert.deepEqual(
    jobs.map(({ state, heldReason, failure }) => failure ?? heldReason ?? state),
    orders.map(() => "published"),
  );
  const posts = await stage.posts();
  assert.deepEqual(
    orders.map(({ text }) => posts.filter((post) => post.text === text).length),
    orders.map(() => 1),
  );
}

/** What went wrong in a process, but for statements and sessions that were ended when the database was changed. */
const complaints = (part: Part): readonly string[] =>
  part
    .said()
    .split("\n")
    .filter((line) => /"level":[456]0.*"err(or)?":/.test(line) && !line.includes("terminating connection"));

/** Each account with its workspace's way in through the older version's process and through this version's. */
async function withBothDoors(): Promise<readonly (Actor & { readonly doors: readonly [ApiSession, ApiSession] })[]> {
  const scopes = ["posts:read", "posts:write", "connections:read", "connections:write"];
  return Promise.all(
    actors.map(async (actor) => {
      const { key } = await actor.session.must("POST", "/api/api-keys", { name: `Beside ${actor.scenario}`, scopes });
      return { ...actor, doors: [actor.session, openSession(beside.url, { apiKey: key })] };
    }),
  );
}

/** When every call of the wave is held, its worker is killed, and one of that version goes on. */
const goesOnAs =
  (version: () => Version): Trouble =>
  async (stage, actors, jobIds) => {
    await stage.allHeld(actors, jobIds);
    await stage.worker.end("SIGKILL");
    await stage.noneHeld();
    stage.worker = await stage.system.startWorker(version());
  };
const hold = { fault: "hold" } as const;

test("processes of an older version go on without an error on a database this version has changed under them", async () => {
  await everyPostOnce("after the change");
  assert.deepEqual([...complaints(stage.worker), ...complaints(stage.http)], []);
});

test("a post that an older version's worker was killed at, at any call, is finished by this version's, once", (t) =>
  olderRounds.run(t, { name: "taken over", fault: hold, salt: 0, trouble: goesOnAs(() => thisVersion) }));

test("a post that this version's worker was killed at, at any call, is finished by an older version's, once", async (t) => {
  const rounds = await Rounds.prepare(stage, bothKnow);
  await rounds.run(t, { name: "given back", fault: hold, salt: 3, trouble: goesOnAs(() => older) });
});

test("workers of both versions at one time send each post once, and renew sign-ins so that nobody signs in again", async () => {
  const worker = await system.startWorker();
  const served = await withBothDoors();
  const statuses = (which: typeof served, what: "refresh" | "check") =>
    Promise.all(
      which.flatMap(({ doors, connectionId }) =>
        doors.map(async (door) => (await door.call("POST", `/api/connections/${connectionId}/${what}`)).body.status),
      ),
    );
  for (const round of [0, 1]) {
    const renewed = await statuses(
      served.filter(({ simulator }) => simulator === "bluesky"),
      "refresh",
    );
    assert.deepEqual(renewed, ["healthy", "healthy"]);
    await everyPostOnce(`beside each other ${round}`, (index) => served[index]?.doors[(index + round) % 2]);
    // A Bluesky session ends within two hours.
    await system.advance(55 * minuteMs);
    await system.advance(55 * minuteMs);
  }
  assert.deepEqual(new Set(await statuses(served, "check")), new Set(["healthy"]));
  assert.deepEqual([...complaints(worker), ...complaints(stage.worker)], []);
  const [left] = await system.query<{ n: number }>(
    "select count(*)::int as n from connections c left join platform_sign_ins s on s.id = c.sign_in_id where s.id is null or s.unjoined",
  );
  assert.equal(left?.n, 0);
  await worker.end();
});

test("an older version's worker leaves new platforms and disabled accounts to this version's", async () => {
  const olderHttp = stage.http;
  await olderHttp.end();
  stage.http = await system.startHttp();
  const [page] = await stage.connect("linkedin picture", 1);
  const [plain, disabled] = await stage.connect("bluesky image", 2);
  assert.ok(page && plain && disabled);
  const setDisabled = (value: boolean) =>
    disabled.session.must("PATCH", `/api/connections/${disabled.connectionId}`, { disabled: value });
  await setDisabled(true);
  const waiting = [
    await stage.publish(page, "Of a new platform"),
    await stage.publish(disabled, "To a disabled account"),
  ];
  // The older one alone, and past both.
  await stage.settle([await stage.publish(plain, "After both")]);
  const reasons = (jobs: readonly Job[]) => {
    const byId = new Map(jobs.map(({ id, state, heldReason }) => [id, heldReason ?? state]));
    return waiting.map((id) => byId.get(id));
  };
  assert.deepEqual(reasons(await stage.jobs(waiting)), ["scheduled", "scheduled"]);
  await stage.worker.end();
  stage.worker = await system.startWorker();
  const rests = ({ heldReason }: Job) => heldReason === "disabled";
  assert.deepEqual(reasons(await stage.settle(waiting, rests)), ["published", "disabled"]);
  await setDisabled(false);
  await stage.settle(waiting);
  const posts = await stage.posts();
  for (const text of ["Of a new platform", "To a disabled account"])
    assert.equal(posts.filter((post) => post.text === text).length, 1, text);
});
