import assert from "node:assert/strict";
import { test } from "node:test";
import { type Circuit, circuitRules, freshCircuit, mayCall, onFailure, onSilence, onSuccess } from "./circuit.ts";

const begin = new Date("2026-11-27T12:00:00.000Z");
const at = (ms: number) => new Date(begin.getTime() + ms);

/**
 * scope | what happened, in order | state, times it opened, ms until the next probe
 *
 * f1 f2: a try of that account failed; s20: so many were answered; +1000: ms passed; probe: one took it; yes, no, quiet: how it ended
 */
const table = `
platform   | f1 f2 f1 f2                              | closed 0 -
platform   | f1 f2 f1 f2 f1                           | open 1 30000
platform   | f1 f1 f1 f1 f1 f1 f1                     | closed 0 -
platform   | f1 f1 f1 f1 f1 f1 f2                     | open 1 30000
connection | f1 f1 f1 f1                              | closed 0 -
connection | f1 f1 f1 f1 f1                           | open 1 30000
platform   | f1 s6 f2 f1 f2 f1                        | closed 0 -
platform   | f1 s5 f2 f1 f2 f1                        | open 1 30000
platform   | f1 f2 f1 f2 +60000 f1                    | closed 0 -
platform   | f1 f2 f1 f2 +59999 f1                    | open 1 30000
platform   | f1 f2 f1 f2 f1 f2 f1 s9                  | open 1 30000
platform   | f1 f2 f1 f2 f1 +10000                    | open 1 20000
platform   | f1 f2 f1 f2 f1 +30000 probe              | half_open 1 120000
platform   | f1 f2 f1 f2 f1 +30000 probe f1 f2 s3     | half_open 1 120000
platform   | f1 f2 f1 f2 f1 +30000 probe no           | open 2 60000
platform   | f1 f2 f1 f2 f1 +30000 probe yes          | closed 1 -
platform   | f1 f2 f1 f2 f1 +30000 probe quiet        | open 1 5000
platform   | f1 f2 f1 f2 f1 +30000 probe +120000 probe late yes | half_open 1 120000
platform   | f1 f2 f1 f2 f1 +30000 probe no +60000 probe no +120000 probe no | open 4 240000
platform   | f1 f2 f1 f2 f1 +30000 probe no +60000 probe no +120000 probe no +240000 probe no +300000 probe no | open 6 300000
platform   | f1 f2 f1 f2 f1 +30000 probe yes f1 f2    | open 2 60000
platform   | f1 f2 f1 f2 f1 +30000 probe yes s3 f1 f2 | closed 1 -
platform   | f1 f2 f1 f2 f1 +30000 probe yes +120000 f1 f2 f1 f2 f1 | open 1 30000
connection | f1 f1 f1 f1 f1 +30000 probe yes f1 s1 f1 | open 2 60000
`;

function play(scope: Circuit["scope"], story: string): string {
  let circuit = freshCircuit("c", scope);
  let now = begin;
  let probe: number | undefined;
  let late: number | undefined;
  for (const word of story.split(" ")) {
    const heard = { now, account: word, random: 0 };
    if (word.startsWith("+")) now = new Date(now.getTime() + Number(word));
    else if (word.startsWith("f")) circuit = onFailure(circuit, heard);
    else if (word.startsWith("s")) circuit = onSuccess(circuit, { now, answered: Number(word.slice(1)) });
    else if (word === "probe") {
      assert.equal(mayCall(circuit, now).may, "probe", story);
      late = probe;
      probe = circuit.fence + 1;
      const probeUntil = new Date(now.getTime() + circuitRules.probeLeaseMs);
      circuit = { ...circuit, state: "half_open", fence: probe, probeUntil };
    } else if (word === "late") probe = late;
    else if (word === "yes") circuit = onSuccess(circuit, { now, answered: 1, probe });
    else if (word === "no") circuit = onFailure(circuit, { ...heard, probe });
    else if (word === "quiet") circuit = onSilence(circuit, { now, probe });
    else throw new Error(`no such word: ${word}`);
  }
  const may = mayCall(circuit, now);
  const waits = may.may === "wait" ? may.until.getTime() - now.getTime() : "-";
  return `${circuit.state} ${circuit.trips} ${waits}`;
}

for (const line of table.trim().split("\n")) {
  const [scope = "", story = "", end = ""] = line.split("|").map((part) => part.trim());
  test(`circuit of a ${scope}: ${story} -> ${end}`, () => {
    assert.equal(play(scope === "platform" ? "platform" : "connection", story), end);
  });
}

test("a circuit that is open says since when its platform does not answer, through all its probes", () => {
  let circuit = freshCircuit("c", "connection");
  for (let i = 0; i < 5; i += 1) circuit = onFailure(circuit, { now: at(i * 1_000), account: "a", random: 0 });
  circuit = onFailure(
    { ...circuit, state: "half_open", fence: 7 },
    { now: at(60_000), account: "a", random: 0, probe: 7 },
  );
  assert.deepEqual([circuit.state, circuit.downSince], ["open", begin]);
  assert.equal(
    onSuccess({ ...circuit, state: "half_open" }, { now: at(90_000), answered: 1, probe: 7 }).downSince,
    undefined,
  );
});

test("probes come up to a fifth later, never earlier, and never further apart than that and five minutes", () => {
  for (const random of [0, 0.5, 0.999]) {
    let circuit = freshCircuit("c", "connection");
    for (let i = 0; i < 5; i += 1) circuit = onFailure(circuit, { now: begin, account: "a", random });
    for (let trip = 0; trip < 12; trip += 1) {
      const waitMs = (circuit.probeAt?.getTime() ?? 0) - begin.getTime();
      const least = circuitRules.probeAfterMs[trip] ?? 300_000;
      assert.ok(waitMs >= least && waitMs <= least * 1.2, `${trip}: ${waitMs}`);
      circuit = onFailure({ ...circuit, state: "half_open", fence: 1 }, { now: begin, account: "a", random, probe: 1 });
    }
  }
});
