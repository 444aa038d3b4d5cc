import {
  changeLists,
  changeOutage,
  changeToken,
  disconnect,
  endDisconnects,
  humanPosts,
  humanRemoves,
  openCircuit,
  pauseOrResume,
  reconnect,
  wakeProbes,
} from "./actions/outside.ts";
import {
  approvePost,
  cancel,
  deletePost,
  editPost,
  remove,
  removeWhatIsLeft,
  resolve,
  retry,
} from "./actions/people.ts";
import { createPost, publish, publishAgain, publishElsewhere } from "./actions/publishing.ts";
import {
  beginWorker,
  killWorker,
  passTime,
  runWorker,
  slowWorker,
  stallWorker,
  stepWorker,
  toNextDue,
  workOff,
} from "./actions/workers.ts";
import type { Lab } from "./lab.ts";
import { type Random, randomOf } from "./random.ts";

type Play = (lab: Lab, random: Random) => Promise<void>;

/** One thing that may happen, and how often. */
const actions: readonly (readonly [number, string, Play])[] = [
  [12, "publish", publish],
  [5, "the same again", publishAgain],
  [10, "the same to the same page elsewhere", publishElsewhere],
  [3, "create a post", createPost],
  [26, "work", workOff],
  [10, "a worker begins", beginWorker],
  [20, "a worker goes on", stepWorker],
  [4, "a worker runs on", runWorker],
  [6, "a worker is slow", slowWorker],
  [5, "a worker dies", killWorker],
  [3, "a worker stands still", stallWorker],
  [14, "time passes", passTime],
  [6, "to the next wake-up", toNextDue],
  [6, "cancel", cancel],
  [3, "retry", retry],
  [4, "remove", remove],
  [2, "remove what is left", removeWhatIsLeft],
  [7, "resolve", resolve],
  [7, "delete", deletePost],
  [6, "edit", editPost],
  [3, "approve", approvePost],
  [3, "pause or resume", pauseOrResume],
  [2, "disconnect", disconnect],
  [2, "reconnect", reconnect],
  [2, "disconnects end", endDisconnects],
  [2, "a human posts the same", humanPosts],
  [2, "a human takes one down", humanRemoves],
  [2, "a token", changeToken],
  [1, "an outage", changeOutage],
  [2, "lists", changeLists],
  [2, "a circuit opens", openCircuit],
  [2, "probes wake", wakeProbes],
];

/** Plays what a number stands for. */
export async function play(lab: Lab, seed: number): Promise<void> {
  const random = randomOf(seed);
  lab.random = random;
  const [, name, run] = random.weighted(actions.map((action) => [action[0], action] as const));
  const before = lab.story.length;
  lab.tell(name);
  await run(lab, random);
  // What did not apply is not worth a line.
  if (lab.story.length === before + 1 && quiet.has(name)) lab.story.length = before;
  await lab.oracle.check();
}

const quiet: ReadonlySet<string> = new Set([
  "a worker begins",
  "a worker goes on",
  "a worker runs on",
  "a worker is slow",
  "the same again",
  "the same to the same page elsewhere",
  "a worker dies",
  "a worker stands still",
  "cancel",
  "retry",
  "remove",
  "remove what is left",
  "resolve",
  "delete",
  "edit",
  "approve",
  "a human takes one down",
  "disconnects end",
  "a circuit opens",
  "probes wake",
]);
