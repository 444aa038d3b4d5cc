import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { operations, Problem, roleScopes } from "@postd/contracts";
import type { FastifyInstance, InjectOptions } from "fastify";
import { routes } from "./routes.ts";
import { allRoles, startFakeApp } from "./testing/fake-app.ts";
import { unknownId } from "./testing/fakes.ts";

let app: FastifyInstance;
let lines: string[];
before(async () => {
  ({ app, lines } = await startFakeApp());
});
after(() => app.close());

const owner = { authorization: "Bearer session:owner" };
const json = { ...owner, "content-type": "application/json" };
const publishBody = (payload: object) =>
  JSON.stringify({ connectionId: "con_0195a1b2c3d47e8f90a1b2c3d4e5f602", payload: { content: "Hi", ...payload } });
const inject = (options: InjectOptions) => app.inject({ headers: owner, ...options });

/** The request of an operation's own example, with the caller it wants. */
function exampleRequest(operation: (typeof operations)[number], authorization?: string): InjectOptions {
  const { example, auth } = operation;
  let url = operation.path;
  for (const [name, value] of Object.entries((example.params ?? {}) as Record<string, string>))
    url = url.replace(`:${name}`, encodeURIComponent(value));
  if (example.query) url += `?${new URLSearchParams(example.query as Record<string, string>)}`;
  const bearer = authorization ?? (auth.kind === "public" ? undefined : "Bearer session:owner");
  return {
    method: operation.method,
    url,
    headers: {
      ...(bearer ? { authorization: bearer } : {}),
      ...(example.body === undefined ? {} : { "content-type": "application/json" }),
      ...(operation.bodyKind === "raw" ? { "x-hub-signature-256": "length=0" } : {}),
    },
    ...(example.body === undefined ? {} : { payload: JSON.stringify(example.body) }),
  };
}

test("every operation has exactly one handler", () => {
  assert.deepEqual(routes.map(({ operation }) => operation.id).sort(), operations.map(({ id }) => id).sort());
});

test("a method that an address does not take is told as such, with those it takes", async () => {
  const answers = [];
  for (const [method, url] of [
    ["PUT", "/api/posts/post_0195a1b2c3d47e8f90a1b2c3d4e5f602?x=1"],
    ["DELETE", "/api/publish"],
    ["PATCH", "/api/live"],
    ["PUT", "/api/nothing"],
    ["PUT", "/some/page"],
  ] as const) {
    const answer = await inject({ method, url });
    answers.push([answer.statusCode, Problem.parse(answer.json()).code, answer.headers.allow]);
  }
  assert.deepEqual(answers, [
    [405, "method_not_allowed", "DELETE, GET, HEAD, PATCH"],
    [405, "method_not_allowed", "POST"],
    [405, "method_not_allowed", "GET, HEAD"],
    [404, "not_found", undefined],
    [404, "not_found", undefined],
  ]);
});

