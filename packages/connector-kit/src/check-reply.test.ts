import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { canBeDone, checkReply } from "./check-reply.ts";
import { barePlatform, barePublishing } from "./conformance/bare-provider.ts";
import type { Inbox } from "./inbox.ts";
import type { Format, TextLimit } from "./publish.ts";
import type { Publishing } from "./publishing.ts";

const limit = (max: number): TextLimit => ({ max, unit: "characters", count: (text) => text.length, rule: "utf16" });
const format = (text?: TextLimit): Format => ({
  ...{ label: "Text", media: { min: 0, max: 0 }, start: () => ({}), steps: [] },
  ...(text && { text }),
});
const place = (inbox: Partial<Inbox> | undefined, over: Partial<Publishing> = {}, facet?: "inbox" | "publishing") =>
  barePlatform({
    id: "toy",
    publishing: barePublishing({ text: format() }, over),
    ...(inbox && { inbox: { lists: "account" as const, list: async () => assert.fail(), ...inbox } }),
    permissions: () => ({ granted: [], missing: facet ? [{ name: "task", facet, message: "Not you." }] : [] }),
  });
const account = { externalId: "1", kind: "profile", authKind: "keys", name: "Ida", extras: {} };
const codes = (platform: ReturnType<typeof place>, text = "Thank you", more: object = {}) =>
  checkReply(platform, { format: "reply", text, media: [], options: {}, destination: "c1", ...more }, account).map(
    ({ field, code }) => `${field} ${code}`,
  );

test("an answer is held to its own limit, or to the platform's where it has none", () => {
  const short = place({ reply: format(limit(5)) });
  assert.deepEqual([codes(short, "12345"), codes(short, "123456")], [[], ["text text_too_long"]]);
  const plain = place({ reply: format() });
  assert.deepEqual([codes(plain, "x".repeat(500)), codes(plain, "x".repeat(501))], [[], ["text text_too_long"]]);
  assert.deepEqual(codes(plain, " "), ["text text_required"]);
});

test("rules for posts do not hold for answers: options, destinations and the connector's own", () => {
  const strict = place(
    { reply: format() },
    {
      options: z.strictObject({ title: z.string() }),
      destinations: { label: "Board", required: true, list: async () => assert.fail() },
      validate: () => [{ field: "text", code: "no", message: "No.", severity: "error" }],
    },
  );
  assert.deepEqual(codes(strict), []);
  assert.deepEqual(codes(place({ reply: format() }), "Hi", { options: { title: "x" } }), [
    "options.title unknown_option",
  ]);
});

test("who may not answer there is told before the platform says so, and a right to post is not needed", () => {
  assert.deepEqual(codes(place({ reply: format() }, {}, "inbox")), ["connectionId permission_missing"]);
  assert.deepEqual(codes(place({ reply: format() }, {}, "publishing")), []);
});

test("a platform that lets no program answer says so by name", () => {
  for (const inbox of [undefined, {}]) assert.deepEqual(codes(place(inbox)), ["format not_supported"]);
});

test("what may be done is what the platform has, less what this entry cannot", () => {
  const inbox = { reply: format(), hide: async () => assert.fail() };
  assert.deepEqual(canBeDone(inbox, []), { reply: true, hide: true, like: false });
  assert.deepEqual(canBeDone(inbox, ["hide", "like"]), { reply: true, hide: false, like: false });
  assert.deepEqual(canBeDone(undefined, []), { reply: false, hide: false, like: false });
});
