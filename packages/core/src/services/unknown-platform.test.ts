import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry } from "@postd/connector-kit";
import { barePlatform, bareProvider } from "@postd/connector-kit/conformance";
import { errorCodes } from "@postd/contracts";
import { unknownPlatform } from "./unknown-platform.ts";

const impossible = [{ what: "Publishing", why: "It has no API.", checkedOn: "2026-11-20" }];
const registry = createRegistry(
  [bareProvider([barePlatform({ id: "example" })])],
  [
    { id: "later", name: "Later", comes: ["signIn"] },
    { id: "closed", name: "Closed", comes: [], impossible },
  ],
);

test("a platform that is planned is told apart from one nobody knows", () => {
  const later = unknownPlatform(registry, "later");
  assert.deepEqual([later.code, errorCodes[later.code].status, later.field], ["platform_planned", 501, "platform"]);
  assert.match(later.detail, /^Later is planned/);
  assert.match(later.next ?? "", /GET \/api\/platforms/);
  assert.match(unknownPlatform(registry, "closed").detail, /Publishing: It has no API\./);
  const nobody = unknownPlatform(registry, "orkut", "provider");
  assert.deepEqual(
    [nobody.code, nobody.field, nobody.detail],
    ["not_found", "provider", "There is no provider called orkut."],
  );
});
