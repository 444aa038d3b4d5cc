import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { ok } from "@postd/contracts";
import type { AuthContext } from "../context.ts";
import type { Effect, HttpRequest } from "../http.ts";
import { secret } from "../secret.ts";
import { exactJson } from "./exact-json.ts";
import { graphApi } from "./graph-api.ts";
import { graphFailures, subcodeOf } from "./graph-error.ts";
import { readInsights } from "./graph-insights.ts";
import { GraphNode, graphInstant } from "./graph-values.ts";
import { graphWebhooks, signedRequestEvents } from "./graph-webhooks.ts";

const clock = { now: () => new Date("2026-11-27T10:00:00Z") };
const failures = graphFailures({
  name: "Toy",
  subcodes: { 55: { kind: "content_rejected", field: "media" } },
  limits: { 4: { kind: "rate_limited", waitMs: 1_000 } },
  codes: { 1: { kind: "outcome_unknown" }, 190: { kind: "auth_revoked" }, 368: { kind: "account_blocked" } },
  others: { names: { kind: "content_rejected", field: "text" } },
  named: ({ codeName }) => (codeName === "TOY_API__TOO_MANY" ? "names" : undefined),
  flat: (code) => [code ?? "", "190"],
});

function failureOf(error: object, effect: Effect = "visible", status = 400) {
  const json = { error: { message: "x", type: "OAuthException", ...error } };
  return failures.failureOf({ status, headers: {}, text: JSON.stringify(json), json, effect }, clock);
}

test("of a Graph error the subcode counts before the code, an allowance before passing trouble", () => {
  assert.equal(failureOf({ code: 1, error_subcode: 55 })?.kind, "content_rejected");
  assert.equal(failureOf({ code: 1, error_subcode: 56 })?.kind, "outcome_unknown");
  assert.equal(failureOf({ code: 4, is_transient: true })?.kind, "rate_limited");
  assert.equal(failureOf({ code: 190, is_transient: true })?.kind, "outcome_unknown");
  assert.equal(failureOf({ code: 368, is_transient: true }, "none")?.kind, "account_blocked");
  assert.equal(failureOf({ code: 210 })?.kind, "scope_missing");
  const failure = failureOf({ code: 1, error_subcode: 55 });
  assert.deepEqual([failure && subcodeOf(failure), failure?.platformCode, failure?.refused], [55, "1/55", true]);
});

test("a Graph error that is named by a text is known by it, in the code or in the message", () => {
  for (const error of [{ code: "TOY_API__TOO_MANY" }, { code: 100, message: "(#100) TOY_API__TOO_MANY: six" }])
    assert.deepEqual(
      [failureOf(error)?.kind, failureOf(error)?.platformCode],
      ["content_rejected", "TOY_API__TOO_MANY"],
    );
  assert.equal(failureOf({ code: "190" })?.kind, "auth_revoked");
});

test("an error in the flat shape and a page of a proxy prove nothing", () => {
  const json = { error_type: "OAuthException", code: 400, error_message: "Matching code was not found" };
  const flat = failures.failureOf({ status: 400, headers: {}, text: "", json, effect: "none" }, clock);
  assert.equal(flat?.kind, "auth_revoked");
  const page = { status: 200, headers: {}, text: "<html>", json: undefined, effect: "visible" } as const;
  assert.equal(failures.failureOf(page, clock)?.kind, "outcome_unknown");
});

function toy(answers: readonly string[]) {
  const asked: HttpRequest[] = [];
  const ctx: AuthContext = {
    clock,
    apiVersion: "1.0",
    log: { debug() {}, info() {}, warn() {} },
    app: { value: () => undefined, secret: () => undefined },
    http: {
      async request(request) {
        const text = answers[asked.length] ?? "{}";
        asked.push(request);
        const status = text.includes('"error"') ? 400 : 200;
        return ok({ status, headers: {}, text, json: JSON.parse(text), effect: request.effect ?? "visible" });
      },
    },
  };
  return { ctx, asked, api: graphApi({ hosts: ["graph.toy.net"], failures }), token: secret("t") };
}

