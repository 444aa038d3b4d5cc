import assert from "node:assert/strict";
import { test } from "node:test";
import { askedRange } from "./byte-range.ts";

const etag = '"med_1.jpg"';
const cases: readonly [range: string | undefined, expected: ReturnType<typeof askedRange>, ifRange?: string][] = [
  [undefined, "whole"],
  ["bytes=0-0", { from: 0, to: 1 }],
  ["bytes=2-5", { from: 2, to: 6 }],
  ["bytes=2-", { from: 2, to: 10 }],
  ["bytes=2-400", { from: 2, to: 10 }],
  ["bytes=-3", { from: 7, to: 10 }],
  ["bytes=-300", { from: 0, to: 10 }],
  ["Bytes= 2-5 ", { from: 2, to: 6 }],
  ["bytes=10-", "none"],
  ["bytes=10-20", "none"],
  ["bytes=-0", "none"],
  ["bytes=-", "whole"],
  ["bytes=5-2", "whole"],
  ["bytes=0-1,4-5", "whole"],
  ["lines=0-1", "whole"],
  ["bytes=a-b", "whole"],
  ["bytes=0-1", { from: 0, to: 2 }, etag],
  ["bytes=0-1", "whole", '"med_2.jpg"'],
  ["bytes=0-1", "whole", `W/${etag}`],
  ["bytes=0-1", "whole", "Wed, 21 Oct 2026 07:28:00 GMT"],
  ["bytes=10-", "whole", '"med_2.jpg"'],
];

for (const [range, expected, ifRange] of cases)
  test(`${range} of ten bytes${ifRange ? `, if ${ifRange}` : ""}`, () =>
    assert.deepEqual(askedRange({ range, ifRange }, 10, etag), expected));

test("an empty file has no part", () => {
  assert.equal(askedRange({ range: "bytes=0-", ifRange: undefined }, 0, etag), "none");
  assert.equal(askedRange({ range: "bytes=-5", ifRange: undefined }, 0, etag), "none");
});
