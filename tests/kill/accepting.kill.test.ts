import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Actor, openStage, type Stage } from "./stage.ts";

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.close());

/** One post as its author's program sends it: with a key of its own, again until there is an answer. */
interface Order {
  readonly actor: Actor;
  readonly content: string;
  readonly key: string;
}

interface Told {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the tests assert.
  readonly body: any;
}

const ordersFor = (actors: readonly Actor[], count: number, about: string): Order[] =>
  Array.from({ length: count }, (_, at): Order => {
    const actor = actors[at % actors.length];
    if (!actor) throw new Error("no accounts");
    return { actor, content: `${about} ${at}`, key: randomUUID() };
  });

/** One try; undefined where the connection broke or nobody listened. */
async function send({ actor, content, key }: Order): Promise<Told | undefined> {
  const payload = { content, mediaIds: actor.mediaIds, idempotencyKey: key };
  try {
    return await actor.session.call("POST", "/api/publish", { connectionId: actor.connectionId, payload });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Every order is one job, the one its answer names, and one post with its text and picture. */
async function mustBeOnce(orders: readonly Order[], jobIds: readonly string[]): Promise<void> {
  const jobs = await stage.settle(jobIds);
  assert.deepEqual(
    jobs.filter(({ state }) => state !== "published"),
    [],
  );
  const counted = await stage.system.query<{ text: string; n: number }>(
    "select content ->> 'text' as text, count(*)::int as n from publish_jobs where content ->> 'text' = any($1) group by 1",
    [orders.map(({ content }) => content)],
  );
  assert.equal(counted.length, orders.length);
  assert.deepEqual(
    counted.filter(({ n }) => n !== 1),
    [],
  );
  const posts = await stage.posts();
  for (const { actor, content } of orders) {
    const live = posts.filter(({ text }) => text === content);
    assert.deepEqual(
      live.map(({ accountId, media }) => [accountId, ...media.map(({ sha256 }) => sha256)]),
      [[actor.accountId, ...actor.sha256]],
      content,
    );
  }
}

test("an http process killed with -9 while it accepts posts makes one job of each, however often it is sent", async (t) => {
  const actors = await stage.connect("bluesky image", 4);
  const orders = ordersFor(actors, 60, "Accepted under kill");
  let answered = 0;
  const first = await Promise.all(
    orders.map(async (order) => {
      const told = await send(order);
      answered += 1;
      if (answered === 5) await stage.http.end("SIGKILL");
      return told;
    }),
  );
  const broken = first.filter((told) => told === undefined).length;
  assert.ok(broken > 0 && broken < orders.length, `${broken} of ${orders.length} were broken off`);
  stage.http = await stage.system.startHttp();
  const again = await Promise.all(orders.map(send));
  for (const [at, told] of again.entries()) {
    assert.ok(told && told.status < 300, `${JSON.stringify(told?.body)}\n${stage.said()}`);
    if (first[at]) assert.equal(told.body.id, first[at].body.id);
  }
  t.diagnostic(`${orders.length} posts, ${broken} answers lost, every one sent a second time`);
  await mustBeOnce(
    orders,
    again.map((told) => told?.body.id),
  );
});

test("a database killed with -9 under load answers 503 with a reason, comes back by itself, and every post goes out once", async (t) => {
  const actors = await stage.connect("bluesky image", 4);
  const orders = ordersFor(actors, 120, "Accepted under load");
  const refused: Told[] = [];
  const waiting = [...orders];
  const jobIds = new Map<Order, string>();
  const back: Promise<void>[] = [];
  const client = async () => {
    for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
      for (;;) {
        const told = await send(order);
        assert.ok(told, "the http process went away with the database");
        if (told.status < 300) {
          jobIds.set(order, told.body.id);
          break;
        }
        refused.push(told);
        // As a client does that reads `Retry-After`, only faster.
        await delay(100);
      }
      if (jobIds.size === 30 || jobIds.size === 80) back.push(stage.system.killDatabase().isBack());
    }
  };
  await Promise.all(Array.from({ length: 6 }, client));
  await Promise.all(back);
  assert.equal(back.length, 2);
  assert.ok(refused.length > 0, "nobody noticed that the database was gone");
  for (const { status, body } of refused) {
    assert.deepEqual([status, body.code], [503, "unavailable"], `${JSON.stringify(body)}\n${stage.said()}`);
    assert.match(body.detail, /database/);
  }
  t.diagnostic(`${orders.length} posts, 2 kills, ${refused.length} answers of 503`);
  await mustBeOnce(orders, [...jobIds.values()]);
});
