import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createMemoryLedger, type LedgerWorld, search } from "@postd/testkit/ledger";
import { createPostgresLedgerWorld } from "../testing/ledger-world.ts";

const sequences = Number(process.env.POSTD_TEST_SEQUENCES ?? 500);
const seed = Number(process.env.POSTD_TEST_SEED ?? 7_602_114);

const lateAfterMs = 60 * 60_000;
/** Several databases at once: each waits for its server most of the time. */
const worldsAtOnce = 4;

describe("the publish ledger on PostgreSQL", () => {
  let worlds: readonly LedgerWorld[] = [];
  before(async () => {
    const open = () => createPostgresLedgerWorld({ lateAfterMs });
    worlds = await Promise.all(Array.from({ length: worldsAtOnce }, open));
  });
  after(() => Promise.all(worlds.map((world) => world.close())));

  it(`keeps every promise, and stores what the ledger in memory stores, in ${sequences} random orders of what may happen (seed ${seed})`, async (t) => {
    const began = performance.now();
    const each = Math.ceil(sequences / worldsAtOnce);
    const found = await Promise.all(
      worlds.map((world, index) => {
        const twin = createMemoryLedger({ lateAfterMs });
        return search(world, { sequences: each, seed: seed + index, longest: 24, twin });
      }),
    );
    t.diagnostic(`${each * worldsAtOnce} sequences in ${Math.round((performance.now() - began) / 1000)} s`);
    for (const [index, { broken, counterexample }] of found.entries())
      assert.equal(broken, undefined, `seed ${seed + index}, ${JSON.stringify(counterexample)}: ${broken}`);
  });
});
