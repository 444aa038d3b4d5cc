import assert from "node:assert/strict";
import { test } from "node:test";
import { isNewEnough } from "./node.mjs";
import { missing } from "./packages.mjs";

test("Node is new enough from 22.18 on, compared as numbers", () => {
  for (const version of ["22.18.0", "22.100.1", "23.0.0", "100.1.0"]) assert.equal(isNewEnough(version), true, version);
  for (const version of ["16.20.2", "20.20.2", "22.2.0", "9.99.0"]) assert.equal(isNewEnough(version), false, version);
});

test("an installation differs when a package is missing or another version, not when one is for other machines", () => {
  const wanted = {
    "": {},
    "apps/server": { version: "1.0.0" },
    "node_modules/a": { version: "1.0.0", integrity: "x" },
    "apps/web/node_modules/b": { version: "2.0.0", integrity: "y" },
    "node_modules/@postd/server": { link: true },
    "node_modules/for-windows": { version: "1.0.0", integrity: "z", optional: true },
  };
  assert.deepEqual(missing(wanted, wanted), []);
  assert.deepEqual(missing(wanted, {}), ["node_modules/a", "apps/web/node_modules/b", "node_modules/@postd/server"]);
  assert.deepEqual(missing(wanted, { ...wanted, "node_modules/a": { version: "1.0.1", integrity: "q" } }), [
    "node_modules/a",
  ]);
});
