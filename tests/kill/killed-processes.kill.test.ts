import { after, before, test } from "node:test";
import { hiddenOneStep } from "./hidden-one-step.ts";
import { Rounds, type Trouble } from "./rounds.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let rounds: Rounds;
before(async () => {
  stage = await openStage();
  rounds = await Rounds.prepare(stage);
});
after(() => stage?.close());

const killWorker: Trouble = async (stage, actors, jobIds) => {
  await stage.allHeld(actors, jobIds);
  await stage.worker.end("SIGKILL");
  // Requests held before or within their body die with the connection; the others have been applied.
  await stage.noneHeld();
  stage.worker = await stage.system.startWorker();
};

const killHttp: Trouble = async (stage, actors, jobIds) => {
  await stage.allHeld(actors, jobIds);
  await stage.http.end("SIGKILL");
  // What platforms fetch now is not there; they are asked again once it is.
  await stage.release();
  stage.http = await stage.system.startHttp();
};

const killDatabase: Trouble = async (stage, actors, jobIds) => {
  await stage.allHeld(actors, jobIds);
  const killed = stage.system.killDatabase();
  // Answers come while there is nothing to write them to.
  await stage.release();
  await killed.isBack();
};

const hold = { fault: "hold" } as const;

test("a worker killed with -9 at any call leaves exactly one post", (t) =>
  rounds.run(t, { name: "worker killed", fault: hold, salt: 0, trouble: killWorker }));

test("an http process killed with -9 at any call leaves exactly one post, files fetched from it included", (t) =>
  rounds.run(t, { name: "http killed", fault: hold, salt: 1, trouble: killHttp }));

test("a database killed with -9 at any call leaves exactly one post", (t) =>
  rounds.run(t, { name: "database killed", fault: hold, salt: 2, trouble: killDatabase }));

test("a post Facebook hides from its lists is never sent twice, and unknown only where its one visible call was lost", async (t) => {
  const { rounds: hidden, mayBeUnknown } = await hiddenOneStep(stage);
  await hidden.run(t, { name: "worker killed", fault: hold, trouble: killWorker, mayBeUnknown });
  await hidden.run(t, { name: "database killed", fault: hold, trouble: killDatabase, mayBeUnknown });
});
