import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { openListener } from "./listen.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

let database: TestDatabase;
let client: pg.Client;

before(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
after(async () => {
  await client.end();
  await database.drop();
});

/** Calls of one channel, awaitable one by one. */
function inbox() {
  const seen: (string | undefined)[] = [];
  let wake = () => {};
  return {
    push(payload?: string) {
      seen.push(payload);
      wake();
    },
    async next() {
      while (seen.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return seen.shift();
    },
  };
}

test("a subscriber is called once when listening begins and then for each notification", async () => {
  const listener = openListener({ url: database.url });
  const first = inbox();
  listener.subscribe("news", first.push);
  assert.equal(await first.next(), undefined);
  await client.query("notify news, 'one'");
  assert.equal(await first.next(), "one");

  const late = inbox();
  listener.subscribe('oth"er', late.push);
  assert.equal(await late.next(), undefined);
  await client.query(`notify "oth""er", 'two'`);
  assert.equal(await late.next(), "two");
  await listener.close();
});

test("a killed session comes back by itself and tells subscribers that news may be lost", async () => {
  const errors: Error[] = [];
  const listener = openListener({ url: database.url, onError: (error) => errors.push(error) });
  const news = inbox();
  listener.subscribe("news", news.push);
  assert.equal(await news.next(), undefined);
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'postd_listener' and datname = current_database()",
  );
  assert.equal(await news.next(), undefined);
  await client.query("notify news, 'again'");
  assert.equal(await news.next(), "again");
  assert.ok(errors.length > 0);
  await listener.close();
});

test("an ended subscription hears nothing more", async () => {
  const listener = openListener({ url: database.url });
  const ended = inbox();
  const other = inbox();
  const end = listener.subscribe("news", ended.push);
  listener.subscribe("news", other.push);
  await listener.ready();
  end();
  await client.query("notify news, 'late'");
  while ((await other.next()) !== "late");
  assert.equal(await ended.next(), undefined);
  const { promise, resolve } = Promise.withResolvers<string>();
  ended.next().then(() => resolve("heard"));
  setImmediate(() => resolve("silence"));
  assert.equal(await promise, "silence");
  await listener.close();
});
