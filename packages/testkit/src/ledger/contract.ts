import { after, before, describe, it } from "node:test";
import { claims } from "./contract/claims.ts";
import { holds } from "./contract/holds.ts";
import { requests } from "./contract/requests.ts";
import { openScene } from "./contract/scene.ts";
import type { LedgerWorld } from "./ledger-world.ts";

/** What every adapter of `Ledger`, `JobHolds`, `DueJobs` and `PublishingStore` keeps to, case by case. */
export function describeLedger(name: string, open: () => Promise<LedgerWorld>): void {
  describe(`the publish ledger ${name}`, () => {
    let world: LedgerWorld;
    before(async () => {
      world = await open();
    });
    after(() => world.close());
    for (const [group, cases] of Object.entries({ claims, requests, holds }))
      describe(group, () => {
        for (const [guarantee, story] of cases) it(guarantee, async () => story(await openScene(world)));
      });
  });
}
