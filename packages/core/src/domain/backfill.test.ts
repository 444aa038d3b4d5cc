import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type LatePost, planBackfill, suggestBackfill, suggestedHours } from "./backfill.ts";

const minute = 60_000;
const hour = 60 * minute;
const now = new Date("2026-11-27T12:00:00.000Z");
const at = (ms: number) => new Date(now.getTime() + ms);
const post = (id: string, plannedMs: number, more: Partial<LatePost> = {}): LatePost => ({
  id,
  connectionId: "a",
  plannedFor: at(plannedMs),
  leastGapMs: 0,
  ...more,
});
const b = { connectionId: "b" };
const late = [post("3", -hour), post("1", -3 * hour), post("2", -2 * hour)];

/** `id@seconds from now`, in the order they go out. */
const cases: readonly (readonly [string, Omit<Parameters<typeof planBackfill>[0], "now">, string])[] = [
  ["nothing waits, nothing is planned", { posts: [] }, ""],
  ["sent now: in the order they were planned, a moment apart", { posts: late }, "1@0 2@5 3@10"],
  [
    "spread: the first at once, the last at the end, the rest evenly",
    { posts: late, overMs: 2 * hour },
    "1@0 2@3600 3@7200",
  ],
  ["one alone is not spread", { posts: [post("1", -hour)], overMs: hour }, "1@0"],
  ["two of one moment go in the order they were written", { posts: [post("2", -hour), post("1", -hour)] }, "1@0 2@5"],
  [
    "the platform's gap is kept when sent now",
    { posts: late.map((it) => ({ ...it, leastGapMs: minute })) },
    "1@0 2@60 3@120",
  ],
  [
    "where the gap takes longer than the hours asked for, it wins",
    { posts: late.map((it) => ({ ...it, leastGapMs: 2 * hour })), overMs: hour },
    "1@0 2@7200 3@14400",
  ],
  [
    "each account goes by itself",
    { posts: [...late, post("4", -4 * hour, b), post("5", -minute, b)], overMs: hour },
    "4@0 1@0 2@1800 3@3600 5@3600",
  ],
  [
    "what goes out anyway is kept clear of, on both sides",
    { posts: late, overMs: 2 * hour, taken: new Map([["a", [at(2_000), at(hour)]]]) },
    "1@7 2@3605 3@7200",
  ],
  [
    "the others' times of another account are nobody's here",
    { posts: late, overMs: 2 * hour, taken: new Map([["b", [at(0), at(hour)]]]) },
    "1@0 2@3600 3@7200",
  ],
  [
    "a full hour is passed over",
    { posts: [post("1", -hour)], taken: new Map([["a", Array.from({ length: 9 }, (_, n) => at(n * 5_000))]]) },
    "1@45",
  ],
  ["times are whole seconds", { posts: late, overMs: 10_001 }, "1@0 2@5 3@10"],
];

describe("late posts get new times", () => {
  for (const [name, input, expected] of cases)
    it(name, () => {
      const told = planBackfill({ now, ...input }).map(
        (it) => `${it.post.id}@${(it.at.getTime() - now.getTime()) / 1_000}`,
      );
      assert.equal(told.join(" "), expected);
    });

  it("whatever is drawn: everyone once, in order, never before now, never nearer than the gap, and the same again", () => {
    let state = 20_261_127;
    const draw = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return state % below;
    };
    for (let round = 0; round < 300; round += 1) {
      const gap = [0, 7_000, 90_000][draw(3)] ?? 0;
      const posts = Array.from({ length: draw(60) }, (_, n) =>
        post(String(n).padStart(3, "0"), -draw(500) * minute, { connectionId: "abc"[draw(3)] ?? "a", leastGapMs: gap }),
      );
      const taken = new Map([
        ["a", Array.from({ length: draw(20) }, () => at(draw(5_000) * 1_000)).sort((x, y) => +x - +y)],
      ]);
      const input = { now, posts, taken, ...(draw(2) === 0 ? { overMs: (1 + draw(72)) * hour } : {}) };
      const plan = planBackfill(input);
      assert.deepEqual(plan.map((it) => it.post.id).sort(), posts.map(({ id }) => id).sort());
      for (const own of Map.groupBy(plan, (it) => it.post.connectionId).values())
        for (const [index, it] of own.entries()) {
          const before = own[index - 1];
          assert.ok(it.at >= now);
          if (!before) continue;
          assert.ok(it.at.getTime() - before.at.getTime() >= Math.max(gap, 5_000));
          assert.ok(it.post.plannedFor >= before.post.plannedFor);
        }
      for (const it of plan.filter(({ post: { connectionId } }) => connectionId === "a"))
        for (const other of taken.get("a") ?? [])
          assert.ok(Math.abs(it.at.getTime() - other.getTime()) >= Math.max(gap, 5_000), `${+it.at} ${+other}`);
      assert.deepEqual(planBackfill({ ...input, posts: posts.toReversed() }), plan);
    }
  });
});

describe("an offer suggests what fits", () => {
  const actions = (count: number, most: number, newestMs: number) =>
    suggestBackfill({ now, count, most, newestAt: at(newestMs) }).map(({ action }) => action);
  it("nothing where nothing waits", () => assert.deepEqual(actions(0, 0, 0), []));
  it("a few at once", () => assert.equal(actions(3, 3, -2 * hour)[0], "send_now"));
  it("many spread", () => assert.equal(actions(30, 30, -2 * hour)[0], "spread"));
  it("what is more than a week old dropped first", () => assert.equal(actions(2, 2, -8 * 24 * hour)[0], "drop"));
  it("one post in ten minutes, an hour at least and three days at most", () =>
    assert.deepEqual([1, 30, 1_000].map(suggestedHours), [1, 5, 72]));
});
