import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiSession, openSession } from "@postd/testkit/api";
import { chance, seed } from "./chance.ts";
import { type Actor, openStage, type Stage } from "./stage.ts";

const twinRounds = 200;
const keyedRounds = 50;
const deletions = 70;
const atOnce = 10;

let stage: Stage;
let actors: readonly Actor[];
/** The same workspace through two processes. */
let doors: readonly [ApiSession, ApiSession];
before(async () => {
  stage = await openStage();
  const [beside, connected] = await Promise.all([stage.system.startHttpBeside(), stage.connect("facebook text", 5)]);
  actors = connected;
  const { session } = actorOf(0);
  const scopes = ["posts:read", "posts:write"];
  const keyOf = async (name: string) => (await session.must("POST", "/api/api-keys", { name, scopes })).key;
  doors = [
    openSession(stage.system.url, { apiKey: await keyOf("first") }),
    openSession(beside.url, { apiKey: await keyOf("second") }),
  ];
});
after(() => stage?.close());

function actorOf(round: number): Actor {
  const actor = actors[round % actors.length];
  if (!actor) throw new Error("no accounts");
  return actor;
}

/** Calls `one` for every round, a few at the same time. */
async function inRounds<T>(count: number, one: (round: number) => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  let next = 0;
  const runner = async () => {
    for (let round = next++; round < count; round = next++) done[round] = await one(round);
  };
  await Promise.all(Array.from({ length: atOnce }, runner));
  return done;
}

const bothDoors = (body: object) => Promise.all(doors.map((door) => door.call("POST", "/api/publish", body)));

async function liveTexts(): Promise<Map<string, number>> {
  const posts = await stage.posts();
  return new Map([...Map.groupBy(posts, ({ text }) => text)].map(([text, own]) => [text, own.length]));
}

test("of two identical requests without a key at the same moment, through two http processes, one is taken and one is live", async (t) => {
  const text = (round: number) => `Twice at once ${round}`;
  const told = await inRounds(twinRounds, (round) =>
    bothDoors({ connectionId: actorOf(round).connectionId, payload: { content: text(round) } }),
  );
  for (const both of told) {
    const statuses = both.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [202, 409], JSON.stringify(both.map(({ body }) => body)));
    const [taken, refused] = both[0]?.status === 202 ? both : [both[1], both[0]];
    assert.equal(refused?.body.code, "conflict");
    assert.ok(refused.body.detail.includes(taken?.body.id), "the refusal names the job that was taken");
  }
  await stage.settle(told.map((both) => both.find(({ status }) => status === 202)?.body.id));
  const live = await liveTexts();
  const wrong = told.map((_, round) => live.get(text(round)) ?? 0).filter((count) => count !== 1);
  assert.deepEqual(wrong, []);
  const first = told.filter((both) => both[0]?.status === 202).length;
  t.diagnostic(`${twinRounds} rounds, ${first} taken by the first process, ${twinRounds - first} by the second`);
});

test("of two requests with one key at the same moment, through two http processes, both are told the same job", async () => {
  const text = (round: number) => `One key ${round}`;
  const told = await inRounds(keyedRounds, (round) =>
    bothDoors({
      connectionId: actorOf(round).connectionId,
      payload: { content: text(round), idempotencyKey: randomUUID() },
    }),
  );
  for (const [one, other] of told)
    assert.deepEqual([one?.status, other?.status, one?.body.id], [202, 202, other?.body.id]);
  await stage.settle(told.map(([one]) => one?.body.id));
  const live = await liveTexts();
  assert.deepEqual(
    told.map((_, round) => live.get(text(round)) ?? 0).filter((count) => count !== 1),
    [],
  );
});

test("a deletion at the moment of the claim: what was told to be canceled is never live, what is live was told so", async (t) => {
  const next = chance("deletions");
  const waits = Array.from({ length: deletions }, () => next() * 20);
  const text = (round: number) => `Deleted at once ${round}`;
  const told = await inRounds(deletions, async (round) => {
    const [door, other] = doors;
    const order = { connectionId: actorOf(round).connectionId, payload: { content: text(round) } };
    const { id, postId } = await door.must("POST", "/api/publish", order);
    await delay(waits[round]);
    const { status, body } = await other.call("DELETE", `/api/posts/${postId}`);
    return { id, postId, status, change: body.changes?.[0]?.change };
  });
  const jobs = new Map((await stage.settle(told.map(({ id }) => id))).map((job) => [job.id, job]));
  const live = await liveTexts();
  const wrong: string[] = [];
  const counts = new Map<string, number>();
  for (const [round, { id, postId, status, change }] of told.entries()) {
    const state = jobs.get(id)?.state;
    const count = live.get(text(round)) ?? 0;
    const isListed = (await doors[0].call("GET", `/api/posts/${postId}`)).status === 200;
    const end = `${status} ${change}: ${state}, ${count} live${isListed ? "" : ", gone"}`;
    counts.set(end, (counts.get(end) ?? 0) + 1);
    const isTrue =
      (status === 200 && change === "canceled" && state === "canceled" && count === 0 && !isListed) ||
      (status === 200 && change === "left_live" && state === "published" && count === 1) ||
      (status === 202 && state === "canceled" && count === 0 && !isListed) ||
      (status === 202 && state === "published" && count === 1 && isListed);
    if (!isTrue) wrong.push(end);
  }
  t.diagnostic(`${deletions} deletions, seed ${seed}: ${[...counts].map(([end, n]) => `${n} × ${end}`).join("; ")}`);
  assert.deepEqual(wrong, []);
  assert.ok(
    [...counts.keys()].some((end) => end.includes("200 canceled")),
    "no deletion came in time",
  );
});