test("a list is read to its last page, which is the one without a next address", async () => {
  const page = (ids: readonly unknown[], after: string, more: boolean) =>
    JSON.stringify({
      data: ids.map((id) => ({ id })),
      paging: { cursors: { after }, ...(more && { next: "https://x.test" }) },
    });
  const { ctx, asked, api, token } = toy([page(["1", {}], "a", true), page([], "b", true), page(["2"], "c", false)]);
  const read = await api.graphList(ctx, token, { path: ["me", "things"], row: GraphNode });
  assert.deepEqual(read, { ok: true, value: [{ id: "1" }, { id: "2" }] });
  assert.deepEqual(
    asked.map(({ query, url }) => [url, query?.after]),
    [undefined, "a", "b"].map((after) => ["https://graph.toy.net/v1.0/me/things", after]),
  );
});

test("ids beyond 2^53 are kept digit by digit, and other large numbers stay numbers", async () => {
  const { ctx, api, token } = toy(['{"id": 17841405793187218123}']);
  const made = await api.graph(ctx, token, { method: "POST", path: ["me", "things"], answer: GraphNode });
  assert.deepEqual(made, { ok: true, value: { id: "17841405793187218123" } });
  assert.deepEqual(exactJson('{"a":1e300,"b":5,"c":1.5}'), { a: 1e300, b: 5, c: 1.5 });
  assert.equal(exactJson("<html>"), undefined);
});

test("an error about reading back what was written is the success it is", async () => {
  const error = { message: "x", type: "y", code: 100, error_subcode: 33, original_response: { id: "7" } };
  const { ctx, api, token } = toy([JSON.stringify({ error })]);
  const made = await api.graph(ctx, token, { method: "POST", path: ["me", "things"], answer: GraphNode });
  assert.deepEqual(made, { ok: true, value: { id: "7" } });
});

test("numbers of a series, of a total and by link are read; one that is not there is left out", () => {
  const data = [
    { name: "views", values: [{ value: 2 }, { value: 3 }] },
    { name: "likes", total_value: { value: 7 } },
    { name: "clicks", link_total_values: [{ value: 4, link_url: "https://a.test" }, { value: 1 }] },
    { name: "shares", values: [] },
  ];
  const plans = ["views", "likes", "clicks", "shares"].map(
    (name) => ({ name, platformName: name, take: "sum" }) as const,
  );
  const read = readInsights(data, plans, { at: clock.now() });
  assert.deepEqual(
    read.map(({ name, value }) => [name, value]),
    [
      ["views", 5],
      ["likes", 7],
      ["clicks", 5],
    ],
  );
});

test("a callback with a signed request is taken with any key of the app, and says what it is about", async () => {
  const verify = graphWebhooks({ provider: "toy", verifyToken: () => secret("vt"), env: "POSTD_TOY" });
  const payload = Buffer.from('{"user_id": 17841405793187218123, "issued_at": 1764000000}').toString("base64url");
  const digest = createHmac("sha256", "second").update(payload).digest("base64url");
  const rawBody = new TextEncoder().encode(new URLSearchParams({ signed_request: `${digest}.${payload}` }).toString());
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const request = { method: "POST", query: { event: "data_deletion" }, headers, rawBody };
  const { ctx } = toy([]);
  const answer = (keys: readonly string[]) =>
    verify({ request, keys: keys.map((key) => secret(key)), now: clock.now(), publicUrl: "https://p.test" }, ctx);
  const taken = await answer(["first", "second"]);
  assert.ok(taken.kind === "accepted", JSON.stringify(taken));
  assert.match(String(taken.answer?.json.url), /^https:\/\/p\.test\/api\/webhooks\/toy\?deletion=[0-9a-f]{16}$/);
  assert.equal((await answer(["first"])).kind, "refused");
  const [event] = signedRequestEvents(request, "bluesky") ?? [];
  assert.deepEqual([event?.type, event?.accountExternalId], ["data_deletion.requested", "17841405793187218123"]);
  assert.equal(signedRequestEvents({ ...request, headers: {} }, "bluesky"), undefined);
});

test("an instant is read as Meta writes it, and nonsense is none", () => {
  assert.equal(graphInstant("2026-11-20T10:00:00+0000")?.toISOString(), "2026-11-20T10:00:00.000Z");
  assert.equal(graphInstant("yesterday"), undefined);
  assert.equal(graphInstant(undefined), undefined);
});
