import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Call, discover } from "./points.ts";
import { type Actor, scenarios as all, openStage, type Stage } from "./stage.ts";

const dayMs = 86_400_000;
/** Every call is held at once here, and a worker has slots for these; the other rounds meet the others' calls. */
const scenarios = all.filter((scenario) => !/^(linkedin|tiktok|x |mailchimp|google|threads)/.test(scenario));
/** An upload of a large video may take this long before somebody else goes on with it. */
const longestLeaseMs = 45 * 60_000;
/** The domain clock of a process asks the database every second; this is more. */
const clockLagMs = 2_500;

let stage: Stage;
let calls: readonly Call[];
before(async () => {
  stage = await openStage();
  const found = await Promise.all(
    scenarios.map(async (scenario) => {
      const [actor] = await stage.connect(scenario, 1);
      return actor ? discover(stage, actor) : [];
    }),
  );
  calls = found.flat();
});
after(() => stage?.close());

interface Cast {
  readonly call: Call;
  readonly actor: Actor;
  readonly text: string;
}

/** An account of its own for each call, which is held there. */
async function holdEach(
  which: readonly Call[],
  at: "before" | "after",
  { about, times = 1 }: { readonly about: string; readonly times?: number },
): Promise<Cast[]> {
  await stage.clearFaults();
  const actors = new Map<string, Actor[]>();
  await Promise.all(
    [...Map.groupBy(which, ({ scenario }) => scenario)].map(async ([scenario, own]) => {
      actors.set(scenario, await stage.connect(scenario, own.length));
    }),
  );
  const cast: Cast[] = [];
  for (const call of which) {
    const actor = actors.get(call.scenario)?.pop();
    if (!actor) throw new Error("a call has no account");
    const match = { account: actor.accountId, method: call.method, path: call.path };
    await stage.system.sim("POST", `${actor.simulator}/faults`, { fault: "hold", at, match, skip: call.nth, times });
    cast.push({ call, actor, text: `${about}: ${call.scenario}, ${call.shown}` });
  }
  return cast;
}

/** Calls that changed something at a platform, renewed sign-ins aside. */
async function effects(): Promise<readonly string[]> {
  const logs = await Promise.all(["bluesky", "meta"].map((id) => stage.system.sim("GET", `${id}/log`)));
  const applied: { method: string; path: string; at: string }[] = logs.flatMap((log) => log.applied);
  return applied.filter(({ path }) => !path.endsWith("refreshSession")).map(({ method, path }) => `${method} ${path}`);
}

async function mustBeLive(cast: readonly Cast[], count: number): Promise<void> {
  const posts = await stage.posts();
  const found = cast.map(({ actor, text }) => [
    text,
    ...posts
      .filter((post) => post.accountId === actor.accountId && post.text === text)
      .map(({ media }) => media.map(({ sha256 }) => sha256).join(" ")),
  ]);
  assert.deepEqual(
    found,
    cast.map(({ actor, text }) => [text, ...Array(count).fill(actor.sha256.join(" "))]),
  );
}

const states = (jobs: readonly { state: string; heldReason: string | null; failure: string | null }[]) =>
  Map.groupBy(jobs, ({ state, heldReason }) => (heldReason ? `${state}: ${heldReason}` : state));

test("a worker paused at any call, past its lease, sends nothing when it goes on", async (t) => {
  const cast = await holdEach(calls, "after", { about: "Paused" });
  const ids = await Promise.all(cast.map(({ actor, text }) => stage.publish(actor, text)));
  await stage.allHeld(
    cast.map(({ actor }) => actor),
    ids,
  );
  const paused = stage.worker;
  paused.signal("SIGSTOP");
  stage.worker = await stage.system.startWorker();
  const settled = await stage.settle(ids);
  assert.deepEqual([...states(settled).keys()], ["published"]);
  const before = await effects();

  // Here the clock was moved while it slept; on a real machine the time it reads would have passed.
  paused.signal("SIGCONT");
  await delay(clockLagMs);
  await stage.release();
  // It finishes what it was at, as far as it may, and ends.
  await paused.end("SIGTERM");
  assert.deepEqual((await effects()).slice(before.length), []);
  assert.deepEqual(await stage.jobs(ids).then((jobs) => [...states(jobs).keys()]), ["published"]);
  await mustBeLive(cast, 1);
  t.diagnostic(`${cast.length} calls`);
});

