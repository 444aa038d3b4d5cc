import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { jobStates } from "@postd/contracts";
import { lateAfterMs } from "./contract/scene.ts";
import { mutations } from "./lab/mutations.ts";
import { searchApart } from "./lab/search-apart.ts";

const sequences = Number(process.env.POSTD_TEST_SEQUENCES ?? 20_000);
const seed = Number(process.env.POSTD_TEST_SEED ?? 7_602_114);
/** Within so many sequences a guard that is switched off is seen. */
const mutantSequences = 6_000;
const longest = 50;

type Answers = Awaited<ReturnType<typeof searchApart>>;

describe("the publish ledger and what people wish of it", () => {
  let halves: Answers;
  let mutants: Answers;
  before(async () => {
    const common = { longest, lateAfterMs };
    const half = (at: number) =>
      searchApart([{ ...common, sequences: Math.ceil(sequences / 2), seed: seed + at, isShrunk: true }]);
    halves = (await Promise.all([half(0), half(1)])).flat();
    mutants = await searchApart(
      mutations.map(({ name }) => ({
        ...common,
        sequences: mutantSequences,
        seed,
        isShrunk: false,
        mutation: name,
      })),
    );
  });

  it(`keeps every promise in ${sequences} random orders of what may happen (seed ${seed})`, (t) => {
    const slowestMs = Math.max(...halves.map(({ ms }) => ms));
    const played = halves.reduce((sum, one) => sum + one.sequences, 0);
    const each = Math.round((played / slowestMs) * 1_000);
    t.diagnostic(`${played} sequences in ${Math.round(slowestMs / 1_000)} s, ${each} a second in two threads`);
    for (const [at, { broken, counterexample }] of halves.entries())
      assert.equal(broken, undefined, `seed ${seed + at}, ${JSON.stringify(counterexample)}: ${broken}`);
    assert.ok(played >= sequences);
    // An idle search would prove nothing.
    const reached = new Set(halves.flatMap((one) => [...one.reached]));
    assert.deepEqual(
      jobStates.filter((state) => !reached.has(state)),
      [],
    );
    assert.ok(halves.reduce((sum, { posts }) => sum + posts, 0) > sequences);
  });

  for (const [index, { name }] of mutations.entries())
    it(`is seen to break within ${mutantSequences} sequences where ${name}`, (t) => {
      const found = mutants[index];
      t.diagnostic(`${found?.sequences} sequences: ${found?.broken?.split("\n")[0]}`);
      assert.notEqual(found?.broken, undefined);
      // A lab that lacks something the services ask of it breaks everywhere, and shows nothing of the guard.
      assert.doesNotMatch(found?.broken ?? "", /is not a function|Cannot read properties/);
    });
});
