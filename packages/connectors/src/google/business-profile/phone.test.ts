import assert from "node:assert/strict";
import { test } from "node:test";
import { phoneNumberIn } from "./phone.ts";

test("telephone numbers are found as people write them", () => {
  for (const [text, found] of [
    ["Call +45 12 34 56 78 today", "+45 12 34 56 78"],
    ["Call (555) 010-9999", "(555) 010-9999"],
    ["Book: 555-010-9999.", "555-010-9999"],
    ["Ring 12345678!", "12345678"],
    ["030/1234567", "030/1234567"],
    ["Tel. 06 12 34 56 78", "06 12 34 56 78"],
    ["+4512345678", "+4512345678"],
    ["06.12.34.56.78", "06.12.34.56.78"],
    ["on 24.12.2026 call 12 34 56 78", "12 34 56 78"],
  ] as const)
    assert.equal(phoneNumberIn(text), found, text);
});

test("dates, times, prices, years, codes and addresses are none", () => {
  for (const text of [
    "Open 24.12.2026 - 02.01.2027",
    "24.12. - 26.12. from 10:00-18:30",
    "From 2026-12-24 to 2026-12-26",
    "Season 2026/2027, 2026 - 2027",
    "Only $1 299 000 or 1 299 000 kr",
    "ISBN 9783161484100",
    "Code SAVE20261224",
    "https://example.com/p/12345678?x=12345678",
    "Order #12345678",
    "Rooms 101, 102, 103 and 104",
    "Mo 10.00-18.30, Sa 10.00-14.00",
    "1,299,000 beans",
    "100 % 1234",
    "",
  ])
    assert.equal(phoneNumberIn(text), undefined, text);
});