test("a worker that goes on beside the one that took over sends nothing and writes nothing over it", async () => {
  const cast = await holdEach(calls, "after", { about: "Taken over", times: 2 });
  const actors = cast.map(({ actor }) => actor);
  const ids = await Promise.all(cast.map(({ actor, text }) => stage.publish(actor, text)));
  await stage.allHeld(actors, ids);
  const paused = stage.worker;
  paused.signal("SIGSTOP");
  await stage.system.advance(longestLeaseMs);
  stage.worker = await stage.system.startWorker();
  // Now both are at the same call of each post, but where its second run needs no such call.
  await stage.allHeld(actors, ids, { times: 2, orOver: true });
  paused.signal("SIGCONT");
  await delay(clockLagMs);
  const before = await effects();
  await stage.release();
  await paused.end("SIGTERM");
  assert.deepEqual([...states(await stage.settle(ids)).keys()], ["published"]);
  await mustBeLive(cast, 1);
  const sent = (await effects()).slice(before.length);
  const most = cast.map(({ call }) => {
    const rest = calls.filter(({ scenario }) => scenario === call.scenario);
    return rest.slice(rest.indexOf(call) + 1).filter(({ method }) => method === "POST").length;
  });
  const mostSent = most.reduce((sum, count) => sum + count, 0);
  assert.ok(sent.length <= mostSent, `${sent.length} calls where one worker makes ${mostSent} at most`);
});

test("two posts with the same text, meant twice, go out once each, whichever call of the first its worker dies at", async (t) => {
  const changing = calls.filter(({ method }) => method === "POST");
  const cast = await holdEach(changing, "after", { about: "Twice" });
  const first = await Promise.all(cast.map(({ actor, text }) => stage.publish(actor, text)));
  const second = await Promise.all(cast.map(({ actor, text }) => stage.publish(actor, text, { repost: true })));
  await stage.allHeld(
    cast.map(({ actor }) => actor),
    first,
  );
  await stage.worker.end("SIGKILL");
  stage.worker = await stage.system.startWorker();
  const settled = await stage.settle([...first, ...second]);
  assert.deepEqual([...states(settled).keys()], ["published"]);
  assert.equal(new Set(settled.map(({ externalPostId }) => externalPostId)).size, settled.length);
  await mustBeLive(cast, 2);
  t.diagnostic(`${cast.length} pairs`);
});

test("a machine off for three days sends nothing by itself on waking, and what a person lets go on goes out once", async (t) => {
  const cast = await holdEach(calls, "before", { about: "Off" });
  const planned = (await Promise.all(scenarios.map((scenario) => stage.connect(scenario, 1)))).flat();
  const [{ now } = { now: "" }] = await stage.system.query<{ now: string }>("select domain_now()::text as now");
  const scheduledFor = new Date(Date.parse(now) + 2 * 3_600_000).toISOString();
  const begun = await Promise.all(cast.map(({ actor, text }) => stage.publish(actor, text)));
  await stage.allHeld(
    cast.map(({ actor }) => actor),
    begun,
  );
  const waiting = await Promise.all(
    planned.map((actor) => stage.publish(actor, `Planned: ${actor.scenario}`, { scheduledFor })),
  );
  // Everything at once, as when the power goes.
  stage.worker.signal("SIGKILL");
  stage.http.signal("SIGKILL");
  stage.system.killDatabase();
  await Promise.all([stage.worker.end(), stage.http.end()]);
  await stage.noneHeld();

  stage.http = await stage.system.startHttp();
  const before = await effects();
  const live = (await stage.posts()).length;
  await stage.system.advance(3 * dayMs);
  stage.worker = await stage.system.startWorker();
  const ids = [...begun, ...waiting];
  const woken = await stage.settle(ids);
  assert.deepEqual((await effects()).slice(before.length), []);
  assert.equal((await stage.posts()).length, live);
  const kept = [...states(woken)].map(([state, jobs]) => `${jobs.length} ${state}`);

  const texts = new Map<string, Cast>();
  for (const [at, one] of cast.entries()) texts.set(begun[at] ?? "", one);
  const held = woken.filter(({ state }) => state === "held");
  const actorOf = new Map([
    ...begun.map((id, at) => [id, cast[at]?.actor] as const),
    ...waiting.map((id, at) => [id, planned[at]] as const),
  ]);
  for (const { id } of held) await actorOf.get(id)?.session.must("POST", `/api/jobs/${id}/retry`, {});
  const sent = await stage.settle(ids);
  assert.deepEqual(
    [...states(sent).keys()],
    ["published"],
    JSON.stringify(sent.filter(({ state }) => state !== "published")),
  );
  await mustBeLive(cast, 1);
  t.diagnostic(`${ids.length} posts: ${kept.join(", ")}`);
});
