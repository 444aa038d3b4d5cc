import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isComplete } from "./chance.ts";
import { type Actor, openStage, type Scenario, type Stage } from "./stage.ts";

/** Where a worker is when it dies, for jobs of one account: in a call nobody sees, or in the one that shows the post. */
interface Place {
  readonly scenario: Scenario;
  readonly path: string;
  readonly at: "before" | "after";
}
const allPlaces: readonly Place[] = [
  { scenario: "bluesky image", path: "uploadBlob$", at: "before" },
  { scenario: "bluesky thread", path: "putRecord$", at: "after" },
  { scenario: "facebook photo", path: "/photos$", at: "before" },
  { scenario: "facebook text", path: "/\\d+_\\d+$", at: "before" },
];
const jobsEach = 10;
/** At home two kills, and no call that takes longer than the usual time-out. */
const isWhole = isComplete || process.env.CI === "true";
const kills = isWhole ? 5 : 2;
const places = isWhole ? allPlaces : allPlaces.slice(0, 3);
/** Beyond this a job whose worker died outside a visible call has been forgotten. */
const invisibleMs = 60_000;
/** What a visible call costs beside its own time-out and the platform's settling. */
const visibleSlackMs = 15_000;
const heldWithinMs = 25_000;
const pollMs = 200;

let stage: Stage;
before(async () => {
  stage = await openStage({ workerConcurrency: 60 });
});
after(() => stage?.close());

interface Caught {
  readonly jobId: string;
  readonly fence: number;
  readonly killedAt: number;
  readonly group: string;
  readonly limitMs: number;
  movedMs: number | undefined;
}

interface CaughtRow {
  readonly id: string;
  readonly fence: string;
  readonly mayBeLive: boolean;
  readonly timeoutMs: number;
  readonly settleMs: number;
}

/** Ten jobs of each tenant, each held at its place, and the worker killed there and started again at once. */
async function killOnce(crew: readonly (readonly [Place, Actor])[], count: number): Promise<Caught[]> {
  await stage.clearFaults();
  for (const [{ path, at }, { simulator, accountId }] of crew)
    await stage.system.sim("POST", `${simulator}/faults`, {
      fault: "hold",
      at,
      times: jobsEach,
      match: { account: accountId, method: "POST", path },
    });
  const ids = await Promise.all(
    crew.flatMap(([, actor]) =>
      Array.from({ length: jobsEach }, (_, at) => stage.publish(actor, `Kill ${count}, ${actor.scenario} ${at}`)),
    ),
  );
  const deadline = performance.now() + heldWithinMs;
  while ((await stage.heldAccounts()).length < ids.length) {
    assert.ok(performance.now() < deadline, `${(await stage.heldAccounts()).length} are held\n${stage.said()}`);
    await delay(50);
  }
  const rows = await stage.system.query<CaughtRow>(
    `select id, fence, may_be_live as "mayBeLive", (step_state #>> '{pending,timeoutMs}')::int as "timeoutMs",
      (step_state #>> '{pending,settleMs}')::int as "settleMs"
     from publish_jobs where id = any($1)`,
    [ids],
  );
  const killedAt = performance.now();
  await stage.worker.end("SIGKILL");
  stage.worker = await stage.system.startWorker();
  await stage.noneHeld();
  return rows.map(({ id, fence, mayBeLive, timeoutMs, settleMs }) => ({
    jobId: id,
    fence: Number(fence),
    killedAt,
    group: mayBeLive ? `visible, time-out ${timeoutMs / 1000} s` : "invisible",
    limitMs: mayBeLive ? timeoutMs + settleMs + visibleSlackMs : invisibleMs,
    movedMs: undefined,
  }));
}

/** Notes when a living worker has claimed what a dead one held; ends when all have been, or their time is over. */
async function watch(caught: readonly Caught[], isKilling: () => boolean): Promise<void> {
  for (;;) {
    const open = caught.filter(({ movedMs }) => movedMs === undefined);
    const now = performance.now();
    if (!isKilling() && open.every(({ killedAt, limitMs }) => now - killedAt > 2 * limitMs)) return;
    const rows = await stage.system.query<{ id: string; fence: string }>(
      "select id, fence from publish_jobs where id = any($1)",
      [open.map(({ jobId }) => jobId)],
    );
    const seenAt = performance.now();
    const fences = new Map(rows.map(({ id, fence }) => [id, Number(fence)]));
    for (const one of open) if ((fences.get(one.jobId) ?? 0) > one.fence) one.movedMs = seenAt - one.killedAt;
    await delay(pollMs);
  }
}

/** Nearest rank; what never moved is last. */
function p95(group: readonly Caught[]): number {
  const sorted = group.map(({ movedMs }) => movedMs ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
}

test("what a worker killed with -9 had in its hands moves again in under a minute, and after a visible call as soon as that can be over", async (t) => {
  const crews = await Promise.all(
    Array.from({ length: kills }, () =>
      Promise.all(
        places.map(async (place) => {
          const [actor] = await stage.connect(place.scenario, 1);
          if (!actor) throw new Error("no account");
          return [place, actor] as const;
        }),
      ),
    ),
  );
  const caught: Caught[] = [];
  let isKilling = true;
  const watching = watch(caught, () => isKilling);
  for (const [count, crew] of crews.entries()) caught.push(...(await killOnce(crew, count)));
  await stage.clearFaults();
  isKilling = false;
  await watching;

  const groups = [...Map.groupBy(caught, ({ group }) => group)].sort();
  for (const [group, own] of groups) {
    const limitMs = own[0]?.limitMs ?? 0;
    const longest = Math.max(...own.map(({ movedMs }) => movedMs ?? Number.POSITIVE_INFINITY));
    t.diagnostic(
      `${own.length} jobs caught in ${kills} kills, ${group}: p95 ${(p95(own) / 1000).toFixed(1)} s, longest ${(longest / 1000).toFixed(1)} s, under ${limitMs / 1000} s`,
    );
  }
  assert.equal(caught.length, kills * places.length * jobsEach);
  assert.equal(groups.length, isWhole ? 3 : 2, "both kinds of call were caught");
  for (const [group, own] of groups) assert.ok(p95(own) < (own[0]?.limitMs ?? 0), `${group} took too long`);

  // Moving the clock from here on: what moved again comes to its end, once.
  const jobs = await stage.settle(caught.map(({ jobId }) => jobId));
  assert.deepEqual([...new Set(jobs.map(({ state }) => state))], ["published"]);
  const live = Map.groupBy(await stage.posts(), ({ accountId, text }) => `${accountId} ${text}`);
  assert.deepEqual(
    [...live].filter(([, posts]) => posts.length !== 1).map(([which]) => which),
    [],
  );
});
