import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { z } from "zod";
import { hmacSha256Hex, sha256Hex } from "../crypto.ts";
import { quay } from "./kit-fixture.ts";
import { testClient } from "./test-client.ts";
import { callerOf, createTokens } from "./tokens.ts";

const api = "https://api.quay.test";
const setUp = (scopes?: readonly string[]) => {
  const client = testClient(quay);
  const token = client.simulator.createAccount(scopes ? { scopes } : {}).accessToken;
  const write = (text: string) => client.ask({ url: `${api}/notes`, token, json: { text } });
  const codes = async (call: Promise<{ status: number; json: { code?: string } }>) => {
    const { status, json } = await call;
    return [status, json?.code];
  };
  return { ...client, client, token, write, codes };
};

describe("routes", () => {
  it("serves a route under each of its paths, with and without a slash at the end", async () => {
    const { ask, token } = setUp();
    for (const path of ["/notes", "/v2/notes", "/v2/notes/"])
      assert.equal((await ask({ url: api + path, token, json: { text: "hi" } })).status, 201, path);
  });

  it("says which of the two is wrong, path or method, in the platform's words", async () => {
    const { ask, codes } = setUp();
    assert.deepEqual(await codes(ask({ url: `${api}/nothing` })), [404, "noRoute"]);
    assert.deepEqual(await codes(ask({ url: `${api}/notes`, method: "DELETE" })), [405, "noRoute"]);
  });

  it("hands on decoded parts of a path and the rest of it", async () => {
    const { ask, token } = setUp();
    const { json } = await ask({ url: `${api}/hosts/a/b%20c?ids=List(a%2Cb,c)` });
    assert.deepEqual(json, { rest: "a/b c", query: "ids=List(a%2Cb,c)" });
    const none = await ask({ url: `${api}/notes/%C3%A9`, token });
    assert.deepEqual([none.status, none.json.code], [404, "unknown"]);
  });

  it("refuses a field that is unknown, wrong or missing, another content type, and an unknown parameter", async () => {
    const { ask, token, codes, simulator } = setUp();
    const post = (json: unknown) => ask({ url: `${api}/notes`, token, json });
    for (const [json, at] of [
      [{ text: "a", colour: "red" }, ""],
      [{ text: "elevenchars" }, "text"],
      [{}, "text"],
    ] as const)
      assert.deepEqual([(await post(json)).status, (await post(json)).json.at], [400, at]);
    assert.deepEqual(await codes(ask({ url: `${api}/notes`, token, form: { text: "a" } })), [415, "badBody"]);
    assert.deepEqual(await codes(ask({ url: `${api}/notes?colour=red` })), [400, "badInput"]);
    assert.equal(simulator.posts().length, 0);
  });

  it("reads fields and files of a multipart body", async () => {
    const { ask, token } = setUp();
    const multipart = { title: "T", file: new Blob([new Uint8Array(7)]) };
    assert.deepEqual((await ask({ url: `${api}/files`, token, multipart })).json, { title: "T", sizeBytes: 7 });
  });

  it("answers parts of a batch as if each had come by itself, and lets the platform have the last look", async () => {
    const { ask, token } = setUp();
    const { json } = await ask({ url: `${api}/many`, token, json: ["/notes", "/notes/none", "/nowhere"] });
    assert.deepEqual(json, [200, 404, 404]);
    assert.equal((await ask({ url: `${api}/nowhere` })).text, "Not here");
  });

  it("asks the platform's own guard before anything is read", async () => {
    const { ask, token, codes } = setUp();
    const old = ask({ url: `${api}/notes`, token, json: {}, headers: { "x-version": "0" } });
    assert.deepEqual(await codes(old), [426, "oldVersion"]);
  });

  it("gives every answer the platform's headers, and lets browsers in", async () => {
    const { ask } = setUp();
    const { headers } = await ask({ url: `${api}/nothing` });
    assert.deepEqual(
      [headers["x-quay-host"], headers["access-control-allow-origin"], headers["access-control-expose-headers"]],
      ["api.quay.test", "*", "retry-after"],
    );
    const asked = { "access-control-request-headers": "authorization" };
    const preflight = await ask({ url: `${api}/notes`, method: "OPTIONS", headers: asked });
    assert.deepEqual([preflight.status, preflight.headers["access-control-allow-headers"]], [204, "authorization"]);
  });
});

