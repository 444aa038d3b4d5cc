import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { errorCodes, operations, Problem } from "@postd/contracts";
import type { FastifyInstance, InjectOptions } from "fastify";
import { startFakeApp } from "./testing/fake-app.ts";
import { fakeServices } from "./testing/fakes.ts";

const web = mkdtempSync(path.join(tmpdir(), "postd-every-answer-"));
writeFileSync(path.join(web, "index.html"), "<!doctype html>");
let app: FastifyInstance;
let port: number;
before(async () => {
  const { media } = fakeServices();
  ({ app } = await startFakeApp({
    services: {
      media: {
        ...media,
        openSigned: async (link) => {
          if (link.path.endsWith("/breaks")) throw new Error("a bug");
          return media.openSigned(link);
        },
      },
    },
    config: {
      webDirectory: web,
      jsonMaxBytes: 2_000,
      rateLimits: { perKeyPerMinute: 100_000, perTenantPerMinute: 100_000, perAddressPerMinute: 100_000 },
    },
  }));
  await app.listen({ host: "127.0.0.1", port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
after(async () => {
  await app.close();
  rmSync(web, { recursive: true });
});

/** Answers that may be kept, each by a rule of its own. */
const keptBy: readonly (readonly [RegExp, RegExp])[] = [
  [/^\/(index\.html|some\/page)?$/, /^(no-cache|no-store)$/],
  [/^\/api\/openapi\.json$/, /^no-cache$/],
  [/^\/docs/, /^(no-store|public, max-age=0)$/],
  [/^\/media\//, /no-store/],
];

function check(what: string, at: string, header: (name: string) => string | undefined): void {
  const rule = keptBy.find(([pattern]) => pattern.test(at.split("?", 1)[0] ?? ""))?.[1] ?? /^no-store$/;
  assert.match(header("cache-control") ?? "", rule, what);
  assert.match(header("x-request-id") ?? "", /^req_[0-9a-f]{32}$/, what);
  assert.match(header("content-security-policy") ?? "", /default-src '(self|none)'/, what);
  assert.equal(header("x-content-type-options"), "nosniff", what);
  assert.equal(header("x-frame-options"), "DENY", what);
  assert.ok(header("referrer-policy"), what);
  assert.equal(header("x-powered-by"), undefined, what);
}

async function injected(options: InjectOptions & { url: string }): Promise<number> {
  const answer = await app.inject(options);
  check(`${options.method ?? "GET"} ${options.url} ${answer.statusCode}`, options.url, (name) =>
    answer.headers[name]?.toString(),
  );
  return answer.statusCode;
}

/** What a raw request is answered, up to the end of the connection. */
async function raw(
  text: string,
): Promise<{ status: number; body: string; header: (name: string) => string | undefined }> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.write(text);
  await once(socket, "close");
  const [head = "", ...rest] = Buffer.concat(chunks).toString("latin1").split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  return { status: Number(first.split(" ")[1]), body: rest.join("\r\n\r\n"), header: (name) => headers.get(name) };
}

for (const operation of operations)
  test(`${operation.method} ${operation.path}: every answer carries a request id, its cache rule and the security headers`, async () => {
    const { example } = operation;
    let url = operation.path;
    for (const [name, value] of Object.entries((example.params ?? {}) as Record<string, string>))
      url = url.replace(`:${name}`, encodeURIComponent(value));
    const asked = example.query ? `${url}?${new URLSearchParams(example.query as Record<string, string>)}` : url;
    const owner = { authorization: "Bearer session:owner", "content-type": "application/json" };
    const { method } = operation;
    const body = example.body === undefined ? {} : { payload: JSON.stringify(example.body) };
    assert.equal((await injected({ method, url: asked, headers: owner, ...body })) < 500, true);
    const big = { payload: `{"x":"${"x".repeat(6_000_000)}"}` };
    for (const request of [
      { method, url: asked, ...body },
      { method, url: asked, headers: { ...owner, "content-type": "application/x-unknown" }, payload: "x" },
      { method, url: asked, headers: owner, payload: "{" },
      ...(method === "GET" ? [] : [{ method, url: asked, headers: owner, ...big }]),
      { method: "HEAD", url: asked, headers: owner },
      { method: "OPTIONS", url: asked, headers: { origin: "https://elsewhere.example" } },
      { method: "PUT", url: asked, headers: owner, payload: "{}" },
    ] as const)
      await injected(request);
  });

test("every answer that no operation gives carries the same: files, pages, sign-in, media, what is broken or not there", async () => {
  for (const [url, status] of [
    ["/", 200],
    ["/index.html", 200],
    ["/some/page", 200],
    ["/api/nothing", 404],
    ["/nothing.js", 404],
    ["/%zz", 400],
    ["/%c3%28", 400],
    ["/api/posts/%zz", 400],
    [`/api/posts/${"x".repeat(600)}`, 404],
    ["/media/med_1/2/breaks", 500],
    ["/docs", 200],
    ["/docs/", 200],
    ["/docs/static/swagger-ui.css", 200],
    ["/docs/static/../../package.json", 404],
    ["/docs/static/%2e%2e%2f%2e%2e%2fpackage.json", 404],
    ["/api/openapi.json", 200],
    ["/api/auth/sign-in/email", 404],
    ["/api/auth/%2e%2e/x", 404],
    ["/media/med_1/2/good", 200],
    ["/media/med_1/2/bad", 404],
  ] as const) {
    assert.equal(await injected({ url }), status, url);
    await injected({ method: "HEAD", url });
  }
  for (const method of ["OPTIONS", "DELETE", "PATCH"] as const) await injected({ method, url: "/some/page" });
});

test("every page says that platforms are simulated, while they are", async () => {
  for (const simulated of [true, false]) {
    const { app: plain } = await startFakeApp({ config: { simulated } });
    for (const url of ["/", "/accounts/choose?grantId=x", "/accounts/choose?error=x", "/api/openapi.json"])
      assert.equal(/are simulated/.test((await plain.inject({ url })).body), simulated, url);
    await plain.close();
  }
});

test("an address that says one thing twice is a page all the same", async () => {
  const { app: plain } = await startFakeApp();
  for (const url of ["grantId=a&grantId=b", "error=a&error=b", "error=x&detail=a&detail=b"])
    assert.equal((await plain.inject({ url: `/accounts/choose?${url}` })).statusCode, 200, url);
  await plain.close();
});

test("a caller who asks too often is answered with the same headers", async () => {
  const limited = await startFakeApp({
    config: { rateLimits: { perKeyPerMinute: 1, perTenantPerMinute: 1, perAddressPerMinute: 1 } },
  });
  await limited.app.inject({ url: "/api/me" });
  const answer = await limited.app.inject({ url: "/api/me" });
  assert.equal(answer.statusCode, 429);
  check("429", "/api/me", (name) => answer.headers[name]?.toString());
  await limited.app.close();
});

for (const [what, text, status] of [
  ["no HTTP at all", "hello\r\n\r\n", 400],
  ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
  ["HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["an unknown method", "BREW /api/live HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["a broken header", "GET /api/live HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400],
  ["headers that never fit", `GET /api/live HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(20_000)}\r\n\r\n`, 431],
  ["two lengths", "POST /api/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400],
  [
    "a length and chunks",
    "POST /api/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
    400,
  ],
  [
    "a broken chunk",
    "POST /api/webhooks/facebook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    400,
  ],
  ["no host", "GET /api/live HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  ["two hosts", "GET /api/live HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400],
  ["a malformed path", "GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400],
  ["a control character in a path", "GET /\x01 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400],
  ["an unknown expectation", "GET /api/live HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n", 200],
  ["HTTP/1.0 without a host", "GET /api/live HTTP/1.0\r\n\r\n", 200],
  [
    "an address of another server",
    "GET http://evil.example/api/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    200,
  ],
  ["an address that is none", "GET http://[/media/med_1/2/bad HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400],
  ["two slashes", "GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200],
  ["another server's sign-in", "GET http://[/api/auth/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400],
  ["options of the whole server", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404],
  ["trace", "TRACE /api/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405],
  ["an upgrade", "GET /api/live HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n", 200],
] as const)
  test(`a socket that sends ${what} is answered ${status} with the headers of every answer, and closed`, async () => {
    const answer = await raw(text);
    assert.equal(answer.status, status, answer.body);
    check(what, what === "two slashes" ? "/" : "/api/live", answer.header);
    if (status >= 400) {
      const problem = Problem.parse(JSON.parse(answer.body));
      assert.deepEqual([problem.status, problem.requestId], [status, answer.header("x-request-id")]);
      assert.ok(Object.hasOwn(errorCodes, problem.code));
    }
  });

test("garbage behind a request that is being answered never becomes its answer", async () => {
  const answer = await raw("GET /api/live HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n");
  assert.ok(Number.isNaN(answer.status) || answer.status === 200, `${answer.status}`);
});

test("nothing behind the door sees which host a request claims", async () => {
  let seen: unknown;
  const { app: seeing } = await startFakeApp({
    services: {
      inbound: {
        receive: async (_platform, request) => {
          seen = request;
          return { kind: "accepted" };
        },
      },
    },
  });
  const claims = {
    host: "evil.example",
    forwarded: "host=evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "evil",
    "x-original-url": "/evil",
  };
  const answer = await seeing.inject({ method: "POST", url: "/api/webhooks/facebook", headers: claims, payload: "{}" });
  assert.equal(answer.statusCode, 200);
  assert.ok(seen !== undefined && !JSON.stringify(seen).includes("evil"), JSON.stringify(seen));
  await seeing.close();
});
