import { after, before, test } from "node:test";
import { hiddenOneStep } from "./hidden-one-step.ts";
import { Rounds, type Trouble } from "./rounds.ts";
import { openStage, type Stage } from "./stage.ts";
import { killDatabase, killHttp, killWorker, type Strike } from "./troubles.ts";

let stage: Stage;
let rounds: Rounds;
before(async () => {
  stage = await openStage();
  rounds = await Rounds.prepare(stage);
});
after(() => stage?.close());

/** Strikes when every call of the wave is held. */
const whenHeld =
  (strike: Strike): Trouble =>
  async (stage, actors, jobIds) => {
    await stage.allHeld(actors, jobIds);
    await strike(stage, async () => {});
  };

const hold = { fault: "hold" } as const;

test("a worker killed with -9 at any call leaves exactly one post", (t) =>
  rounds.run(t, { name: "worker killed", fault: hold, salt: 0, trouble: whenHeld(killWorker) }));

test("an http process killed with -9 at any call leaves exactly one post, files fetched from it included", (t) =>
  rounds.run(t, { name: "http killed", fault: hold, salt: 1, trouble: whenHeld(killHttp) }));

test("a database killed with -9 at any call leaves exactly one post", (t) =>
  rounds.run(t, { name: "database killed", fault: hold, salt: 2, trouble: whenHeld(killDatabase) }));

test("a post Facebook hides from its lists is never sent twice, and unknown only where its one visible call was lost", async (t) => {
  const { rounds: hidden, mayBeUnknown } = await hiddenOneStep(stage);
  await hidden.run(t, { name: "worker killed", fault: hold, salt: 0, trouble: whenHeld(killWorker), mayBeUnknown });
  await hidden.run(t, { name: "database killed", fault: hold, salt: 2, trouble: whenHeld(killDatabase), mayBeUnknown });
});
