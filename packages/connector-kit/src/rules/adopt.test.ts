import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chooseAdoption } from "./adopt.ts";

const intentAt = new Date("2026-11-21T12:00:00.000Z");
const callEndedBy = new Date(intentAt.getTime() + 35_000);
const post = (externalId: string, afterMs: number, ours = false) => ({
  externalId,
  createdAt: new Date(intentAt.getTime() + afterMs),
  ours,
  state: {},
});
const choose = (
  candidates: Parameters<typeof chooseAdoption>[0]["candidates"],
  { owned = [], hasRival = false }: { readonly owned?: readonly string[]; readonly hasRival?: boolean } = {},
) => chooseAdoption({ candidates, ownedElsewhere: new Set(owned), hasRival, intentAt, callEndedBy });

describe("chooseAdoption", () => {
  it("takes the one post made during the call", () => {
    const choice = choose([post("a", 800)]);
    assert.ok("adopt" in choice && choice.adopt.externalId === "a");
  });
  it("never takes a post another job owns", () => {
    assert.deepEqual(choose([post("a", 800)], { owned: ["a"] }), { none: true });
  });
  it("never takes a post from before the intent, beyond the clocks' difference", () => {
    assert.deepEqual(choose([post("a", -5_001)]), { none: true });
    assert.ok("adopt" in choose([post("a", -4_999)]));
  });
  it("never takes a post made long after the call had ended", () => {
    assert.deepEqual(choose([post("a", 35_000 + 60_001)]), { none: true });
  });
  it("is in doubt when two look alike", () => {
    const choice = choose([post("a", 100), post("b", 200)]);
    assert.ok("doubt" in choice && choice.doubt.length === 2);
  });
  it("is in doubt about one post where another job may have made it, unless the platform proves it ours", () => {
    assert.ok("doubt" in choose([post("a", 100)], { hasRival: true }));
    assert.ok("adopt" in choose([post("a", 100, true)], { hasRival: true }));
  });
  it("prefers the one the platform proves ours over a human's twin", () => {
    const choice = choose([post("human", 100), post("ours", 200, true)]);
    assert.ok("adopt" in choice && choice.adopt.externalId === "ours");
  });
  it("never takes a post without a time or proof", () => {
    assert.deepEqual(choose([{ externalId: "a", ours: false, state: {} }]), { none: true });
  });
});