for (const operation of operations) {
  test(`${operation.id} answers its example with the status it promises`, async () => {
    const answer = await app.inject(exampleRequest(operation));
    assert.equal(answer.statusCode, operation.status ?? 200, answer.body);
  });

  if (operation.auth.kind === "caller" && operation.auth.optional !== true) {
    const { auth } = operation;
    test(`${operation.id} refuses who is not signed in`, async () => {
      const { headers: _headers, ...request } = exampleRequest(operation);
      const answer = await app.inject(request);
      assert.equal(answer.statusCode, 401);
      assert.equal(Problem.parse(answer.json()).code, "unauthenticated");
    });

    test(`${operation.id} is open to exactly the roles and keys the table names`, async () => {
      for (const role of allRoles) {
        const answer = await app.inject(exampleRequest(operation, `Bearer session:${role}`));
        const may = !auth.scope || roleScopes[role].includes(auth.scope);
        assert.equal(answer.statusCode === 403, !may, `${role}: ${answer.statusCode}`);
      }
      if (auth.scope) {
        const others = operations.flatMap(({ auth: a }) => (a.kind === "caller" && a.scope ? [a.scope] : []));
        const without = [...new Set(others)].filter((scope) => scope !== auth.scope).join(",");
        assert.equal((await app.inject(exampleRequest(operation, `Bearer key:${without}`))).statusCode, 403);
      }
      const withAll = await app.inject(exampleRequest(operation, "Bearer key:all"));
      assert.equal(withAll.statusCode === 403, !auth.by.includes("key"), `key: ${withAll.statusCode}`);
    });

    test(`${operation.id} ${auth.tenantless ? "works" : "is refused"} without a tenant`, async () => {
      const answer = await app.inject(exampleRequest(operation, "Bearer newcomer:"));
      assert.equal(answer.statusCode === 403, !auth.tenantless);
    });
  }

  if (operation.path.includes("/:id"))
    test(`${operation.id} answers 404 for an id that names nothing`, async () => {
      const { id = "" } = operation.example.params as { id?: string };
      const request = exampleRequest(operation);
      const unknown = id.replace(/_[0-9a-f]+$/, `_${unknownId}`);
      for (const [value, status] of [
        [unknown, 404],
        ["nope", 404],
        ["%00", 404],
        ["%zz", 400],
        ["x".repeat(2_000), 404],
      ] as const) {
        const answer = await app.inject({ ...request, url: String(request.url).replace(id, value) });
        assert.equal(answer.statusCode, status, `${value}: ${answer.body}`);
        Problem.parse(answer.json());
      }
    });
}

test("an unknown field of the payload is refused by name", async () => {
  const answer = await inject({
    method: "POST",
    url: "/api/publish",
    headers: json,
    payload: publishBody({ contnet: 1 }),
  });
  assert.equal(answer.statusCode, 400);
  const problem = Problem.parse(answer.json());
  assert.equal(problem.field, "payload.contnet");
  assert.match(problem.detail, /payload\.contnet/);
  assert.ok(problem.next);
});

test("every wrong field is named at once", async () => {
  const payload = publishBody({ content: 5, mediaUrls: ["ftp://x"], scheduledFor: "tomorrow" });
  const answer = await inject({ method: "POST", url: "/api/publish", headers: json, payload });
  const fields = Problem.parse(answer.json()).problems?.map(({ field }) => field);
  assert.deepEqual(fields?.sort(), ["payload.content", "payload.mediaUrls.0", "payload.scheduledFor"]);
});

test("header and body that carry different idempotency keys are a 400, the same or one of them is fine", async () => {
  const send = (header: string | undefined, body: string | undefined) =>
    inject({
      method: "POST",
      url: "/api/publish",
      headers: { ...json, ...(header ? { "idempotency-key": header } : {}) },
      payload: publishBody(body ? { idempotencyKey: body } : {}),
    });
  const differ = await send("a", "b");
  assert.equal(differ.statusCode, 400);
  assert.equal(Problem.parse(differ.json()).code, "idempotency_keys_differ");
  assert.equal((await send("same", "same")).statusCode, 202);
  assert.equal((await send("same", undefined)).headers["idempotency-replayed"], "true");
  assert.equal((await send(undefined, "same")).headers["idempotency-replayed"], "true");
  assert.equal((await send("with space", undefined)).statusCode, 400);
});

test("a repeated creating request answers the first result; another body with its key is a conflict", async () => {
  const send = (body: object) =>
    inject({
      method: "POST",
      url: "/api/connections",
      headers: { ...json, "idempotency-key": "connect-1" },
      payload: JSON.stringify({ platform: "bluesky", keys: body }),
    });
  const first = await send({ identifier: "a", password: "b" });
  const again = await send({ password: "b", identifier: "a" });
  assert.equal(first.statusCode, 201);
  assert.equal(again.statusCode, 201);
  assert.equal(again.headers["idempotency-replayed"], "true");
  assert.equal(again.body, first.body);
  assert.equal((await send({ identifier: "other" })).statusCode, 409);
});

