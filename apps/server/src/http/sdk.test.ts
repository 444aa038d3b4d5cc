import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, createClient } from "@postd/sdk";
import { startFakeApp } from "./testing/fake-app.ts";

let system: Awaited<ReturnType<typeof startFakeApp>>;
let client: Client;
const connectionId = "con_0195a1b2c3d47e8f90a1b2c3d4e5f602";

/** Sends a request straight into the server. */
async function send(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const answer = await system.app.inject({
    method: request.method as "GET",
    url: pathname + search,
    headers: Object.fromEntries(request.headers),
    payload: Buffer.from(await request.arrayBuffer()),
  });
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) headers.set(name, String(value));
  return new Response(answer.statusCode === 302 ? null : answer.rawPayload, { status: answer.statusCode, headers });
}

before(async () => {
  system = await startFakeApp();
  client = createClient({ baseUrl: "http://server/", apiKey: "key:all", fetch: send });
});
after(() => system.app.close());

test("a call carries params, query and body, and comes back typed", async () => {
  const job = await client.call("publish", { body: { connectionId, payload: { content: "Hi" } } });
  assert.ok(job.ok, JSON.stringify(job));
  assert.equal(job.value.connectionId, connectionId);
  const page = await client.call("listJobs", { query: { state: "held", limit: 10 } });
  assert.ok(page.ok);
  assert.equal(page.value.nextCursor, "bmV4dA");
  const one = await client.call("getPublishJob", { params: { jobId: job.value.id } });
  assert.ok(one.ok);
  assert.ok((await client.call("listPlatforms")).ok);
});

test("a refusal comes back as the problem document, with the field named", async () => {
  const refused = await client.call("publish", { body: { connectionId: "x", payload: { content: "Hi" } } });
  assert.ok(!refused.ok);
  assert.ok("requestId" in refused.error);
  assert.equal(refused.error.code, "invalid_input");
  assert.equal(refused.error.field, "connectionId");
});

test("an idempotency key makes a repeat answer the first job", async () => {
  const body = { connectionId, payload: { content: "Once" } };
  const first = await client.call("publish", { body }, { idempotencyKey: "sdk-1" });
  const again = await client.call("publish", { body }, { idempotencyKey: "sdk-1" });
  assert.ok(first.ok);
  assert.deepEqual(again, { ok: true, value: { ...first.value, cached: true } });
});

test("a file is uploaded as a form with its description", async () => {
  const made = await client.call(
    "createMedia",
    {},
    { upload: { file: new Blob(["x".repeat(1_000)]), fileName: "a.jpg", altText: "Cups" } },
  );
  assert.ok(made.ok, JSON.stringify(made));
  assert.equal(made.value.sizeBytes, 1_000);
  assert.equal(made.value.altText, "Cups");
});

test("bad health is an answer, not an error", async () => {
  const answer = await client.call("health");
  assert.ok(answer.ok);
});

test("a server that is not there, or is somebody else, is a failure and never a throw", async () => {
  const nobody = createClient({
    baseUrl: "http://nowhere",
    fetch: async () => {
      throw new TypeError("fetch failed");
    },
  });
  assert.deepEqual(await nobody.call("getMe"), { ok: false, error: { code: "network", detail: "fetch failed" } });
  const other = createClient({ baseUrl: "http://other", fetch: async () => new Response("<html>", { status: 200 }) });
  const answer = await other.call("getMe");
  assert.ok(!answer.ok);
  assert.equal(answer.error.code, "unexpected_answer");
});
