import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isDeclared, operations } from "@postd/contracts";
import type { FastifyInstance } from "fastify";
import { startFakeApp } from "./testing/fake-app.ts";

interface Documented {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Record<string, { readonly example?: unknown; readonly schema?: unknown }> }>
  >;
}

let app: FastifyInstance;
// biome-ignore lint/suspicious/noExplicitAny: the document is walked as JSON.
let document: any;
before(async () => {
  ({ app } = await startFakeApp());
  document = (await app.inject({ url: "/api/openapi.json" })).json();
});
after(() => app.close());

test("the document is OpenAPI 3.1 with every operation once, described and with an example", () => {
  assert.match(document.openapi, /^3\.1\.\d$/);
  const found: string[] = [];
  for (const methods of Object.values<Record<string, Documented>>(document.paths))
    for (const operation of Object.values(methods)) {
      const { operationId, summary, description, responses, tags } = operation;
      found.push(operationId);
      assert.ok(summary && description && tags, operationId);
      const good = Object.entries<{ content?: Record<string, { example?: unknown; schema?: unknown }> }>(
        responses,
      ).find(([status]) => status.startsWith("2") || status === "302");
      assert.ok(good, operationId);
      for (const content of Object.values(good[1].content ?? {})) {
        assert.notEqual(content.example, undefined, operationId);
        assert.notEqual(content.schema, undefined, operationId);
      }
    }
  assert.deepEqual(found.sort(), operations.map(({ id }) => id).sort());
});

test("every reference in the document leads somewhere", () => {
  const names = new Set(Object.keys(document.components.schemas));
  const seen = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? "");
  assert.ok(seen.length > 50);
  for (const ref of seen) assert.ok(names.has(ref.replace("#/components/schemas/", "")), ref);
});

test("every named schema says something: fields, choices or a type, and never just its own name", () => {
  for (const [name, schema] of Object.entries<object>(document.components.schemas)) {
    assert.ok(!("$ref" in schema), `${name} is only a reference`);
    assert.ok("type" in schema || "anyOf" in schema || "oneOf" in schema, name);
  }
  assert.ok("targets" in document.components.schemas.PostInput.properties);
});

test("every path parameter is declared and every operation that needs a caller says how to be one", () => {
  for (const [path, methods] of Object.entries<Record<string, never>>(document.paths))
    for (const operation of Object.values<{
      operationId: string;
      parameters: { name: string; in: string; required: boolean }[];
      security: object[];
    }>(methods)) {
      const declared = operation.parameters.filter((p) => p.in === "path" && p.required).map(({ name }) => name);
      assert.deepEqual(declared.sort(), [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort());
      const needs = operations.find(({ id }) => id === operation.operationId)?.auth.kind === "caller";
      assert.equal(operation.security.length > 0, needs, operation.operationId);
    }
});

test("an operation that may leave something to be done says so with 202, and one that may say no with a body of its own names it", () => {
  const responsesOf = (id: string) => {
    const operation = operations.find((it) => it.id === id);
    assert.ok(operation, id);
    return document.paths[operation.path.replace(/:(\w+)/g, "{$1}")][operation.method.toLowerCase()].responses;
  };
  for (const id of ["updatePost", "deletePost", "approvePost", "cancelJob", "retryJob", "deleteConnection"]) {
    const responses = responsesOf(id);
    assert.deepEqual(
      responses[202].content["application/json"].schema,
      responses[200].content["application/json"].schema,
    );
  }
  for (const id of ["ready", "health"]) assert.ok(responsesOf(id)[503].content["application/json"], id);
  assert.ok(responsesOf("finishOAuth")[200] && responsesOf("finishOAuth")[302].content === undefined);
  for (const id of ["createPost", "updatePost", "createMedia"])
    for (const status of [408, 413, 415]) assert.ok(responsesOf(id)[status], `${id} ${status}`);
});

test("what an operation does not declare is no answer it gives", () => {
  const operation = operations.find(({ id }) => id === "getPost");
  assert.ok(operation);
  assert.ok(isDeclared(operation, { status: 200 }) && isDeclared(operation, { code: "not_found" }));
  assert.ok(!isDeclared(operation, { status: 202 }) && !isDeclared(operation, { code: "state_conflict" }));
});

test("the documentation page and all its files come from this server", async () => {
  const page = await app.inject({ url: "/docs/" });
  assert.equal(page.statusCode, 200, page.body);
  const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? "");
  assert.ok(sources.length >= 3);
  for (const source of sources) {
    assert.ok(!/^(https?:)?\/\//.test(source), source);
    const file = await app.inject({ url: new URL(source, "http://localhost/docs/").pathname });
    assert.equal(file.statusCode, 200, source);
  }
  const policy = String(page.headers["content-security-policy"]);
  assert.match(policy, /script-src[^;]*'self'/);
  assert.ok(!/script-src[^;]*(https:|unsafe-inline)/.test(policy), policy);
  // Nothing on the page is inline, or the policy names its hash.
  const inline = [...page.body.matchAll(/<script(?![^>]*src=)[^>]*>([^<]+)</g)];
  assert.ok(inline.length === 0 || policy.includes("sha256-"), policy);
});
