import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asId } from "@postd/contracts";
import { postHash } from "./post-hash.ts";

const base = {
  content: { text: "New beans", mediaIds: ["med_a"], options: { a: 1, b: 2 } },
  versions: { con_a: { text: "Beans" } },
  targets: [{ connectionId: asId("connection", "con_a"), destination: "board" }],
  scheduledFor: new Date("2026-03-02T17:30:00Z"),
};

describe("the hash an approver names", () => {
  const changes: Readonly<Record<string, Parameters<typeof postHash>[0]>> = {
    text: { ...base, content: { ...base.content, text: "New beans." } },
    parts: { ...base, content: { ...base.content, parts: [{ text: "And more" }] } },
    media: { ...base, content: { ...base.content, mediaIds: ["med_b"] } },
    crops: { ...base, content: { ...base.content, crops: { med_a: { x: 0, y: 0, width: 1, height: 0.5 } } } },
    options: { ...base, content: { ...base.content, options: { a: 1, b: 3 } } },
    versions: { ...base, versions: { con_a: { text: "Bean" } } },
    targets: { ...base, targets: [...base.targets, { connectionId: asId("connection", "con_b") }] },
    destination: { ...base, targets: [{ connectionId: asId("connection", "con_a"), destination: "other" }] },
    time: { ...base, scheduledFor: new Date("2026-03-02T17:30:00.001Z") },
    "no time": { ...base, scheduledFor: undefined },
  };
  for (const [what, changed] of Object.entries(changes))
    it(`is another one for another ${what}`, () => assert.notEqual(postHash(changed), postHash(base)));

  it("is the same however the database orders names", () => {
    const content = { options: { b: 2, a: 1 }, mediaIds: ["med_a"], text: "New beans" };
    assert.equal(postHash({ ...base, content }), postHash(base));
  });
});
