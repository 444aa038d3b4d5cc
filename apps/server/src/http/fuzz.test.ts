import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { operations } from "@postd/contracts";
import type { FastifyInstance } from "fastify";
import { startFakeApp } from "./testing/fake-app.ts";
import { hostileTexts, hostileTypes, hostileValues, mutationsOf } from "./testing/hostile.ts";

let app: FastifyInstance;
before(async () => {
  ({ app } = await startFakeApp());
});
after(() => app.close());

const headers = { authorization: "Bearer session:owner", "content-type": "application/json" };

for (const operation of operations) {
  const params = Object.entries((operation.example.params ?? {}) as Record<string, string>);
  const goodUrl = params.reduce((url, [name, value]) => url.replace(`:${name}`, value), operation.path);

  test(`no body makes ${operation.id} fail on our side`, async () => {
    for (const body of operation.method === "GET" ? [] : mutationsOf(operation.example.body)) {
      const payload = JSON.stringify(body) ?? "undefined";
      const answer = await app.inject({ method: operation.method, url: goodUrl, headers, payload });
      assert.ok(answer.statusCode < 500, `${payload.slice(0, 200)}: ${answer.body}`);
    }
  });

  test(`no text and no content type makes ${operation.id} fail on our side`, async () => {
    const payloads = [JSON.stringify(operation.example.body ?? {}), "--b\r\n\r\n--b--"];
    const tries = [
      ...hostileTexts.map((payload) => ({ type: "application/json", payload })),
      ...hostileTypes.flatMap((type) => payloads.map((payload) => ({ type, payload }))),
    ];
    for (const { type, payload } of tries) {
      const sent = { ...headers, "content-type": type };
      const answer = await app.inject({ method: operation.method, url: goodUrl, headers: sent, payload });
      assert.ok(answer.statusCode < 500, `${type} ${payload.slice(0, 100)}: ${answer.body}`);
    }
  });

  test(`no parameter or query makes ${operation.id} fail on our side`, async () => {
    for (const value of hostileValues) {
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
