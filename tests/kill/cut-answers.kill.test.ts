import { after, before, test } from "node:test";
import { hiddenOneStep } from "./hidden-one-step.ts";
import { type Fault, Rounds } from "./rounds.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let rounds: Rounds;
before(async () => {
  stage = await openStage();
  rounds = await Rounds.prepare(stage);
});
after(() => stage?.close());

const faults: readonly (readonly [name: string, fault: Fault])[] = [
  ["cut", { fault: "drop" }],
  ["replaced by 500", { fault: "replace", status: 500 }],
  ["replaced by 502", { fault: "replace", status: 502 }],
];

for (const [salt, [name, fault]] of faults.entries())
  test(`an answer ${name}, at any call, leaves exactly one post`, (t) =>
    rounds.run(t, { name, fault, salt, trouble: async () => {} }));

test("a post Facebook hides from its lists is never sent twice, whatever becomes of an answer", async (t) => {
  const { rounds: hidden, mayBeUnknown } = await hiddenOneStep(stage);
  for (const [salt, [name, fault]] of faults.entries())
    await hidden.run(t, { name, fault, salt, trouble: async () => {}, mayBeUnknown });
});
