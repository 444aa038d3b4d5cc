import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Budget } from "@postd/connector-kit";
import { bareProvider } from "@postd/connector-kit/conformance";
import { asId, type PublishRequest } from "@postd/contracts";
import { type Budgets, type Caller, createBudgetBook, type PipelineDeps, runJob } from "@postd/core";
import { createBudgetLedger } from "../adapters/postgres/budgets-repo.ts";
import { createLedger } from "../adapters/postgres/ledger/ledger.ts";
import { createHarness, keyOf } from "./pipeline-harness.ts";

const minuteMs = 60_000;
const checkedOn = "2026-11-20";

describe("the claim of a post and the budgets of its platform", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let caller: Caller;
  let connectionId: string;
  let texts = 0;
  let budgets: readonly Budget[] = [];
  const books: Budgets[] = [];

  before(async () => {
    h = await createHarness();
  });
  after(() => h.close());
  beforeEach(async () => {
    await h.forget();
    books.length = 0;
    ({ caller, connectionId } = await h.tenant());
    Object.assign(h.platform, { live: [], script: [], calls: 0, deeds: [], removed: [] });
  });

  /** A process of its own: what it counts in memory no other knows. */
  function worker(name: string): PipelineDeps {
    const platform = { ...h.platformFacets, budgets };
    const provider = bareProvider([platform]);
    const ledger = createBudgetLedger(h.app.db, h.system.db);
    const book = createBudgetBook({
      registry: { get: () => platform, providerOf: () => provider, all: () => [platform] },
      ledger,
      limits: new Map(),
      log: { warn() {} },
      monotonicMs: () => performance.now(),
    });
    books.push(book);
    return { ...h.deps(name), ledger: createLedger(h.app.db, {}, { book, ledger }) };
  }
  const publish = async (payload: Partial<PublishRequest["payload"]> = {}) => {
    texts += 1;
    const made = await h.service.publish(caller, {
      connectionId: asId("connection", connectionId),
      payload: { content: `text ${texts}`, ...payload },
    });
    assert.ok(made.ok, JSON.stringify(made));
    return made.value.view.id;
  };
  const job = async (id: string) => {
    const found = await h.service.getJob(caller, asId("publishJob", id));
    assert.ok(found.ok);
    return found.value;
  };
  /** All that is due, at once, by workers in turn. */
  async function workAll(workers: readonly PipelineDeps[]): Promise<number> {
    const tasks = await h.due.takeDue(1_000);
    await Promise.all(
      tasks.map((task, i) => {
        const deps = workers[i % workers.length];
        assert.ok(deps);
        return runJob(keyOf(task), deps);
      }),
    );
    return tasks.length;
  }
  async function settle(workers: readonly PipelineDeps[], turns = 60): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) {
      if ((await workAll(workers)) > 0) continue;
      const nextMs = await h.due.nextDueInMs();
      if (nextMs === undefined) return;
      await h.advance(Math.ceil(nextMs) + 1);
    }
  }

  it("lets no two workers take the last place: of 30 due at once never more than the limit in any minute, and all go out", async (t) => {
    budgets = [
      {
        ...{ id: "edits", label: "changes in a minute", scope: "account", window: { rollingMs: minuteMs }, limit: 10 },
        ...{ costs: { posts: 1 }, perTry: true, checkedOn },
      },
    ];
    const workers = [worker("w1"), worker("w2"), worker("w3")];
    const ids: string[] = [];
    for (let i = 0; i < 30; i += 1) ids.push(await publish());
    await workAll(workers);
    const first = h.platform.live.length;
    assert.equal(first, 10);
    const states = (await Promise.all(ids.map(job))).filter(({ state }) => state !== "published");
    assert.equal(states.length, 20);
    for (const { tries, nextAt, failure } of states) {
      assert.equal(tries, 0);
      assert.ok(Date.parse(nextAt ?? "") > h.clock.now().getTime());
      assert.match(String(failure?.message), /10 of 10 changes in a minute are used/);
    }
    await settle(workers);
    const times = h.platform.live.map(({ at }) => at.getTime()).toSorted((a, b) => a - b);
    const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + minuteMs).length));
    t.diagnostic(`30 posts, 3 workers: ${first} at once, at most ${most} in any minute, ${times.length} live`);
    assert.deepEqual([most, times.length], [10, 30]);
    assert.deepEqual([...new Set((await Promise.all(ids.map(job))).map(({ failure }) => failure))], [undefined]);
  });

  it("counts a post once, however often it is tried and taken up again", async () => {
    budgets = [
      {
        ...{ id: "posts", label: "posts in 24 hours", scope: "account", window: { rollingMs: 24 * 60 * minuteMs } },
        ...{ limit: 25, costs: { posts: 1 }, checkedOn },
      },
    ];
    const one = worker("w1");
    h.platform.script = [
      { kind: "unavailable", message: "Not now." },
      { kind: "unavailable", message: "Not now." },
    ];
    const id = await publish();
    await settle([one]);
    assert.equal((await job(id)).state, "published");
    const [book] = books;
    const of = book?.ofPlatform(h.platformFacets.id);
    assert.ok(book && of);
    const ledger = createBudgetLedger(h.app.db, h.system.db);
    const asked = book.asked({
      jobId: id,
      connectionId,
      platform: h.platformFacets.id,
      deed: { kind: "post", post: { format: "text" } },
      spentAt: undefined,
    });
    const [standing] = await ledger.standings(
      { tenantId: caller.tenantId, connectionId: asId("connection", connectionId) },
      asked,
    );
    assert.equal(standing?.used, 1);
  });

  it("lets a removal wait as well, and the post stays as it was meanwhile", async () => {
    budgets = [
      {
        ...{
          id: "deletes",
          label: "deletions in a minute",
          scope: "account",
          window: { rollingMs: minuteMs },
          limit: 1,
        },
        ...{ costs: { removals: 1 }, checkedOn },
      },
    ];
    const one = worker("w1");
    const ids = [await publish(), await publish()];
    await settle([one]);
    for (const id of ids) assert.ok((await h.service.removeJob(caller, asId("publishJob", id))).ok);
    await workAll([one]);
    const states = async () => (await Promise.all(ids.map(job))).map(({ state }) => state).toSorted();
    assert.deepEqual(await states(), ["published", "removed"]);
    await settle([one]);
    assert.deepEqual([await states(), h.platform.removed.length], [["removed", "removed"], 2]);
  });

  it("asks nobody about a big budget that is far from its end, and still counts it", async (t) => {
    budgets = [
      {
        ...{ id: "points", label: "points in an hour", scope: "account", window: { rollingMs: 60 * minuteMs } },
        ...{ limit: 5_000, costs: { posts: 3 }, checkedOn },
      },
    ];
    const one = worker("w1");
    for (let i = 0; i < 20; i += 1) await publish();
    await settle([one]);
    const used = async () =>
      (
        await h.admin.$client.query(
          "select coalesce(sum(u), 0)::int as used from rate_budgets, unnest(spent_units) as u where budget like '%.points'",
        )
      ).rows[0].used;
    const before = await used();
    await Promise.all(books.map((book) => book.flush()));
    assert.deepEqual([h.platform.live.length, await used()], [20, 60]);
    t.diagnostic(`60 points: ${before} in claims, ${60 - before} with the next writing`);
  });
});
