import assert from "node:assert/strict";
import { test } from "node:test";
import { type Budget, createRegistry } from "@postd/connector-kit";
import { barePlatform, bareProvider, barePublishing } from "@postd/connector-kit/conformance";
import { asId } from "@postd/contracts";
import type { BudgetEntry, BudgetLedger, BudgetStanding } from "../../ports/budgets.ts";
import { createBudgetBook } from "./budget-book.ts";

const checkedOn = "2026-11-20";
const hourMs = 3_600_000;
const budgets: readonly Budget[] = [
  {
    id: "points",
    label: "points",
    scope: "account",
    window: { rollingMs: hourMs },
    limit: 5_000,
    costs: { posts: 3 },
    checkedOn,
  },
  {
    id: "few",
    label: "few",
    scope: "account",
    window: { rollingMs: hourMs },
    limit: 10,
    costs: { posts: 1 },
    checkedOn,
  },
  { id: "calls", label: "calls", scope: "app", window: { day: "UTC" }, limit: 500, costs: { calls: 1 }, checkedOn },
  {
    id: "guess",
    label: "guess",
    scope: "account",
    window: { rollingMs: hourMs },
    limit: 9,
    costs: { posts: 1 },
    unsure: "?",
    checkedOn,
  },
  { id: "line", label: "lines", scope: "sign_in", window: "at_once", limit: 4, costs: { calls: 1 }, checkedOn },
];
const platform = barePlatform({ id: "model", publishing: barePublishing({}), budgets });
const registry = createRegistry([bareProvider([platform])]);
const connectionId = asId("connection", "con_1");
const tenantId = asId("tenant", "ten_1");
const now = new Date("2026-11-27T12:00:00Z");
const post = { kind: "post", post: { format: "text" } } as const;

function book(limits: Readonly<Record<string, number | "none">> = {}) {
  const written: BudgetEntry[][] = [];
  let nowMs = 0;
  let away = false;
  let standings: readonly BudgetStanding[] = [];
  const ledger: BudgetLedger = {
    standings: async () => standings,
    planned: async () => ({ posts: [], endsAt: undefined }),
    async record(entries) {
      if (away) throw new Error("the database is away");
      written.push([...entries]);
      return entries.map(({ connection, budget, units }) => ({ connection, budget, used: units, limit: undefined }));
    },
  };
  const made = createBudgetBook({
    registry,
    ledger,
    limits: new Map(Object.entries(limits)),
    log: { warn() {} },
    monotonicMs: () => nowMs,
  });
  return {
    ...made,
    written,
    pass: (ms: number) => {
      nowMs += ms;
    },
    setAway: (is: boolean) => {
      away = is;
    },
    stands: (all: readonly BudgetStanding[]) => {
      standings = all;
    },
  };
}
const asked = (of: ReturnType<typeof book>, spentAt?: Date) =>
  of.asked({ jobId: "job_1", connectionId, platform: platform.id, deed: post, spentAt });

test("a post asks what it spends and what its calls need, and nothing that is unsure or has no span", () => {
  const names = asked(book()).map(({ budget, units, con }) => [budget, units, con !== undefined]);
  const provider = registry.providerOf(platform.id)?.id;
  assert.deepEqual(names, [
    [`${platform.id}.points`, 3, true],
    [`${platform.id}.few`, 1, true],
    [`${provider}.calls`, 1, false],
  ]);
});

test("an operator's own limit takes the place of ours, makes an unsure one sure, and none ends one", () => {
  const of = book({ [`${platform.id}.few`]: "none", [`${platform.id}.guess`]: 40 });
  assert.deepEqual(
    asked(of).map(({ budget, limit }) => [budget.split(".")[1], limit]),
    [
      ["points", 5_000],
      ["calls", 500],
      ["guess", 40],
    ],
  );
});

test("a big budget far from its end is counted in memory, and asked about near its half, or when it is not known any more", () => {
  const of = book();
  const [points, few] = asked(of);
  assert.ok(points && few);
  assert.equal(of.isFar(connectionId, points), false, "nothing is known yet");
  const stands = (used: number) => of.learn(connectionId, [{ ...standing, budget: points.budget, used }]);
  stands(100);
  assert.equal(of.isFar(connectionId, points), true);
  assert.equal(of.isFar(connectionId, few), false, "of ten every one counts");
  stands(2_496);
  assert.equal(of.isFar(connectionId, points), true);
  of.count(connectionId, [points]);
  assert.equal(of.isFar(connectionId, points), false, "what this process has not written yet counts as well");
  stands(100);
  of.pass(5_001);
  assert.equal(of.isFar(connectionId, points), false, "others may have used it since");
});

test("calls are summed up and written together, the newest word with them, and nothing is written twice", async () => {
  const of = book();
  const account = { connectionId, platform: platform.id };
  const said = (used: number) => [{ budget: "points", used, limit: 4_000 }];
  of.called(account, said(10), now);
  of.called(account, [], now);
  of.called(account, said(12), now);
  await of.flush();
  await of.flush();
  assert.equal(of.written.length, 1);
  const [entries = []] = of.written;
  assert.deepEqual(
    entries.map(({ budget, units, said: word }) => [budget.split(".")[1], units, word?.used]),
    [
      ["points", 0, 12],
      ["calls", 3, undefined],
    ],
  );
});

test("what could not be written while the database was away is written with the next", async () => {
  const of = book();
  const account = { connectionId, platform: platform.id };
  of.called(account, [{ budget: "points", used: 5 }], now);
  of.setAway(true);
  await of.flush();
  of.called(account, [{ budget: "points", used: 6 }], now);
  of.setAway(false);
  await of.flush();
  const [entries = []] = of.written;
  const of_ = (name: string) => entries.find(({ budget }) => budget.endsWith(name));
  assert.deepEqual([of_("calls")?.units, of_("points")?.said?.used], [2, 6]);
});

test("reading waits until the last of the budgets it needs has room, and says which", async () => {
  const of = book();
  const at = (minute: number) => new Date(now.getTime() + minute * 60_000);
  const calls = `${registry.providerOf(platform.id)?.id}.calls`;
  of.stands([{ ...standing, budget: calls, used: 350, limit: 500, freeAt: at(30) }]);
  const waits = await of.readingWaits({ tenantId, connectionId, platform: platform.id });
  assert.deepEqual(waits?.until, at(30));
  assert.match(waits?.message ?? "", /350 of 500 calls are used\. The rest is kept for posts/);
  of.stands([{ ...standing, budget: calls, used: 3 }]);
  assert.equal(await of.readingWaits({ tenantId, connectionId, platform: platform.id }), undefined);
});

test("so many calls at once go as the share of one process, and each end lets the next one go", async () => {
  // Four at once there: one process takes one.
  const of = book();
  const account = { connectionId, platform: platform.id };
  const order: string[] = [];
  const first = await of.turn(account);
  const second = of.turn(account).then((end) => {
    order.push("second");
    return end;
  });
  const third = of.turn(account).then((end) => {
    order.push("third");
    return end;
  });
  const beside = await of.turn({ ...account, connectionId: asId("connection", "con_2") });
  await Promise.resolve();
  assert.deepEqual(order, [], "another account's turn is its own");
  first();
  first();
  const endSecond = await second;
  assert.deepEqual(order, ["second"], "an end told twice ends one turn");
  endSecond();
  (await third)();
  beside();
  (await of.turn(account))();
  assert.deepEqual(order, ["second", "third"]);
});

const standing: BudgetStanding = {
  budget: "",
  used: 0,
  limit: undefined,
  resetsAt: undefined,
  freeAt: undefined,
  saidAt: undefined,
};
