import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SimRequest } from "../types.ts";
import { page } from "./answers.ts";
import { readDate } from "./date-text.ts";
import { edgeField } from "./edge-field.ts";
import { GraphError, invalidParameter } from "./error.ts";
import { fieldsText, parseFields } from "./field-list.ts";
import { fieldValues, readBack } from "./node-fields.ts";
import { paramsOf, passedOver, readParams, textList } from "./params.ts";

const now = Date.parse("2026-11-20T12:00:00Z"); // a Friday
const at = (text: string) => {
  const ms = readDate(text, now);
  return ms === undefined ? undefined : new Date(ms).toISOString();
};
const code = (input: { code: number; subcode?: number }) => (error: unknown) => {
  assert.ok(error instanceof GraphError);
  const { error: said } = error.response.json as { error: { code: number; error_subcode?: number } };
  assert.deepEqual({ code: said.code, subcode: said.error_subcode }, { subcode: undefined, ...input });
  return true;
};

describe("what Graph hosts do alike", () => {
  it("reads dates as PHP's strtotime does", () => {
    for (const [text, instant] of [
      ["+1 hour", "2026-11-20T13:00:00.000Z"],
      ["1795176000", "2026-11-20T12:00:00.000Z"],
      ["2026-11-20T13:00:00+0100", "2026-11-20T12:00:00.000Z"],
      ["+90 minutes", "2026-11-20T13:30:00.000Z"],
      ["2 days ago", "2026-11-18T12:00:00.000Z"],
      ["-1 week", "2026-11-13T12:00:00.000Z"],
      ["+1 week 2 days", "2026-11-29T12:00:00.000Z"],
      ["now", "2026-11-20T12:00:00.000Z"],
      ["tomorrow", "2026-11-21T00:00:00.000Z"],
      ["tomorrow noon", "2026-11-21T12:00:00.000Z"],
      ["Tomorrow 9:30", "2026-11-21T09:30:00.000Z"],
      ["tomorrow at 10 pm", "2026-11-21T22:00:00.000Z"],
      ["yesterday", "2026-11-19T00:00:00.000Z"],
      ["monday", "2026-11-23T00:00:00.000Z"],
      ["friday", "2026-11-20T00:00:00.000Z"],
      ["next friday", "2026-11-27T00:00:00.000Z"],
      ["last monday", "2026-11-16T00:00:00.000Z"],
      ["next month", "2026-12-20T12:00:00.000Z"],
      ["+1 year", "2027-11-20T12:00:00.000Z"],
    ] as const)
      assert.equal(at(text), instant, text);
    for (const none of ["", "soon", "+1", "+1 colour", "hour", "next", "tomorrow; now", "{}"])
      assert.equal(at(none), undefined, none);
  });

  it("reads parameters from query and body together, the body winning, and lists in three spellings", async () => {
    const request: SimRequest = {
      method: "POST",
      host: "graph.example",
      path: "/1/feed",
      query: new URLSearchParams({ text: "query", id: "1", colour: "red" }),
      headers: { "content-type": "application/json" },
      rawBody: new TextEncoder().encode(JSON.stringify({ text: "body", more: { a: 1 } })),
    };
    const params = await readParams(request);
    assert.deepEqual([params.text("text"), params.text("more")], ["body", '{"a":1}']);
    assert.deepEqual(passedOver(params, ["text", "more"]), ["colour"]);
    for (const pairs of [
      [["ids", "1,2"]],
      [["ids", '["1","2"]']],
      [
        ["ids[0]", "1"],
        ["ids[1]", "2"],
      ],
    ] as const)
      assert.deepEqual(textList(paramsOf(pairs), "ids"), ["1", "2"]);
  });

  it("reads fields with modifiers and inner fields, and writes them again as they were", () => {
    const text = "id,comments.limit(2).order(chronological){id,from{name}},children";
    assert.equal(fieldsText(parseFields(text)), text);
    assert.throws(() => parseFields("id,comments{id"), code({ code: 100 }));
  });

  it("leaves out fields without a value and refuses those a node does not have", () => {
    const node = { type: "post", table: { id: () => "1", text: () => undefined }, defaults: ["id"] };
    const read = (fields?: string) =>
      fieldValues(node, fields === undefined ? undefined : parseFields(fields), (f) => f());
    assert.deepEqual([read(), read("id,text")], [{ id: "1" }, { id: "1" }]);
    assert.throws(() => read("status"), code({ code: 100 }));
  });

  it("pages a list by cursors in links that keep the call's parameters, wherever the list stands", () => {
    const items = ["1", "2", "3"].map((id) => ({ id }));
    const call = {
      host: "graph.example",
      version: "v1.0",
      request: { path: "/v1.0/9/replies" },
      params: paramsOf([
        ["limit", "2"],
        ["fields", "id"],
      ]),
      token: { value: "t" },
    };
    const next = (answer: unknown) => (answer as { paging: { next?: string } }).paging.next ?? "";
    const first = next(page(call, items, ({ id }) => id));
    assert.match(first, /^https:\/\/graph\.example\/v1\.0\/9\/replies\?limit=2&fields=id&after=[^&]+&access_token=t$/);
    const more = { ...call, params: paramsOf([...new URL(first).searchParams]) };
    assert.deepEqual(page(more, items, ({ id }) => id).data, ["3"]);
    const [field] = parseFields("replies.limit(1){id}");
    assert.ok(field);
    const inner = next(edgeField(call, field, { id: "9", edge: "replies" }, items, ({ id }) => id));
    assert.match(inner, /\/v1\.0\/9\/replies\?limit=1&fields=id&after=/);
  });

  it("says of a change whose read failed what was written", () => {
    assert.deepEqual(
      readBack({ id: "1" }, () => ({ text: "Hi" })),
      { id: "1", text: "Hi" },
    );
    assert.throws(
      () =>
        readBack({ id: "1" }, () => {
          throw invalidParameter("no such field");
        }),
      code({ code: 100, subcode: 33 }),
    );
  });
});