describe("tokens", () => {
  it("tells a missing, an unknown, an expired and a withdrawn token apart", async () => {
    const { ask, token, codes, act, write } = setUp();
    assert.deepEqual(await codes(ask({ url: `${api}/notes`, json: { text: "a" } })), [401, "tokenMissing"]);
    assert.deepEqual(await codes(ask({ url: `${api}/notes`, token: "no", json: {} })), [401, "tokenInvalid"]);
    await write("a");
    await act("withdraw", { subject: "ida" });
    assert.deepEqual(await codes(ask({ url: `${api}/notes`, token, json: { text: "a" } })), [401, "tokenRevoked"]);
  });

  it("needs every scope of a route, or one of a list", async () => {
    const { ask, token, codes, write } = setUp(["read"]);
    assert.deepEqual(await codes(write("a")), [403, "scopeMissing"]);
    assert.deepEqual(await codes(ask({ url: `${api}/notes/x`, token })), [404, "unknown"]);
    const none = setUp([]);
    assert.deepEqual((await none.ask({ url: `${api}/notes/x`, token: none.token })).json.scopes, ["read", "write"]);
  });

  it("takes a token from where the platform puts it, for faults of one account as well", async () => {
    const { ask, token, mount } = setUp();
    mount.arm({ fault: "rateLimited", match: { account: "ida" } });
    const call = () => ask({ url: `${api}/notes`, json: { text: "a" }, headers: { "x-quay-key": token } });
    assert.deepEqual([(await call()).status, (await call()).status], [429, 201]);
  });

  it("takes an optional token, checks one that is given, and knows whom it acts for", async () => {
    const { ask, token, simulator, codes } = setUp();
    assert.equal((await ask({ url: `${api}/notes` })).json.as, undefined);
    assert.equal((await ask({ url: `${api}/notes`, token })).json.as, "ida");
    assert.deepEqual(await codes(ask({ url: `${api}/notes`, token: "no" })), [401, "tokenInvalid"]);
    assert.deepEqual(simulator.accountsOf?.(token), ["ida"]);
  });
});

test("a token for one of a consent's accounts acts for that one only", () => {
  const tokens = createTokens({ now: () => new Date(0), randomId: () => "1" });
  const grant = tokens.grant({ subject: "ida", accounts: ["boat-1", "boat-2"] });
  const one = tokens.issue(grant, { accounts: ["boat-2"], prefix: "B" });
  assert.deepEqual(callerOf(one).accounts, ["boat-2"]);
  assert.deepEqual([tokens.accountsOf(one.value), tokens.accountsOf("unknown")], [["boat-2"], []]);
  assert.deepEqual(tokens.accountsOf(tokens.issue(grant).value), ["boat-1", "boat-2"]);
  assert.match(tokens.signedIn({ subject: "ida", prefix: "B" }).accessToken, /^B/);
});

describe("named faults", () => {
  it("rateLimited refuses with the wait, with another and with none, and nothing is applied", async () => {
    const { write, mount, simulator } = setUp();
    for (const [params, header] of [
      [{}, "30"],
      [{ retryAfterSeconds: 7 }, "7"],
      [{ retryAfterSeconds: null }, undefined],
    ] as const) {
      mount.arm({ fault: "rateLimited", params });
      const { status, headers, json } = await write("a");
      assert.deepEqual([status, headers["retry-after"], json.notes], [429, header, 0]);
    }
    assert.equal(simulator.posts().length, 0);
  });

  it("tokenExpired passes, tokenRevoked lasts", async () => {
    const { write, mount, codes } = setUp();
    mount.arm({ fault: "tokenExpired" });
    assert.deepEqual(await codes(write("a")), [401, "tokenExpired"]);
    assert.equal((await write("a")).status, 201);
    mount.arm({ fault: "tokenRevoked" });
    for (let i = 0; i < 2; i += 1) assert.deepEqual(await codes(write("a")), [401, "tokenRevoked"]);
  });

  it("serverError answers 500 without effect, or with it", async () => {
    const { write, mount, simulator } = setUp();
    mount.arm({ fault: "serverError" });
    assert.equal((await write("a")).status, 500);
    assert.equal(simulator.posts().length, 0);
    mount.arm({ fault: "serverError", params: { applied: true } });
    assert.equal((await write("a")).status, 500);
    assert.equal(simulator.posts().length, 1);
  });

  it("dropAfterAccept waits for a call that publishes and succeeds", async () => {
    const { ask, send, token, mount, simulator } = setUp();
    mount.arm({ fault: "dropAfterAccept" });
    assert.equal((await ask({ url: `${api}/notes`, token })).status, 200);
    assert.equal((await ask({ url: `${api}/notes`, token, json: {} })).status, 400);
    assert.equal(await send({ url: `${api}/notes`, token, json: { text: "a" } }), "drop");
    assert.equal(simulator.posts().length, 1);
  });

  it("hideFromLists hides what is young, slowProcessing makes work last", async () => {
    const { ask, write, mount, advance, act, client } = setUp();
    const renewed = (text: string) => {
      const token = client.simulator.createAccount({}).accessToken;
      return ask({ url: `${api}/notes`, token, json: { text } });
    };
    await write("old");
    advance(3_600_001);
    await renewed("new");
    mount.arm({ fault: "hideFromLists" });
    assert.deepEqual((await ask({ url: `${api}/notes` })).json.notes, ["old"]);
    assert.deepEqual((await ask({ url: `${api}/notes` })).json.notes, ["new", "old"]);
    const open = async () => (await act("open")) as { id: string };
    const put = async () =>
      (await ask({ url: `https://eu.up.quay.test/${(await open()).id}`, method: "PUT", bytes: Uint8Array.of(1) })).json
        .ms;
    mount.arm({ fault: "slowProcessing", params: { ms: 100 } });
    assert.deepEqual([await put(), await put()], [105, 5]);
  });
});