test("answers about simulated things say so", async () => {
  for (const url of ["/api/posts", "/api/jobs", "/api/connections", "/api/platforms", "/api/me", "/api/health"])
    assert.equal((await inject({ url })).json().simulated, true, url);
});

const badBodies: readonly (readonly [string, string, string | Buffer, number])[] = [
  ["malformed JSON", "application/json", "{", 400],
  ["a null character", "application/json", publishBody({ content: "a\u0000b" }), 400],
  ["a lone surrogate", "application/json", '{"connectionId":"\\ud800"}', 400],
  ["invalid UTF-8", "application/json", Buffer.from([0x22, 0xff, 0x22]), 400],
  ["nesting without end", "application/json", "[".repeat(90_000), 400],
  ["a prototype", "application/json", '{"__proto__":{"admin":true}}', 400],
  ["no object", "application/json", "null", 400],
  ["nothing", "application/json", "", 400],
  ["another type", "text/plain", "hello", 415],
  ["a form", "application/x-www-form-urlencoded", "a=b", 415],
  ["a broken type", "nonsense", "hello", 415],
  ["too much", "application/json", JSON.stringify({ connectionId: "x".repeat(200_000) }), 413],
];
for (const [what, type, payload, status] of badBodies)
  test(`a body that is ${what} is a ${status} problem`, async () => {
    const headers = { ...owner, "content-type": type };
    const answer = await inject({ method: "POST", url: "/api/publish", headers, payload });
    assert.equal(answer.statusCode, status, answer.body);
    assert.match(String(answer.headers["content-type"]), /application\/problem\+json/);
    Problem.parse(answer.json());
  });

test("an address nobody serves is a 404 problem with a request id", async () => {
  for (const url of ["/api/nothing", "/nothing", "/api/posts/x/y/z", "/api/%E0%A4%A"]) {
    const answer = await inject({ url });
    assert.ok([404, 400].includes(answer.statusCode), `${url}: ${answer.statusCode}`);
    assert.equal(Problem.parse(answer.json()).requestId, answer.headers["x-request-id"] ?? answer.json().requestId);
  }
});

test("what breaks inside is a 500 that tells nothing but the request id", async () => {
  const broken = await startFakeApp({
    services: {
      platforms: {
        list: async () => {
          throw new Error("password=hunter2");
        },
        isSimulated: () => false,
      },
    },
  });
  const answer = await broken.app.inject({ url: "/api/platforms", headers: owner });
  assert.equal(answer.statusCode, 500);
  assert.ok(!answer.body.includes("hunter2"));
  const { requestId } = Problem.parse(answer.json());
  assert.ok(broken.lines.some((line) => line.includes(requestId) && line.includes("request failed")));
  await broken.app.close();
});

test("a database that cannot be reached is a 503 with a plain reason", async () => {
  const away = await startFakeApp({
    services: {
      platforms: {
        list: async () => {
          throw new Error("Failed query", { cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }) });
        },
        isSimulated: () => false,
      },
    },
  });
  const answer = await away.app.inject({ url: "/api/platforms", headers: owner });
  assert.equal(answer.statusCode, 503);
  assert.equal(Problem.parse(answer.json()).code, "unavailable");
  assert.equal(answer.headers["retry-after"], "5");
  assert.equal((await away.app.inject({ url: "/api/live" })).statusCode, 200);
  await away.app.close();
});

