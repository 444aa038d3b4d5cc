import assert from "node:assert/strict";
import { test } from "node:test";
import { bluesky } from "./bluesky/connector.ts";
import { createRegistry } from "./create-registry.ts";

test("a registry finds every connector by its id and lists them in one order", () => {
  const later = { ...bluesky, id: "zebra" as typeof bluesky.id };
  const registry = createRegistry([later, bluesky]);
  assert.equal(registry.get("zebra"), later);
  assert.equal(registry.get("nowhere"), undefined);
  assert.deepEqual(
    registry.all().map(({ id }) => id),
    ["bluesky", "zebra"],
  );
});

test("two connectors with one id are refused by name", () => {
  assert.throws(() => createRegistry([bluesky, { ...bluesky }]), /Two connectors have the id "bluesky"/);
});
