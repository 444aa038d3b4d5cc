import assert from "node:assert/strict";
import { test } from "node:test";
import { barePlatform, bareProvider } from "./conformance/bare-provider.ts";
import { createRegistry } from "./registry.ts";

const provider = (id: string, ...platforms: [string, ...string[]]) => {
  const [first, ...rest] = platforms.map((name) => barePlatform({ id: name, provider: id }));
  assert.ok(first);
  return bareProvider([first, ...rest], { id });
};
const meta = provider("meta", "instagram", "facebook");
const solo = provider("bluesky", "bluesky");

test("platforms and providers are found by id, listed in one order, and each platform knows its provider", () => {
  const registry = createRegistry([meta, solo]);
  assert.deepEqual(
    registry.all().map(({ id }) => id),
    ["bluesky", "facebook", "instagram"],
  );
  assert.deepEqual(
    registry.providers().map(({ id }) => id),
    ["bluesky", "meta"],
  );
  assert.equal(registry.get("facebook"), meta.platforms[1]);
  assert.equal(registry.get("meta"), undefined);
  assert.equal(registry.providerOf("instagram"), meta);
  assert.equal(registry.providerOf("meta"), undefined);
});

test("an address that names a platform leads to its provider", () => {
  const registry = createRegistry([meta, solo]);
  assert.deepEqual(
    [registry.provider("meta"), registry.provider("facebook"), registry.provider("bluesky")],
    [meta, meta, solo],
  );
  assert.equal(registry.provider("nowhere"), undefined);
});

test("two that claim one id are refused by name, and so is a platform that is called as another provider", () => {
  assert.throws(() => createRegistry([solo, solo]), /Two providers have the id "bluesky"/);
  assert.throws(() => createRegistry([meta, provider("other", "facebook")]), /Two platforms have the id "facebook"/);
  assert.throws(
    () => createRegistry([meta, provider("other", "meta")]),
    /"meta" of other has the id of another provider/,
  );
});