test("a key that asks too often waits, a neighbour does not, and a tenant has a limit of its own", async () => {
  const limited = await startFakeApp({
    config: { rateLimits: { perKeyPerMinute: 3, perTenantPerMinute: 5, perAddressPerMinute: 2 } },
  });
  const ask = (authorization?: string) =>
    limited.app.inject({ url: "/api/platforms", ...(authorization ? { headers: { authorization } } : {}) });
  for (let count = 0; count < 3; count += 1) assert.equal((await ask("Bearer key:all")).statusCode, 200);
  const over = await ask("Bearer key:all");
  assert.equal(over.statusCode, 429);
  assert.ok(Number(over.headers["retry-after"]) > 0);
  Problem.parse(over.json());
  assert.equal((await ask("Bearer session:owner")).statusCode, 200);
  assert.equal((await ask("Bearer session:owner")).statusCode, 429, "the tenant's own limit");
  assert.equal((await ask()).statusCode, 401);
  assert.equal((await ask("Bearer key-guess")).statusCode, 401);
  assert.equal((await ask("Bearer key-guess")).statusCode, 429, "guessing is counted by address");
  for (const url of ["/api/live", "/api/ready", "/api/health", "/api/webhooks/facebook"])
    assert.equal((await limited.app.inject({ url })).statusCode, 200, `${url} is for probes and platforms`);
  await limited.app.close();
});

test("an upload is streamed whole, and one that is too large is refused", async () => {
  const upload = (size: number, field = "file") => {
    const form = [
      `--b\r\nContent-Disposition: form-data; name="altText"\r\n\r\nTwo cups\r\n`,
      `--b\r\nContent-Disposition: form-data; name="${field}"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`,
      `${"x".repeat(size)}\r\n--b--\r\n`,
    ].join("");
    const headers = { ...owner, "content-type": "multipart/form-data; boundary=b" };
    return inject({ method: "POST", url: "/api/media", headers, payload: form });
  };
  const good = await upload(40_000);
  assert.equal(good.statusCode, 201, good.body);
  assert.equal(good.json().sizeBytes, 40_000);
  assert.equal(good.json().altText, "Two cups");
  assert.equal((await upload(60_000)).statusCode, 413);
  const other = await upload(10, "picture");
  assert.equal(other.statusCode, 400);
  assert.equal(Problem.parse(other.json()).field, "picture");
  const cut = await inject({
    method: "POST",
    url: "/api/media",
    headers: { ...owner, "content-type": "multipart/form-data; boundary=b" },
    payload: "--b\r\nContent-Disposition: form-data; na",
  });
  assert.ok(cut.statusCode >= 400 && cut.statusCode < 500, cut.body);
});

test("a webhook is checked over the bytes as they came, whatever its type", async () => {
  const send = (payload: string, length = Buffer.byteLength(payload)) =>
    app.inject({
      method: "POST",
      url: "/api/webhooks/facebook",
      headers: { "content-type": "application/json", "x-hub-signature-256": `length=${length}` },
      payload,
    });
  const taken = await send('{ "a" :  "ø" }');
  assert.deepEqual([taken.statusCode, taken.json()], [200, { received: true }]);
  assert.equal((await send("not json at all")).statusCode, 200);
  assert.equal((await send("{}", 9)).statusCode, 401);
  assert.equal((await send("x".repeat(200_000))).statusCode, 413);
  assert.equal((await app.inject({ method: "POST", url: "/api/webhooks/nobody" })).statusCode, 404);
  const shake = await app.inject({ url: "/api/webhooks/facebook?hub.challenge=42" });
  assert.equal(shake.body, "42");
  assert.match(String(shake.headers["content-type"]), /text\/plain/);
});

test("codes, states, keys and signed paths never reach the log", async () => {
  lines.length = 0;
  const secretText = "s3cr3t-value";
  await inject({ url: `/api/oauth/mastodon/callback?state=${secretText}&code=${secretText}` });
  await inject({ url: `/media/med_1/${secretText}/good` });
  await inject({ url: `/unmatched/${secretText}` });
  await app.inject({ url: "/api/me", headers: { authorization: `Bearer ${secretText}`, cookie: `a=${secretText}` } });
  assert.ok(lines.length >= 4);
  assert.ok(!lines.join("").includes(secretText), lines.join(""));
});

