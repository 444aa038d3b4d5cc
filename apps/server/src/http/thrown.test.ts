import assert from "node:assert/strict";
import { test } from "node:test";
import { loggable, refusalOf } from "./thrown.ts";

const coded = (code: string, message = "x") => Object.assign(new Error(message), { code });

const table: readonly (readonly [string, unknown, string])[] = [
  ["a refused connection", coded("ECONNREFUSED"), "unavailable"],
  ["all addresses refused", new AggregateError([coded("ECONNREFUSED")]), "unavailable"],
  ["a server shutting down", new Error("query", { cause: coded("57P01") }), "unavailable"],
  ["no connection left", coded("53300"), "unavailable"],
  ["a connection lost in between", new Error("Connection terminated unexpectedly"), "unavailable"],
  ["a pool that waited too long", new Error("timeout exceeded when trying to connect"), "unavailable"],
  ["a null character in text", new Error("query", { cause: coded("22021") }), "invalid_input"],
  ["a broken promise of ours", coded("23505"), "internal"],
  ["a file that is missing", coded("EACCES"), "internal"],
  ["something that is no error", "text", "internal"],
  ["nothing", undefined, "internal"],
];
for (const [what, error, code] of table)
  test(`${what} is ${code}`, () => {
    assert.equal(refusalOf(error).code, code);
  });

test("values of a failed query are not logged", () => {
  const cause = Object.assign(new Error('duplicate key "x" (hunter2)'), { code: "23505", detail: "Key (hunter2)" });
  const error = Object.assign(new Error("Failed query: insert\nparams: hunter2", { cause }), { params: ["hunter2"] });
  const logged = JSON.stringify(loggable(error));
  assert.ok(!logged.includes("hunter2"), logged);
  assert.match(logged, /23505/);
  assert.match(logged, /thrown\.test\.ts/);
});

test("a missing file is not taken for a missing database", () => {
  const missing = Object.assign(new Error("no such file"), { code: "ENOENT", syscall: "open" });
  assert.equal(refusalOf(missing).code, "internal");
});
