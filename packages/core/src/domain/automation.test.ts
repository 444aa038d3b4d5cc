import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AutomationChain,
  type AutomationTrigger,
  decideAutomation,
  fillPlaceholders,
  longestChain,
  unknownPlaceholders,
} from "./automation.ts";

const published = { event: "job.published" } as const;
const decide = (id: string, chain: AutomationChain, when: AutomationTrigger = published, data = {}) =>
  decideAutomation({ id, when }, { type: "job.published", data, chain });

/** Runs rules on one post and on all that comes of it; answers who fired, in order. */
function runAll(ids: readonly string[]): readonly string[] {
  const fired: string[] = [];
  const waiting: AutomationChain[] = [[]];
  for (let chain = waiting.shift(); chain && fired.length < 1_000; chain = waiting.shift())
    for (const id of ids) {
      const decision = decide(id, chain);
      if (decision.kind !== "fires") continue;
      fired.push(id);
      waiting.push(decision.chain);
    }
  return fired;
}

test("an automation that sets off itself stops after one turn and says why", () => {
  const first = decide("A", []);
  assert.deepEqual(first, { kind: "fires", chain: ["A"] });
  const again = decide("A", first.kind === "fires" ? first.chain : []);
  assert.equal(again.kind === "stopped" && again.reason, "own_doing");
  assert.deepEqual(runAll(["A"]), ["A"]);
});

test("two automations that set off each other stop after one turn each", () => {
  assert.deepEqual(runAll(["A", "B"]), ["A", "B", "B", "A"]);
  assert.equal(decide("A", ["A", "B"]).kind, "stopped");
});

test("no chain grows without end, however many automations there are", () => {
  const full = Array.from({ length: longestChain }, (_, index) => `r${index}`);
  const decision = decide("another", full);
  assert.equal(decision.kind === "stopped" && decision.reason, "too_deep");
  assert.ok(runAll(["A", "B", "C", "D", "E"]).length < 1_000);
});

test("a rule fires on its own event, account and values only", () => {
  const data = { connectionId: "con_1", kind: "review", rating: 1 };
  const cases: readonly (readonly [AutomationTrigger, string])[] = [
    [published, "fires"],
    [{ event: "job.failed" }, "other"],
    [{ ...published, connectionIds: [] }, "fires"],
    [{ ...published, connectionIds: ["con_2", "con_1"] }, "fires"],
    [{ ...published, connectionIds: ["con_2"] }, "other"],
    [{ ...published, having: { kind: "review", rating: 1 } }, "fires"],
    [{ ...published, having: { rating: "1" } }, "other"],
    [{ ...published, having: { constructor: "x" } }, "other"],
  ];
  for (const [when, kind] of cases) assert.equal(decide("A", [], when, data).kind, kind, JSON.stringify(when));
  assert.equal(decide("A", ["A"], { event: "job.failed" }, data).kind, "other");
});

test("a value is escaped for its target and never read as a placeholder", () => {
  const inMarkup = (value: string) => value.replaceAll("<", "&lt;");
  const values = { title: "<b>{{permalink}}</b> $& $1", permalink: "https://a.example/1" };
  assert.equal(
    fillPlaceholders("<p>{{title}}: {{ permalink }} {{number}}</p>", values, inMarkup),
    "<p>&lt;b>{{permalink}}&lt;/b> $& $1: https://a.example/1 </p>",
  );
});

test("a name that nothing fills is told, once, and left as it was written", () => {
  assert.deepEqual(unknownPlaceholders("{{titel}} {{title}} {{titel}} {{constructor}}"), ["titel", "constructor"]);
  assert.equal(
    fillPlaceholders("{{titel}}", {}, (value) => value),
    "{{titel}}",
  );
});
