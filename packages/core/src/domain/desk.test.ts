import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causeOf, changesSince, type DeskFacts } from "./desk.ts";

const day = 24 * 60 * 60_000;
const now = new Date("2026-11-27T12:00:00.000Z");
const at = (ms: number) => new Date(now.getTime() + ms);
const job: DeskFacts = {
  platform: "bluesky",
  state: "held",
  heldReason: "attention",
  mayBeLive: false,
  externalPostId: undefined,
  scheduledFor: at(-8 * day),
  createdAt: at(-20 * day),
  failure: undefined,
};

const cases: readonly (readonly [string, Partial<DeskFacts>, string])[] = [
  ["held for a week and more is overdue, whatever for", {}, "bluesky:overdue"],
  ["paused so long as well", { heldReason: "paused" }, "bluesky:overdue"],
  ["a week to the millisecond is not over it", { scheduledFor: at(-7 * day) }, "bluesky:held_attention"],
  ["written later than it was planned for counts from then", { createdAt: at(-day) }, "bluesky:held_attention"],
  ["missed and a day old is missed", { heldReason: "missed", scheduledFor: at(-day) }, "bluesky:held_missed"],
  ["what may be live is unknown and never overdue", { state: "retrying", mayBeLive: true }, "bluesky:unknown"],
  [
    "a failed one is no wait",
    { state: "failed", failure: { kind: "content_rejected", field: "text" } },
    "bluesky:content_rejected:text",
  ],
  [
    "the platform's own code comes first",
    { state: "failed", failure: { kind: "content_rejected", field: "text", platformCode: "7" } },
    "bluesky:content_rejected:7",
  ],
  [
    "a live one whose rest is left is partly published",
    { state: "partly_published", externalPostId: "x" },
    "bluesky:partly_published",
  ],
];

describe("a job stands at the desk under one cause", () => {
  for (const [name, facts, cause] of cases) it(name, () => assert.equal(causeOf({ ...job, ...facts }, now), cause));
});

it("an audit tells what came, what went and what stayed", () => {
  const changes = changesSince(
    [
      { cause: "a", count: 2 },
      { cause: "b", count: 5 },
    ],
    [
      { cause: "a", count: 2 },
      { cause: "c", count: 1 },
    ],
  );
  assert.deepEqual(changes, [
    { cause: "b", count: 5, change: 5 },
    { cause: "a", count: 2, change: 0 },
    { cause: "c", count: 0, change: -1 },
  ]);
});
