import assert from "node:assert/strict";
import { test } from "node:test";
import { countGraphemes, type FoundAccount, secret } from "@postd/connector-kit";
import { toldAccounts, toldHealth, toldLine, toldPicture } from "./told.ts";

const account = (more: Partial<FoundAccount> = {}): FoundAccount => ({
  platform: "blog",
  externalId: "1",
  kind: "page",
  name: "Harbour Bakery",
  extras: {},
  credentials: { accessToken: secret("t") },
  missingScopes: [],
  ...more,
});
const only = (more: Partial<FoundAccount>) => {
  const [one] = toldAccounts([account(more)]);
  assert.ok(one);
  return one;
};

/** What a platform may tell, and what of it is shown. */
const names: readonly (readonly [told: string, shown: string])[] = [
  ["Harbour Bakery", "Harbour Bakery"],
  ["  two\n\tlines \r\n of it ", "two lines of it"],
  ["half \ud83d", "half \ufffd"],
  ["nul\u0000bell\u0007c1\u0085del\u007f", "nulbellc1del"],
  ["kcab \u202eevil\u202c \u2066x\u2069 \u200fy\u061c", "kcab evil x y"],
  ["zero\u200bwidth\ufeff", "zerowidth"],
  ["👩‍👩‍👧‍👦 Familie Öst", "👩‍👩‍👧‍👦 Familie Öst"],
  ["مخبز الميناء", "مخبز الميناء"],
];
for (const [told, shown] of names)
  test(`a name told as ${JSON.stringify(told)} is shown without what misleads or cannot be stored`, () => {
    assert.equal(only({ name: told }).name, shown);
    assert.equal(toldHealth({ missingScopes: [], name: told }).name, shown);
    assert.equal(only({ handle: told }).handle, shown);
  });

test("names are cut by characters as people see them, and one made of thousands of marks is bounded", () => {
  const family = "👩‍👩‍👧‍👦";
  const long = only({ name: family.repeat(300) }).name;
  assert.equal(countGraphemes(long), 200);
  assert.ok(long.startsWith(family.repeat(199)));
  assert.ok(toldLine(`a${"\u0301".repeat(1_000_000)}`, 200).length <= 4_000);
});

test("a name that is none becomes the handle, or the id; a check leaves the one that is known", () => {
  assert.equal(only({ name: " \u200b ", handle: "ida" }).name, "ida");
  assert.equal(only({ name: "\u202e", handle: "" }).name, "1");
  assert.equal("handle" in only({ handle: "\u200b" }), false);
  assert.equal("name" in toldHealth({ missingScopes: [], name: "\u0000" }), false);
});

test("a picture comes by https, in an address a browser may be given, or not at all", () => {
  assert.equal(toldPicture("https://cdn.example/a.jpg?s=1"), "https://cdn.example/a.jpg?s=1");
  const refused = [
    "http://cdn.example/a.jpg",
    "javascript:alert(1)",
    "data:image/png;base64,AA",
    "//cdn.example/a.jpg",
    "https://user:word@cdn.example/a.jpg",
    `https://cdn.example/${"a".repeat(2_000)}`,
    "no address",
    "",
  ];
  for (const address of refused) {
    assert.equal("pictureUrl" in only({ pictureUrl: address }), false, address);
    assert.equal("pictureUrl" in toldHealth({ missingScopes: [], pictureUrl: address }), false, address);
  }
  assert.equal("profileUrl" in only({ profileUrl: "javascript:alert(1)" }), false);
});

test("an account whose id would have to be changed is left out, and what it is made of can be stored", () => {
  assert.deepEqual(toldAccounts([account({ externalId: "a\u0000b" }), account({ externalId: "" })]), []);
  assert.deepEqual(only({ extras: { pds: "x\u0000" } }).extras, { pds: "x" });
  assert.equal(only({ blocked: "gone\n\u202e" }).blocked, "gone");
});
