import assert from "node:assert/strict";
import { test } from "node:test";
import { GraphNode, secret } from "@postd/connector-kit";
import { graph } from "./graph.ts";
import { contextOf, type Scripted, scriptedGraph } from "./scripted-graph.ts";

const g = "graph.facebook.com/v25.0";

function ask(answer: Scripted) {
  const scripted = scriptedGraph({ [`POST ${g}/123/feed`]: answer });
  scripted.during("visible");
  const warned: unknown[] = [];
  const ctx = contextOf(scripted);
  const log = { ...ctx.log, warn: (fields: object) => void warned.push(fields) };
  const done = graph({ ...ctx, log }, secret("t"), { method: "POST", path: ["123", "feed"], answer: GraphNode });
  return { done, warned };
}

test("an error about reading back what was written is the success it is", async () => {
  const failed = { message: "x", type: "GraphMethodException", code: 100, error_subcode: 33 };
  const { done } = ask({ $status: 400, body: { error: { ...failed, original_response: { id: "123_1" } } } });
  assert.deepEqual(await done, { ok: true, value: { id: "123_1" } });
  const unclear = ask({ $status: 400, body: { error: { ...failed, original_response: {} } } });
  assert.equal((await unclear.done).ok, false);
});

test("an answer served in another version is told to the operator", async () => {
  const headers = (version: string) => ({ "facebook-api-version": version });
  const other = ask({ $status: 200, body: { id: "1" }, headers: headers("v26.0") });
  assert.ok((await other.done).ok);
  assert.deepEqual(other.warned, [{ served: "v26.0", asked: "v25.0", host: "graph.facebook.com" }]);
  const same = ask({ $status: 200, body: { id: "1" }, headers: headers("v25.0") });
  assert.ok((await same.done).ok);
  assert.deepEqual(same.warned, []);
});
