import assert from "node:assert/strict";
import { test } from "node:test";
import type { InboxItem } from "../../ports/inbox.ts";
import { createRequestKeeper } from "./keep-request.ts";

const away = new Error("no database");
const item = (id: string): InboxItem => ({
  id,
  provider: "meta",
  appId: "instance",
  clientIds: [],
  headers: {},
  query: {},
  body: new Uint8Array(),
});

/** A keeper over a database that does what `state` says, and a spool in memory. */
function keeper() {
  const state = { database: "up" as "up" | "away" | "hangs" | "refuses", isFull: false, breaks: false };
  const rows = new Set<string>();
  let spooled: InboxItem[] = [];
  let asked = 0;
  let late: (() => void) | undefined;
  const made = createRequestKeeper({
    inbox: {
      async store({ id }) {
        asked += 1;
        if (state.database === "away") throw away;
        if (state.database === "refuses" && id === "odd") throw new Error("a value out of range");
        if (state.database === "hangs") await new Promise(() => {});
        rows.add(id);
      },
    },
    spool: {
      async put(one) {
        if (state.breaks) throw new Error("no space left on device");
        if (state.isFull) return "full";
        spooled.push(one);
        return "kept";
      },
      async drain(store) {
        const left: InboxItem[] = [];
        let stored = 0;
        for (const one of spooled)
          if ((await store(one)) === "stored") stored += 1;
          else left.push(one);
        spooled = left;
        return stored;
      },
      standing: () => ({ items: spooled.length, bytes: 0 }),
    },
    isPassing: (error) => error === away,
    sleep: () => new Promise((done) => (late = done)),
    clock: { now: () => new Date("2030-01-01T00:00:00Z") },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  return { ...made, state, rows, spooled: () => spooled, asked: () => asked, isLate: () => late?.() };
}

test("while the database is away nobody asks it again until draining came through, and then each is there", async () => {
  const it = keeper();
  it.state.database = "away";
  assert.deepEqual(
    [await it.keep(item("a")), await it.keep(item("b")), await it.keep(item("c"))],
    ["kept", "kept", "kept"],
  );
  assert.equal(it.asked(), 1);
  assert.equal(await it.drain(), 0);
  assert.equal(it.spooled().length, 3);
  assert.equal(
    it.spooled()[0]?.receivedAt?.toISOString(),
    "2030-01-01T00:00:00.000Z",
    "when it came, not when it was stored",
  );
  it.state.database = "up";
  assert.equal(await it.drain(), 3);
  assert.equal(await it.keep(item("d")), "kept");
  assert.deepEqual([[...it.rows], it.spooled()], [["a", "b", "c", "d"], []]);
});

test("a database that takes longer than a second is not waited for", async () => {
  const it = keeper();
  it.state.database = "hangs";
  const kept = it.keep(item("a"));
  it.isLate();
  assert.equal(await kept, "kept");
  assert.equal(it.spooled().length, 1);
});

test("what can be kept nowhere is not called kept", async () => {
  const it = keeper();
  it.state.database = "away";
  it.state.isFull = true;
  assert.equal(await it.keep(item("a")), "full");
  it.state.breaks = true;
  assert.equal(await it.keep(item("b")), "full");
});

test("one the database refuses for what it is keeps no other waiting, and a fault of ours is thrown and not hidden", async () => {
  const it = keeper();
  it.state.database = "away";
  for (const id of ["a", "odd", "b"]) await it.keep(item(id));
  it.state.database = "refuses";
  assert.equal(await it.drain(), 2);
  assert.deepEqual(
    it.spooled().map(({ id }) => id),
    ["odd"],
  );
  await assert.rejects(it.keep(item("odd")), /out of range/);
});