describe("lists", () => {
  it("pages on although what the cursor names is read behind", async () => {
    const { ask, write, act, simulator } = setUp();
    for (const text of ["1", "2", "3", "4"]) await write(text);
    const first = (await ask({ url: `${api}/notes` })).json;
    assert.deepEqual(first.notes, ["4", "3"]);
    await act("remove", { id: simulator.posts()[1]?.id ?? "" });
    assert.deepEqual((await ask({ url: `${api}/notes?cursor=${first.next}` })).json.notes, ["1"]);
  });

  it("remembers what is gone, forgets everything at a reset", async () => {
    const { ask, write, act, mount, client } = setUp();
    const id = (await write("a")).json.id;
    await act("remove", { id });
    const token = client.simulator.createAccount({}).accessToken;
    assert.equal((await ask({ url: `${api}/notes/${id}`, token })).json.code, "gone");
    mount.reset();
    assert.equal((await ask({ url: `${api}/notes/${id}`, token })).json.code, "tokenInvalid");
    assert.deepEqual(mount.crashes(), []);
  });

  it("names the known actions to who asks for another", async () => {
    const { act } = setUp();
    await assert.rejects(() => act("dance"), /withdraw, settle, remove, open, subscribe, prove/);
  });
});

describe("uploads", () => {
  const opened = async (input: { sizeBytes?: number; seconds?: number } = {}) => {
    const kit = setUp();
    const { id } = (await kit.act("open", input)) as { id: string };
    const put = (bytes: Uint8Array, range?: string) =>
      kit.ask({
        url: `https://eu.up.quay.test/${id}`,
        method: "PUT",
        bytes,
        headers: range ? { "content-range": `bytes ${range}` } : {},
      });
    return { ...kit, put };
  };
  const bytes = Uint8Array.from([1, 2, 3, 4, 5]);

  it("takes a whole file once, and counts it as an orphan until then", async () => {
    const { put, simulator } = await opened();
    assert.equal(simulator.orphans(), 1);
    assert.equal((await put(bytes)).json.sha256, sha256Hex(bytes));
    assert.equal((await put(bytes)).json.code, "finished");
    assert.equal(simulator.orphans(), 0);
  });

  it("takes ranges in a row and says how far it came for any other", async () => {
    const { put } = await opened({ sizeBytes: 5 });
    assert.equal((await put(bytes.subarray(0, 3), "0-2/5")).status, 206);
    assert.deepEqual((await put(bytes.subarray(0, 3), "0-2/5")).json, { code: "range", receivedBytes: 3 });
    assert.equal((await put(Uint8Array.of(4, 5, 6), "3-5/6")).json.code, "size");
    assert.equal((await put(bytes.subarray(3), "3-4/5")).json.sha256, sha256Hex(bytes));
  });

  it("ends an upload address with its time, and knows only its own", async () => {
    const { put, advance, ask } = await opened({ seconds: 60 });
    advance(60_000);
    assert.equal((await put(bytes)).json.code, "expired");
    assert.equal((await ask({ url: "https://eu.up.quay.test/other", method: "PUT", bytes })).json.code, "unknown");
  });
});

describe("webhooks", () => {
  it("signs what it sends to whom it concerns, and records what came of it", async () => {
    const { act, write, delivered, client } = setUp();
    await act("subscribe", { address: "https://app.test/hook", secret: "s" });
    client.onDeliver = () => 500;
    await write("a");
    assert.deepEqual(await act("settle"), { deliveries: 1 });
    const shown = z
      .object({ deliveries: z.array(z.object({ event: z.string(), status: z.number() })) })
      .parse(client.simulator.inspect?.());
    assert.deepEqual(shown.deliveries, [{ event: "note.made", status: 500 }]);
    const [event] = delivered;
    assert.equal(event?.headers["x-quay-signature"], hmacSha256Hex("s", event?.body ?? ""));
  });

  it("asks an address to prove itself", async () => {
    const { act, client } = setUp();
    const prove = () => act("prove", { address: "https://app.test/hook?a=b" });
    client.onAsk = (url) => ({ status: 200, text: `{"said":"${url.searchParams.get("challenge")}"}` });
    assert.deepEqual(await prove(), { text: '{"said":"x1"}', json: { said: "x1" } });
    client.onAsk = () => ({ status: 200, text: "x1" });
    assert.deepEqual(await prove(), { text: "x1", json: null }, "plain text");
  });
});
