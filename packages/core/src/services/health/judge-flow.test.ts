import assert from "node:assert/strict";
import { test } from "node:test";
import { freshCircuit } from "../../domain/circuit.ts";
import type { OpenCircuit } from "../../ports/circuits.ts";
import type { FlowReading, PlatformTrouble } from "../../ports/health.ts";
import { judgeFlow, judgePlatform } from "./judge-flow.ts";

const now = new Date("2026-05-01T12:00:00Z");
const ago = (ms: number) => new Date(now.getTime() - ms);
const healthy: FlowReading = {
  now,
  canaryRanAt: ago(14_000),
  canaryLatencyMs: 30,
  pausedAt: undefined,
  oldestDueMs: 0,
  trouble: [],
  outages: [],
  inbound: { oldestMs: 0, waiting: 0, dead: 0 },
};

test("work flows only while canaries arrive and nothing due is left lying", () => {
  const cases: [Partial<FlowReading>, boolean, RegExp][] = [
    [{}, true, /^Posts are flowing, test task 14 s ago\.$/],
    [{ canaryRanAt: ago(60_000) }, true, /flowing/],
    [{ canaryRanAt: ago(60_001) }, false, /not flowing.*60 s ago/],
    [{ canaryRanAt: ago(3 * 3_600_000) }, false, /3 h ago/],
    [{ canaryRanAt: undefined }, false, /No test task has come through yet/],
    [{ oldestDueMs: 120_000 }, true, /flowing/],
    [{ oldestDueMs: 150_000 }, false, /stuck.*3 min/],
    [{ pausedAt: ago(1_000) }, true, /paused by a person/],
  ];
  for (const [change, flowing, summary] of cases) {
    const judgement = judgeFlow({ ...healthy, ...change });
    assert.equal(judgement.flowing, flowing, JSON.stringify(change));
    assert.match(judgement.summary, summary);
  }
});

test("a platform is down while posts were just held for it, and degraded until they are gone", () => {
  const trouble = (change: Partial<PlatformTrouble>): PlatformTrouble => ({
    platform: "bluesky",
    heldForOutage: 0,
    lastHeldAt: undefined,
    retrying: 0,
    ...change,
  });
  assert.equal(judgePlatform(undefined, now).status, "ok");
  assert.equal(judgePlatform(trouble({ retrying: 2 }), now).status, "ok");
  assert.equal(judgePlatform(trouble({ retrying: 3 }), now).status, "degraded");
  assert.deepEqual(judgePlatform(trouble({ heldForOutage: 1, lastHeldAt: ago(60_000) }), now), {
    status: "down",
    note: "1 post is held until it answers again.",
  });
  assert.equal(judgePlatform(trouble({ heldForOutage: 4, lastHeldAt: ago(3_600_000) }), now).status, "degraded");
});

test("a platform whose circuit is open is down, and says since when, when it is asked again and what waits", () => {
  const open = (change: Partial<OpenCircuit> & { readonly probeInMs?: number }): OpenCircuit => ({
    platform: "bluesky",
    simulated: false,
    server: "",
    waiting: 12,
    ...change,
    circuit: {
      ...freshCircuit("bluesky:real:", "platform"),
      state: "open",
      downSince: ago(10 * 60_000),
      probeAt: new Date(now.getTime() + (change.probeInMs ?? 120_000)),
    },
  });
  const cases: [OpenCircuit, string, string][] = [
    [
      open({}),
      "down",
      "It does not answer since 11:50 UTC; POSTD asks it again at 12:02 UTC. 12 posts wait and go out by themselves.",
    ],
    [
      open({ waiting: 1, probeInMs: -1 }),
      "down",
      "It does not answer since 11:50 UTC; POSTD is asking it. 1 post waits and goes out by itself.",
    ],
    [
      open({ server: "pds.example" }),
      "degraded",
      "Its server pds.example does not answer since 11:50 UTC; POSTD asks it again at 12:02 UTC. 12 posts wait and go out by themselves.",
    ],
    [
      open({ waiting: 0, probeInMs: -600_000 }),
      "degraded",
      "It did not answer since 11:50 UTC. Nothing waits for it, and nobody has asked it again.",
    ],
  ];
  for (const [outage, status, note] of cases) assert.deepEqual(judgePlatform(undefined, now, outage), { status, note });
});
