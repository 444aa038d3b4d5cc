import assert from "node:assert/strict";
import { test } from "node:test";
import { operations, operationsById } from "./operations.ts";

test("every operation is listed under its own id", () => {
  for (const [name, operation] of Object.entries(operationsById)) assert.equal(operation.id, name);
});

test("no two operations share a method and path", () => {
  const places = operations.map((operation) => `${operation.method} ${operation.path.replace(/:\w+/g, ":")}`);
  assert.deepEqual(
    places.filter((place, index) => places.indexOf(place) !== index),
    [],
  );
});

for (const operation of operations) {
  test(`the example of ${operation.id} fits its schemas`, () => {
    const { example } = operation;
    for (const part of ["params", "query", "body"] as const) {
      const schema = operation[part];
      if (!schema) {
        assert.equal(example[part], undefined, `${part} has an example but no schema`);
        continue;
      }
      if (part === "query" && example.query === undefined) continue;
      const parsed = schema.safeParse(example[part]);
      assert.ok(parsed.success, `${part}: ${parsed.error?.message}`);
    }
    const response = operation.response.safeParse(example.response);
    assert.ok(response.success, `response: ${response.error?.message}`);
  });

  test(`${operation.id} names every parameter of its path`, () => {
    const named = [...operation.path.matchAll(/:(\w+)/g)].map(([, name]) => name);
    const example = operation.example.params ?? {};
    assert.deepEqual(Object.keys(example).sort(), named.sort());
  });
}
