import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { rowsOf } from "./rows.ts";
import { webhookEvents } from "./webhook-events.ts";

const Row = z
  .object({ id: z.number(), kind: z.string(), at: z.number().optional(), post: z.string().optional() })
  .transform(({ id, kind, at, post }) => ({ name: kind, accountExternalId: "1", key: id, atMs: at, data: { post } }));
const parse = webhookEvents({
  platform: "place",
  body: z.object({ rows: rowsOf(Row) }).transform(({ rows }) => rows),
  types: { SAID: "comment.created" },
});
const read = (body: unknown) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return parse({ headers: {}, query: {}, rawBody: new TextEncoder().encode(text) });
};

test("events get our names, a key that is always the same, and what they tell", () => {
  assert.deepEqual(read({ rows: [{ id: 7, kind: "SAID", at: 1_000, post: "p" }] }), [
    {
      type: "comment.created",
      platform: "place",
      accountExternalId: "1",
      dedupeKey: "place:7",
      occurredAt: new Date(1_000),
      data: { post: "p" },
    },
  ]);
});

test("kinds nobody knows, rows and bodies of another shape are left out, and spoil no other", () => {
  const rows = [{ id: 1, kind: "toString" }, "odd", { id: 2, kind: "SAID", at: 1e300 }];
  const [only, ...others] = read({ rows });
  assert.deepEqual([only?.dedupeKey, only?.occurredAt, only?.data, others], ["place:2", undefined, {}, []]);
  for (const body of ["<html>", "{}", "[]", JSON.stringify({ rows: "many" })]) assert.deepEqual(read(body), []);
});

test("what is told of an event is cut where it is long and kept storable", () => {
  const [event] = read({ rows: [{ id: 1, kind: "SAID", post: `\u0000${"x".repeat(5_000)}` }] });
  assert.equal(String(event?.data.post).length, 1_000);
  assert.ok(!String(event?.data.post).includes("\u0000"));
});
