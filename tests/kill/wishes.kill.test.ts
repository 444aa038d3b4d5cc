import { after, before, test } from "node:test";
import { openStage, type Stage } from "./stage.ts";
import { goOn, killDatabase, killHttp, killWorker } from "./troubles.ts";
import { type Trouble, WishRounds } from "./wish-rounds.ts";

let stage: Stage;
let rounds: WishRounds;
before(async () => {
  stage = await openStage();
  rounds = await WishRounds.prepare(stage);
});
after(() => stage?.close());

const kills: readonly Trouble[] = [
  { name: "worker killed", strike: killWorker },
  { name: "http killed", strike: killHttp },
  { name: "database killed", strike: killDatabase },
];

const html = { "content-type": "text/html" };
const answers: readonly Trouble[] = [
  { name: "answer dropped", answer: (at) => ({ fault: "drop", at }), strike: goOn },
  { name: "500", answer: (at) => ({ fault: "replace", at, status: 500 }), strike: goOn },
  { name: "502", answer: (at) => ({ fault: "replace", at, status: 502 }), strike: goOn },
  {
    name: "HTML 200",
    answer: (at) => ({
      fault: "platformError",
      after: at === "after",
      status: 200,
      headers: html,
      body: "<html><body>Come back later</body></html>",
    }),
    strike: goOn,
  },
  {
    name: "cut answer",
    answer: (at) => ({
      fault: "platformError",
      after: at === "after",
      status: 200,
      body: { id: "1" },
      cutAfterBytes: 3,
    }),
    strike: goOn,
  },
];

for (const trouble of kills)
  test(`whatever a person asks while a call is open and the ${trouble.name.replace(" ", " is ")}, the answer was true`, (t) =>
    rounds.run(t, [trouble]));

test("whatever a person asks while a call is open whose answer is lost or unreadable, the answer was true", (t) =>
  rounds.run(t, answers, 1));