test("the callback sends a browser on and gives a program the grant", async () => {
  const url = "/api/oauth/mastodon/callback?state=s&code=c&iss=https%3A%2F%2Fmastodon.example";
  const browser = await inject({ url, headers: { ...owner, accept: "text/html" } });
  assert.equal(browser.statusCode, 302);
  assert.match(String(browser.headers.location), /^http:\/\/localhost:3000\/accounts\/choose\?grantId=gra_/);
  const program = await inject({ url, headers: { ...owner, accept: "application/json" } });
  assert.equal(program.statusCode, 200);
  assert.match(program.json().grantId, /^gra_/);
  const denied = await inject({ url: "/api/oauth/mastodon/callback?state=s&error=access_denied", headers: owner });
  assert.match(String(denied.headers.location), /error=platform_refused/);
});

test("returnTo is a path or an address, never something a browser runs", async () => {
  for (const returnTo of ["//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
    const payload = JSON.stringify({ returnTo });
    const answer = await inject({ method: "POST", url: "/api/oauth/mastodon/start", headers: json, payload });
    assert.equal(answer.statusCode, 400, returnTo);
  }
});

test("a signed link serves bytes that no browser runs", async () => {
  const answer = await app.inject({ url: "/media/med_1/2/good" });
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.body, "bytes");
  assert.match(String(answer.headers["content-security-policy"]), /sandbox/);
  assert.equal((await app.inject({ url: "/media/med_1/2/bad" })).statusCode, 404);
});

test("a signed link answers the part that is asked for, so that a cut fetch goes on", async () => {
  const get = (headers: Record<string, string>, method: "GET" | "HEAD" = "GET") =>
    app.inject({ method, url: "/media/med_1/2/good", headers });
  const whole = await get({});
  const etag = String(whole.headers.etag);
  assert.deepEqual([whole.statusCode, whole.headers["accept-ranges"], etag], [200, "bytes", '"good.png"']);
  const part = await get({ range: "bytes=1-3" });
  assert.deepEqual([part.statusCode, part.body, part.headers["content-length"]], [206, "yte", "3"]);
  assert.equal(part.headers["content-range"], "bytes 1-3/5");
  assert.match(String(part.headers["content-security-policy"]), /sandbox/);
  assert.equal((await get({ range: "bytes=-2" })).body, "es");
  const behind = await get({ range: "bytes=5-" });
  assert.deepEqual([behind.statusCode, behind.headers["content-range"], behind.body], [416, "bytes */5", ""]);
  assert.equal((await get({ range: "bytes=1-3", "if-range": etag })).statusCode, 206);
  assert.equal((await get({ range: "bytes=1-3", "if-range": '"older"' })).body, "bytes");
  assert.equal((await get({ "if-none-match": etag })).statusCode, 304);
  const head = await get({ range: "bytes=1-3" }, "HEAD");
  assert.deepEqual([head.statusCode, head.headers["content-length"], head.body], [200, "5", ""]);
  assert.equal(head.headers.etag, etag);
});

test("metrics take the token where one is set, and refuse what came through an unknown proxy", async () => {
  assert.equal((await app.inject({ url: "/metrics" })).statusCode, 200);
  assert.equal((await app.inject({ url: "/metrics", remoteAddress: "203.0.113.9" })).statusCode, 403);
  assert.equal((await app.inject({ url: "/metrics", headers: { "x-forwarded-for": "1.2.3.4" } })).statusCode, 403);
  const metricsToken = { reveal: () => "let me in", toString: () => "", toJSON: () => "" };
  const guarded = await startFakeApp({ config: { metricsToken } });
  assert.equal((await guarded.app.inject({ url: "/metrics" })).statusCode, 403);
  const headers = { authorization: "Bearer let me in" };
  assert.equal((await guarded.app.inject({ url: "/metrics", headers })).statusCode, 200);
  await guarded.app.close();
});
