import assert from "node:assert/strict";
import { test } from "node:test";
import { InstantInput } from "./bounded.ts";
import { PostInput, PostPatch, PublishRequest, RetryInput } from "./publishing.ts";

const connectionId = "con_0195a1b2c3d47e8f90a1b2c3d4e5f601";
const post = (more: object) => PostInput.safeParse({ content: "x", targets: [{ connectionId }], ...more });
const problem = (result: ReturnType<typeof post>) => result.error?.issues[0];

test("a time is an instant with its zone, in years that a calendar and a database know", () => {
  for (const good of ["2026-03-01T09:00:00Z", "2026-03-01T10:00:00.123+01:00", "2099-12-31T23:59:59Z"])
    assert.ok(InstantInput.safeParse(good).success, good);
  const bad = [
    "9999-12-31T23:59:59-23:59",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "1999-12-31T23:59:59Z",
    "2100-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-03-01T09:00:00",
    "2026-03-01",
    `2026-03-01T09:00:00.${"0".repeat(100_000)}Z`,
    "+275760-09-13T00:00:00.001Z",
    "",
  ];
  for (const text of bad) {
    assert.equal(InstantInput.safeParse(text).success, false, text.slice(0, 60));
    assert.equal(post({ scheduledFor: text }).success, false);
    assert.equal(PostPatch.safeParse({ scheduledFor: text }).success, false);
    assert.equal(RetryInput.safeParse({ at: text }).success, false);
  }
  assert.match(InstantInput.safeParse("2026-03-01T09:00:00").error?.issues[0]?.message ?? "", /with its zone/);
});

test("metadata holds 16 KB, options 64 KB, and what is larger is refused by its name", () => {
  assert.ok(post({ metadata: { note: "x".repeat(15_900) } }).success);
  assert.ok(post({ options: { note: "x".repeat(63_900) } }).success);
  assert.deepEqual(problem(post({ metadata: { note: "x".repeat(16_000) } }))?.path, ["metadata"]);
  assert.deepEqual(problem(post({ metadata: { note: "ä".repeat(8_000) } }))?.path, ["metadata"], "bytes are counted");
  assert.deepEqual(problem(post({ options: { note: "x".repeat(64_000) } }))?.path, ["options"]);
  const payload = { content: "x", metadata: { note: "x".repeat(960_000) } };
  assert.deepEqual(PublishRequest.safeParse({ connectionId, payload }).error?.issues[0]?.path, ["payload", "metadata"]);
});

test("versions of one post are bounded together, and text times accounts", () => {
  const version = { options: { note: "x".repeat(60_000) } };
  const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, version]));
  assert.ok(post({ versions: named(8) }).success);
  assert.deepEqual(problem(post({ versions: named(9) }))?.path, ["versions"]);
  const many = Array.from({ length: 201 }, (_, i) => [`p${i}`, {}]);
  assert.deepEqual(problem(post({ versions: Object.fromEntries(many) }))?.path, ["versions"]);
  const targets = (count: number) => Array.from({ length: count }, (_, i) => ({ connectionId: `${connectionId}${i}` }));
  assert.ok(post({ content: "x".repeat(99_000), targets: targets(40) }).success);
  assert.deepEqual(problem(post({ content: "x".repeat(99_000), targets: targets(41) }))?.path, ["targets"]);
});
