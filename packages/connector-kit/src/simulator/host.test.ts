import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { z } from "zod";
import { pinboard } from "./fixture.ts";
import { createSimulatorHost, type SimulatorHost } from "./host.ts";
import { mountInProcess } from "./mount.ts";
import { platformErrors } from "./platform-error.ts";

let host: SimulatorHost;
before(async () => {
  host = await createSimulatorHost({ definitions: [pinboard], port: 0 });
});
after(() => host.close());
beforeEach(() => host.simulator("pinboard").reset());

const posts = () => host.simulator("pinboard").simulator.posts();
const sendJson = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(host.url + path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
const pin = (text = "hello") => sendJson("/api.pinboard.test/posts", { text });
const arm = async (fault: unknown) => {
  const answer = await sendJson("/__sim/pinboard/faults", fault);
  assert.equal(answer.status, 201, await answer.clone().text());
};
const read = async (path: string) => (await (await fetch(host.url + path)).json()) as Record<string, unknown>;
const isCut = (error: unknown) => error instanceof TypeError;

/** Asks until a request is held; each turn is a round trip, not a wait. */
async function heldOnes(): Promise<readonly Record<string, unknown>[]> {
  for (;;) {
    const { holds } = await read("/__sim/pinboard/holds");
    if (Array.isArray(holds) && holds.length > 0) return holds;
  }
}

describe("routing", () => {
  it("serves a real host under its name, a wildcard host too, and names the rule for others", async () => {
    assert.deepEqual(await read("/api.pinboard.test/a/b?c=d"), { path: "/a/b", host: "api.pinboard.test" });
    assert.deepEqual(await read("/eu.upload.pinboard.test/x"), { path: "/x", host: "eu.upload.pinboard.test" });
    const unknown = await fetch(`${host.url}/pinboard.test/x`);
    assert.equal(unknown.status, 404);
    assert.match(await unknown.text(), /no simulator serves pinboard.test/);
  });

  it("answers an address that is none without failing", async () => {
    for (const [line, status] of [
      ["//", 404],
      ["//evil.example", 404],
      ["http://[/__sim/", 400],
      ["*", 400],
      ["/api.pinboard.test/%zz", 400],
      ["/api.pinboard.test/%c3%28", 400],
      ["/__sim/../../etc/passwd", 404],
      ["/__sim/pinboard/media/%2e%2e%2fpackage.json", 404],
      ["/__sim/__proto__/posts", 404],
    ] as const) {
      const socket = connect(host.port, "127.0.0.1");
      socket.end(`GET ${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      const [chunk] = await once(socket, "data");
      assert.match(String(chunk), new RegExp(`^HTTP/1\\.1 ${status}`), line);
    }
    assert.deepEqual(host.simulator("pinboard").crashes(), []);
  });

  it("shows the page of a post to a browser at its permalink, with its text escaped", async () => {
    await pin("<script>alert(1)</script>");
    const path = new URL(posts()[0]?.permalink ?? "");
    const page = await fetch(`${host.url}/${path.host}${path.pathname}`, { headers: { accept: "text/html" } });
    const html = await page.text();
    assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
    assert.ok(html.includes("&lt;script&gt;alert(1)") && !html.includes("<script>"));
    assert.match(await (await fetch(`${host.url}/__sim/`)).text(), new RegExp(`href="/${path.host}${path.pathname}"`));
  });
});

describe("faults for one account", () => {
  const form = (token: string) => {
    const fields = new FormData();
    fields.set("text", "x");
    fields.set("access_token", token);
    fields.set("file", new Blob([new Uint8Array(300_000)]), "a.bin");
    return fields;
  };
  const post = (init: RequestInit, query = "") =>
    fetch(`${host.url}/api.pinboard.test/x${query}`, { method: "POST", ...init });
  const places: Readonly<Record<string, (token: string) => Promise<Response>>> = {
    "a Bearer header": (token) => post({ headers: { authorization: `Bearer ${token}` } }),
    "an OAuth header": (token) => post({ headers: { authorization: `OAuth ${token}` }, body: new Uint8Array(100_000) }),
    "the query": (token) => post({}, `?access_token=${token}`),
    "a form": (token) => post({ body: new URLSearchParams({ text: "x", access_token: token }) }),
    "a multipart field": (token) => post({ body: form(token) }),
    "a JSON body": (token) =>
      post({ body: JSON.stringify({ access_token: token }), headers: { "content-type": "application/json" } }),
  };
  for (const [place, send] of Object.entries(places))
    it(`cuts the second call of its account only, with the token in ${place}`, async () => {
      await arm({ fault: "drop", at: "body", match: { account: "ida" }, skip: 1 });
      for (const token of ["of-jonas", "of-ida", "of-jonas", "unknown"])
        assert.equal((await send(token)).status, place === "a JSON body" ? 201 : 415);
      await assert.rejects(send("of-ida"), isCut);
      const { requests } = await read("/__sim/pinboard/requests");
      const seen = (requests as { accounts?: string[]; outcome: unknown }[]).map(({ accounts, outcome }) => [
        accounts?.[0],
        outcome === "drop",
      ]);
      assert.deepEqual(seen, [
        ["jonas", false],
        ["ida", false],
        ["jonas", false],
        [undefined, false],
        ["ida", true],
      ]);
    });
});

describe("transport faults", () => {
  for (const at of ["before", "body"] as const) {
    it(`drop ${at}: the client sees a cut and nothing is applied`, async () => {
      await arm({ fault: "drop", at });
      await assert.rejects(pin(), isCut);
      assert.equal(posts().length, 0);
      assert.equal((await pin()).status, 201);
    });

    it(`replace ${at}: the client sees the status and nothing is applied`, async () => {
      await arm({ fault: "replace", at, status: 500 });
      assert.equal((await pin()).status, 500);
      assert.equal(posts().length, 0);
    });

    it(`hold ${at}: nothing is applied until release, then it goes on`, async () => {
      await arm({ fault: "hold", at });
      const waiting = pin();
      const [held] = await heldOnes();
      assert.deepEqual([held?.at, held?.path, posts().length], [at, "/posts", 0]);
      await sendJson("/__sim/pinboard/release", {});
      assert.equal((await waiting).status, 201);
      assert.equal(posts().length, 1);
    });
  }

  it("drop after: the client sees a cut of a call that was applied", async () => {
    await arm({ fault: "drop", at: "after" });
    await assert.rejects(pin(), isCut);
    assert.equal(posts().length, 1);
  });

  it("replace after: 502 for a call that was applied", async () => {
    await arm({ fault: "replace", at: "after" });
    assert.equal((await pin()).status, 502);
    assert.equal(posts().length, 1);
  });

  it("hold after: applied at once, answered on release", async () => {
    await arm({ fault: "hold", at: "after" });
    const waiting = pin();
    await heldOnes();
    assert.equal(posts().length, 1);
    await sendJson("/__sim/pinboard/release", {});
    assert.equal((await waiting).status, 201);
  });

  it("body: acts while the client is still sending", async () => {
    await arm({ fault: "drop", at: "body" });
    const socket = connect(host.port, "127.0.0.1");
    socket.write(
      'POST /api.pinboard.test/posts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"text":',
    );
    await once(socket, "close");
    assert.equal(posts().length, 0);
  });

  it("a held request whose client went away is never applied", async () => {
    await arm({ fault: "hold", at: "before" });
    const control = new AbortController();
    const waiting = fetch(`${host.url}/api.pinboard.test/posts`, {
      method: "POST",
      body: '{"text":"x"}',
      headers: { "content-type": "application/json" },
      signal: control.signal,
    });
    await heldOnes();
    control.abort();
    await assert.rejects(waiting);
    for (let holds: unknown = [0]; Array.isArray(holds) && holds.length > 0; )
      ({ holds } = await read("/__sim/pinboard/holds"));
    assert.equal(posts().length, 0);
  });

  for (const [at, count] of [
    ["before", 0],
    ["after", 1],
  ] as const)
    it(`a request held ${at} it is applied meets the next fault when it goes on`, async () => {
      await arm({ fault: "hold", at });
      await arm({ fault: "replace", at, status: 502 });
      const waiting = pin();
      await heldOnes();
      await fetch(`${host.url}/__sim/pinboard/release`, { method: "POST" });
      assert.deepEqual([(await waiting).status, posts().length], [502, count]);
      assert.equal((await pin()).status, 201);
    });

  it("hits only what matches, after skipping, as often as told", async () => {
    await arm({
      fault: "replace",
      at: "before",
      status: 500,
      times: 2,
      skip: 1,
      match: { method: "POST", host: "api.pinboard.test", path: "^/posts$", query: { v: "1" } },
    });
    const statuses: number[] = [];
    for (const path of ["/posts", "/posts?v=1", "/other?v=1", "/posts?v=1", "/posts?v=1", "/posts?v=1"])
      statuses.push((await sendJson(`/api.pinboard.test${path}`, { text: "x" })).status);
    assert.deepEqual(statuses, [201, 201, 201, 500, 500, 201]);
  });

  it("stays armed for ever with times always, until cleared", async () => {
    await arm({ fault: "replace", status: 503, times: "always" });
    assert.deepEqual([(await pin()).status, (await pin()).status], [503, 503]);
    await fetch(`${host.url}/__sim/pinboard/faults`, { method: "DELETE" });
    assert.equal((await pin()).status, 201);
  });

  it("a simulator that never answers is listed as held and cut on release", async () => {
    const waiting = assert.rejects(sendJson("/api.pinboard.test/silent", {}), isCut);
    assert.equal((await heldOnes())[0]?.at, "simulator");
    await sendJson("/__sim/pinboard/release", {});
    await waiting;
  });
});

describe("platformError", () => {
  it("refuses before anything is applied, or answers like that for a call that was applied", async () => {
    await arm({ fault: "platformError", status: 404, body: { gone: true } });
    const refused = await pin();
    assert.deepEqual([refused.status, await refused.json(), posts().length], [404, { gone: true }, 0]);
    await arm({ fault: "platformError", after: true, status: 404, body: { gone: true } });
    const applied = await pin();
    assert.deepEqual([applied.status, await applied.json(), posts().length], [404, { gone: true }, 1]);
  });

  for (const [what, fault, expected] of [
    [
      "a page where JSON belongs",
      { status: 200, body: "<html>", headers: { "content-type": "text/html" } },
      [200, "<html>"],
    ],
    ["no content", { status: 204 }, [204, ""]],
    ["an empty success", { status: 200 }, [200, ""]],
    ["JSON that ends in the middle", { status: 200, body: '{"id":"1' }, [200, '{"id":"1']],
    ["bytes that are no text", { status: 200, bodyBase64: "/v8=" }, [200, "\ufffd\ufffd"]],
    ["nothing at all", {}, [500, ""]],
  ] as const)
    it(`answers with ${what}`, async () => {
      await arm({ fault: "platformError", after: true, ...fault });
      const answer = await pin();
      assert.deepEqual([answer.status, await answer.text()], expected);
      assert.equal(posts().length, 1);
    });

  it("answers with more bytes than anybody reads, still JSON", async () => {
    await arm({ fault: "platformError", status: 200, body: { id: "1" }, padToBytes: 3_000_000 });
    const text = await (await pin()).text();
    assert.deepEqual([text.length, JSON.parse(text)], [3_000_000, { id: "1" }]);
  });

  it("breaks off in the middle of a body it announced, on the wire and in process", async () => {
    await arm({
      fault: "platformError",
      after: true,
      status: 200,
      body: { id: "0123456789" },
      cutAfterBytes: 5,
      times: 2,
    });
    const answer = await pin();
    assert.equal(answer.status, 200);
    await assert.rejects(answer.text(), isCut);
    assert.equal(posts().length, 1);
    const request = { method: "GET", host: "api.pinboard.test", path: "/", query: new URLSearchParams(), headers: {} };
    assert.equal(await host.simulator("pinboard").handle({ ...request, rawBody: new Uint8Array() }), "drop");
  });

  it("sends any header, with or without a body", async () => {
    const headers = { "retry-after": "0", "ratelimit-reset": "1e300", "content-type": "application/problem+json" };
    await arm({ fault: "platformError", status: 429, headers, body: {} });
    const answer = await pin();
    for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers.get(name), value);
  });

  it("hits what matches, after skipping, as often as told, and is recorded as what the client saw", async () => {
    const match = { method: "POST", path: "^/posts$", account: "ida" };
    await arm({ fault: "platformError", status: 403, after: true, times: 2, skip: 1, match });
    const statuses: number[] = [];
    for (const token of ["of-bo", "of-ida", "of-ida", "of-ida", "of-ida"])
      statuses.push(
        (await sendJson("/api.pinboard.test/posts", { text: "x" }, { authorization: `Bearer ${token}` })).status,
      );
    assert.deepEqual(statuses, [201, 201, 403, 403, 201]);
    const { requests } = await read("/__sim/pinboard/requests");
    const seen = (requests as { outcome: number; applied?: number }[]).map(({ outcome, applied }) => [
      outcome,
      applied,
    ]);
    assert.deepEqual(seen, [
      [201, 201],
      [201, 201],
      [403, 201],
      [403, 201],
      [201, 201],
    ]);
  });

  it("speaks the platform's own form where it has one, and refuses a wrong field when armed", async () => {
    const own = mountInProcess({
      ...pinboard,
      errors: platformErrors({
        fault: "pinError",
        fields: z.strictObject({ pin: z.int(), status: z.int().optional() }),
        answer: ({ pin: code, status = 418 }, { host: at }) => ({ status, json: { code, at } }),
      }),
    });
    const ask = () =>
      own.handle({
        method: "GET",
        host: "api.pinboard.test",
        path: "/",
        query: new URLSearchParams(),
        headers: {},
        rawBody: new Uint8Array(),
      });
    for (const fault of ["pinError", "platformError"]) {
      own.arm({ fault, pin: 7, headers: { "x-a": "b" } });
      assert.deepEqual(await ask(), {
        status: 418,
        json: { code: 7, at: "api.pinboard.test" },
        headers: { "x-a": "b" },
      });
    }
    for (const [wrong, field] of [
      [{ pin: "7" }, /pin/],
      [{ pin: 7, colour: "red" }, /colour/],
      [{ pin: 7, body: "x" }, /pin: beside a body/],
      [{ status: 99 }, /status/],
      [{ headers: { "a b": "c" } }, /headers/],
      [{ headers: { a: "b\r\nc: d" } }, /headers/],
      [{ match: { path: "(" } }, /match/],
      [{ times: 0 }, /times/],
    ] as const)
      assert.throws(() => own.arm({ fault: "pinError", ...wrong }), field, JSON.stringify(wrong));
    assert.equal(own.faults.list().filter(({ used }) => used === 0).length, 0);
  });
});

describe("control", () => {
  it("passes named faults with their parameters to the simulator", async () => {
    await arm({ fault: "rateLimited", params: { code: 4 } });
    const answer = await pin();
    assert.deepEqual([answer.status, await answer.json()], [429, { code: 4 }]);
  });

  it("refuses a bad fault and names the field", async () => {
    for (const [fault, field] of [
      [{ fault: "nope" }, /fault/],
      [{ fault: "platformError", colour: "red" }, /colour/],
      [{ fault: "drop", times: 0 }, /times/],
      [{ fault: "drop", match: { path: "(" } }, /regular expression/],
      [{ fault: "drop", when: "x" }, /when/],
    ] as const) {
      const answer = await sendJson("/__sim/pinboard/faults", fault);
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), field);
    }
  });

  it("lists posts of one platform, or of all by the simulator's id", async () => {
    await pin("pin one");
    await pin("board one");
    const texts = async (name: string) =>
      ((await read(`/__sim/${name}/posts`)).posts as { text: string }[]).map(({ text }) => text);
    assert.deepEqual(
      [await texts("pinboard"), await texts("pins"), await texts("boards")],
      [["pin one", "board one"], ["pin one"], ["board one"]],
    );
  });

  it("records requests without query, headers and secret path parts, and counts applied changes only", async () => {
    await sendJson(
      "/api.pinboard.test/token-s3cret/posts?access_token=s3cret",
      { text: "x" },
      { authorization: "Bearer s3cret" },
    );
    await read("/api.pinboard.test/posts");
    await arm({ fault: "drop", at: "before" });
    await assert.rejects(pin(), isCut);
    await arm({ fault: "drop", at: "after" });
    await assert.rejects(pin(), isCut);
    const recorded = await read("/__sim/pinboard/requests");
    assert.ok(!JSON.stringify(recorded).includes("s3cret"));
    const entries = (recorded.requests as { outcome: unknown; applied?: unknown }[]).map(({ outcome, applied }) => [
      outcome,
      applied,
    ]);
    assert.deepEqual(entries, [
      [201, 201],
      [200, 200],
      ["drop", undefined],
      ["drop", 201],
    ]);
    assert.equal((await read("/__sim/pinboard/log")).effectCalls, 2);
  });

  it("makes accounts, runs actions, resets, and tells health", async () => {
    const made = await sendJson("/__sim/pins/accounts", { name: "Bo" });
    assert.deepEqual([made.status, ((await made.json()) as { name: string }).name], [201, "Bo"]);
    assert.deepEqual(await (await sendJson("/__sim/pinboard/act", { action: "wave", to: "Bo" })).json(), {
      did: "wave",
      input: { to: "Bo" },
    });
    await pin();
    await sendJson("/__sim/pinboard/reset", {});
    assert.equal(posts().length, 0);
    assert.equal((await read("/__sim/health")).ok, true);
    assert.equal((await fetch(`${host.url}/__sim/nobody/posts`)).status, 404);
  });

  it("refuses control calls that name another host or come from another site's page", async () => {
    const foreign = await sendJson("/__sim/pinboard/reset", {}, { origin: "https://evil.example" });
    assert.equal(foreign.status, 403);
    const socket = connect(host.port, "127.0.0.1");
    socket.end("GET /__sim/health HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n");
    const [chunk] = await once(socket, "data");
    assert.match(String(chunk), /^HTTP\/1\.1 403/);
  });

  it("moves the simulators' clock", async () => {
    await sendJson("/__sim/clock", { offsetMs: 3_600_000 });
    await pin();
    assert.ok(Date.parse(posts()[0]?.createdAt ?? "") > Date.now() + 3_500_000);
    await sendJson("/__sim/clock", { offsetMs: 0 });
  });

  it("tells a simulator's own failure as 500 and keeps it in crashes", async () => {
    assert.equal((await sendJson("/api.pinboard.test/crash", {})).status, 500);
    assert.match(String(((await read("/__sim/pinboard/.")).crashes as string[])[0] ?? ""), /a bug of the simulator/);
  });
});

describe("pulled media", () => {
  it("is fetched without following redirects and recorded with its hash, not its query", async () => {
    const files = createServer((req, res) =>
      req.url?.startsWith("/moved")
        ? res.writeHead(302, { location: "/a.png" }).end()
        : res.writeHead(200, { "content-type": "image/png" }).end("bytes"),
    );
    files.listen(0, "127.0.0.1");
    await once(files, "listening");
    const base = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    const pull = async (url: string) =>
      (await fetch(`${host.url}/api.pinboard.test/pull?url=${encodeURIComponent(url)}`)).json();
    assert.deepEqual(
      [await pull(`${base}/a.png?sig=s3cret`), await pull(`${base}/moved`), await pull("http://127.0.0.1:1/")],
      ["image/png", null, null],
    );
    const { fetches } = await read("/__sim/pinboard/fetches");
    const [first] = fetches as { url: string; sha256: string; sizeBytes: number }[];
    assert.deepEqual([first?.url, first?.sizeBytes], [`${base}/a.png`, 5]);
    assert.equal(first?.sha256, "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9");
    files.closeAllConnections();
    files.close();
  });
});
