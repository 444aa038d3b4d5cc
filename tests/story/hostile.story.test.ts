import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { type System, startSystem } from "@postd/testkit/system";
import { z } from "zod";
import { hostileTexts, hostileTypes, hostileValues, mutationsOf } from "../../apps/server/src/http/testing/hostile.ts";
import { makeTenant, type Tenant } from "./tenant-requests.ts";

const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        parameters: z
          .array(z.object({ name: z.string(), in: z.string(), example: z.unknown().optional() }))
          .default([]),
        requestBody: z
          .object({ content: z.record(z.string(), z.object({ example: z.unknown().optional() })) })
          .optional(),
      }),
    ),
  ),
});

/** They end the session or the account that all others are tried with. */
const endsTheTrial = ["switchTenant", "deletePost", "deleteConnection", "removeMember", "revokeApiKey"];

describe("whatever is sent to the live API, it is never our fault", () => {
  let system: System;
  let tenant: Tenant;
  let ids: Readonly<Record<string, string>>;
  let operations: readonly {
    readonly id: string;
    readonly method: string;
    readonly path: string;
    readonly query: readonly string[];
    readonly body: unknown;
  }[];

  before(async () => {
    system = await startSystem({ logLevel: "warn", worker: false });
    tenant = await makeTenant(system, "Ada");
    const later = new Date(Date.now() + 86_400_000).toISOString();
    const { connectionId, session } = tenant;
    const post = await session.must("POST", "/api/posts", {
      content: "Beans",
      targets: [{ connectionId }],
      scheduledFor: later,
    });
    ids = { con: connectionId, post: post.id, job: post.jobs[0].id, ten: tenant.id };
    const { body } = await system.visitor().call("GET", "/api/openapi.json");
    operations = Object.entries(Document.parse(body).paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId, parameters, requestBody }]) => ({
        id: operationId,
        method: method.toUpperCase(),
        path: withOwnIds(parameters.reduce((at, { name, example }) => at.replace(`{${name}}`, String(example)), path)),
        query: parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name),
        body: JSON.parse(withOwnIds(JSON.stringify(requestBody?.content["application/json"]?.example ?? null))),
      })),
    );
    assert.ok(operations.length > 30, `${operations.length} operations`);
  });
  after(() => system?.close());

  /** Examples name things of nobody; where the tenant has one of the kind, its own is named. */
  const withOwnIds = (text: string) =>
    text.replace(/\b(con|post|job|ten)_[0-9a-z]{8,40}/g, (id, kind) => ids[kind] ?? id);

  const send = async (method: string, path: string, init: { type?: string; payload?: string } = {}) => {
    const origin = system.url;
    const response = await fetch(new URL(path, system.url), {
      method,
      redirect: "manual",
      headers: {
        cookie: tenant.session.cookies(),
        origin,
        // Making a tenant switches the session to it.
        "x-postd-tenant": tenant.id,
        accept: "application/json",
        ...(init.type === undefined ? {} : { "content-type": init.type }),
      },
      ...(method === "GET" || init.payload === undefined ? {} : { body: init.payload }),
    });
    // A stream of events ends when its reader leaves.
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    const text = isStream ? "" : await response.text();
    if (isStream) await response.body?.cancel();
    const what = `${method} ${path.slice(0, 200)} ${init.type ?? ""} ${init.payload?.slice(0, 200) ?? ""}: ${text.slice(0, 300)}`;
    assert.ok(response.status !== 500 && !text.includes('"code":"internal"'), what);
  };

  const tried = () => operations.filter(({ id }) => !endsTheTrial.includes(id));

  /** Sends a share of all requests, the same for one seed, several at a time. */
  const sendAll = async (t: TestContext, requests: readonly Parameters<typeof send>[], most: number) => {
    const seed = Number(process.env.POSTD_TEST_SEED ?? Date.now() % 1_000_000);
    const step = Math.max(1, requests.length / most);
    const chosen = Array.from({ length: Math.min(most, requests.length) }, (_, index) => {
      const at = Math.floor(index * step + ((seed * 7_919 + index * 104_729) % 1_000) * (step / 1_000));
      return requests[Math.min(at, requests.length - 1)] ?? assert.fail();
    });
    t.diagnostic(`${chosen.length} of ${requests.length} requests, POSTD_TEST_SEED=${seed}`);
    const left = [...chosen];
    const sender = async () => {
      for (let next = left.pop(); next; next = left.pop()) await send(...next);
    };
    await Promise.all(Array.from({ length: 6 }, sender));
  };

  it("no body", async (t) => {
    const requests = tried()
      .filter((operation) => operation.body !== null)
      .flatMap(({ method, path, body }) =>
        [...mutationsOf(body)].map(
          (value): Parameters<typeof send> => [
            method,
            path,
            { type: "application/json", payload: JSON.stringify(value) ?? "undefined" },
          ],
        ),
      );
    await sendAll(t, requests, 500);
  });

  it("no text that is no body, and no content type", async (t) => {
    const types = hostileTypes.filter((type) => /^[ -~]*$/.test(type));
    const requests = tried().flatMap(({ method, path, body }) => [
      ...hostileTexts.map((payload): Parameters<typeof send> => [method, path, { type: "application/json", payload }]),
      ...types.flatMap((type) =>
        [JSON.stringify(body ?? {}), "--b\r\n\r\n--b--"].map(
          (payload): Parameters<typeof send> => [method, path, { type, payload }],
        ),
      ),
    ]);
    await sendAll(t, requests, 300);
  });

  it("no path and no query", async (t) => {
    const texts = hostileValues.map((value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? "")));
    const encoded = texts.map((text) =>
      encodeURIComponent(text.toWellFormed())
        .slice(0, 4_000)
        .replace(/%[0-9A-F]?$/, ""),
    );
    const requests = operations
      .filter((operation) => operation.method === "GET")
      .flatMap(({ method, path, query }) =>
        encoded.flatMap((text) => [
          ...[...query, "limit", "cursor"].map((name): Parameters<typeof send> => [method, `${path}?${name}=${text}`]),
          [method, path.replace(/[^/]+$/, text || "%20")] satisfies Parameters<typeof send>,
        ]),
      );
    await sendAll(t, requests, 300);
  });

  it("and the tenant's things are still there", async () => {
    const own = { "x-postd-tenant": tenant.id };
    for (const path of [`/api/posts/${ids.post}`, "/api/posts?limit=200", "/api/jobs?limit=200"])
      assert.equal((await tenant.session.call("GET", path, undefined, own)).status, 200, path);
  });
});
