import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { operations } from "@postd/contracts";
import type { FastifyInstance } from "fastify";
import { startFakeApp } from "./testing/fake-app.ts";

let app: FastifyInstance;
before(async () => {
  ({ app } = await startFakeApp());
});
after(() => app.close());

/** Values that break careless code: wrong kinds, sizes, encodings, names with a meaning in JavaScript. */
const odd: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  Number.MAX_VALUE,
  "",
  " ",
  "\u0000",
  "\ud800",
  "\u202e\u2066",
  "💥".repeat(2_000),
  "x".repeat(50_000),
  "'; drop table posts; --",
  "../../etc/passwd",
  "%{jndi:ldap://x}",
  [],
  {},
  [[[[]]]],
  { constructor: { prototype: {} } },
  { toString: 1, valueOf: 2 },
  "9999-99-99T99:99:99Z",
  "http://[::1",
];

/** Every way to put one odd value somewhere into a good body. */
function* mutations(body: unknown): Generator<unknown> {
  for (const value of odd) yield value;
  if (typeof body !== "object" || body === null) return;
  for (const [name, item] of Object.entries(body)) {
    const { [name]: _gone, ...rest } = body as Record<string, unknown>;
    yield rest;
    for (const value of odd) yield { ...body, [name]: value };
    if (typeof item === "object" && item !== null && !Array.isArray(item))
      for (const nested of Object.keys(item))
        for (const value of odd) yield { ...body, [name]: { ...item, [nested]: value } };
  }
  yield { ...body, "odd-\u0000": 1 };
  yield { ...body, hasOwnProperty: 1 };
}

const headers = { authorization: "Bearer session:owner", "content-type": "application/json" };

for (const operation of operations) {
  const params = Object.entries((operation.example.params ?? {}) as Record<string, string>);
  const goodUrl = params.reduce((url, [name, value]) => url.replace(`:${name}`, value), operation.path);

  test(`no body makes ${operation.id} fail on our side`, async () => {
    for (const body of operation.method === "GET" ? [] : mutations(operation.example.body)) {
      const payload = JSON.stringify(body) ?? "undefined";
      const answer = await app.inject({ method: operation.method, url: goodUrl, headers, payload });
      assert.ok(answer.statusCode < 500, `${payload.slice(0, 200)}: ${answer.body}`);
    }
  });

  test(`no parameter or query makes ${operation.id} fail on our side`, async () => {
    for (const value of odd) {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      const encoded = encodeURIComponent(text.toWellFormed()).slice(0, 4_000);
      const names = ["limit", "cursor", "state", "platform", "alsoLive", "code", "nonsense", "__proto__", "a[b]"];
      const urls = [
        ...params.map(([name]) => operation.path.replace(`:${name}`, encoded || "%20")),
        ...names.map((name) => `${goodUrl}?${encodeURIComponent(name)}=${encoded}`),
        `${goodUrl}?${encoded}`,
        `${goodUrl}?limit=1&limit=2&state=%ff%00`,
      ];
      for (const url of urls) {
        const { "content-type": _type, ...bare } = headers;
        const answer = await app.inject({ method: operation.method, url, headers: bare });
        assert.ok(answer.statusCode < 500, `${url.slice(0, 200)}: ${answer.body}`);
      }
    }
  });
}
