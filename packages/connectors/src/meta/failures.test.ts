import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect, PlatformFailureKind } from "@postd/connector-kit";
import { graphFailure, meaningOf, plain, statusTextFailure, usedPercent } from "./failures.ts";

const clock = { now: () => new Date("2026-11-20T10:00:00Z") };
const response = (error: object, effect: Effect = "none", headers: Record<string, string> = {}, status = 400) => ({
  status,
  headers,
  text: "",
  json: { error },
  effect,
});

type Case = readonly [
  code: number,
  subcode: number | undefined,
  effect: Effect,
  kind: PlatformFailureKind,
  field?: string,
];
const cases: readonly Case[] = [
  [1, undefined, "none", "unavailable"],
  [1, undefined, "invisible", "outcome_unknown"],
  [2, undefined, "visible", "outcome_unknown"],
  [4, undefined, "visible", "rate_limited"],
  [17, undefined, "none", "rate_limited"],
  [32, undefined, "none", "rate_limited"],
  [341, undefined, "visible", "rate_limited"],
  [613, 1996, "visible", "rate_limited"],
  [80001, undefined, "visible", "rate_limited"],
  [80002, undefined, "none", "rate_limited"],
  [3, undefined, "visible", "scope_missing"],
  [10, undefined, "none", "scope_missing"],
  [200, undefined, "visible", "scope_missing"],
  [299, undefined, "none", "scope_missing"],
  [102, undefined, "none", "auth_revoked"],
  [190, 458, "visible", "auth_revoked"],
  [190, 460, "none", "auth_revoked"],
  [190, 463, "none", "auth_expired"],
  [190, 467, "visible", "auth_revoked"],
  [190, 492, "none", "auth_revoked"],
  [100, undefined, "visible", "content_rejected", "text"],
  [100, 33, "none", "auth_revoked"],
  [368, undefined, "visible", "content_rejected", "text"],
  [506, undefined, "visible", "content_rejected", "text"],
  [1609005, undefined, "visible", "content_rejected", "options.link"],
  [3001, 1504028, "none", "content_rejected", "metric"],
  [324, 1366046, "invisible", "content_rejected", "media"],
  [324, 1366051, "visible", "content_rejected", "media"],
  [1, 1390008, "visible", "rate_limited"],
  [200, 1404078, "visible", "auth_revoked"],
  [100, 1609008, "visible", "content_rejected", "options.link"],
  [100, 1609010, "none", "unavailable"],
  [100, 1363047, "visible", "outcome_unknown"],
  [-2, 2207003, "invisible", "unavailable"],
  [-1, 2207001, "visible", "outcome_unknown"],
  [-1, 2207032, "none", "unavailable"],
  [-1, 2207053, "invisible", "unavailable"],
  [24, 2207008, "visible", "unavailable"],
  [9007, 2207027, "visible", "unavailable"],
  [9, 2207042, "visible", "rate_limited"],
  [4, 2207051, "visible", "rate_limited"],
  [25, 2207050, "visible", "auth_revoked"],
  [9004, 2207052, "invisible", "content_rejected", "media"],
  [1, 2207057, "invisible", "content_rejected", "options.thumbOffsetMs"],
  [352, 2207026, "invisible", "content_rejected", "media"],
  [36000, 2207004, "invisible", "content_rejected", "media"],
  [36003, 2207009, "invisible", "content_rejected", "media"],
  [36004, 2207010, "invisible", "content_rejected", "text"],
  [100, 2207028, "invisible", "content_rejected", "media"],
];

for (const [code, subcode, effect, kind, field] of cases)
  test(`${code}${subcode ? `/${subcode}` : ""} on a call of effect ${effect} is ${kind}`, () => {
    const failure = graphFailure(response({ code, error_subcode: subcode, message: "x" }, effect), { clock });
    assert.equal(failure?.kind, kind);
    if (failure?.kind === "content_rejected") assert.equal(failure.field, field);
  });

test("is_transient comes before subcode and code, and is no proof that a changing call did nothing", () => {
  const error = { code: 100, error_subcode: 2207026, is_transient: true, message: "x" };
  assert.equal(graphFailure(response(error, "none"), { clock })?.kind, "unavailable");
  assert.equal(graphFailure(response(error, "visible"), { clock })?.kind, "outcome_unknown");
});

test("a throttled call that is marked transient keeps its wait", () => {
  const headers = {
    "x-business-use-case-usage": '{"12":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":7}]}',
  };
  const failure = graphFailure(response({ code: 80001, is_transient: true }, "visible", headers), { clock });
  assert.deepEqual(
    [failure?.kind, failure?.kind === "rate_limited" && failure.retryAfterMs],
    ["rate_limited", 420_000],
  );
});

test("a used-up day is a quota", () => {
  const failure = graphFailure(response({ code: 9, error_subcode: 2207042 }, "visible"), { clock });
  assert.equal(failure?.kind === "rate_limited" && failure.quota, true);
});

test("an object that is gone is the post's trouble, an account that is gone the connection's", () => {
  const gone = response({ code: 100, error_subcode: 33, message: "x" });
  assert.equal(graphFailure(gone, { clock, about: "object" })?.kind, "content_rejected");
  assert.equal(graphFailure(gone, { clock })?.kind, "auth_revoked");
});

test("a missing permission names what the call needed", () => {
  const failure = graphFailure(response({ code: 200 }), { clock, needs: ["pages_manage_posts"] });
  assert.deepEqual(failure?.kind === "scope_missing" && failure.scopes, ["pages_manage_posts"]);
});

test("an HTML page with status 500 leaves the outcome of a changing call open", () => {
  const page = { status: 500, headers: {}, text: "<html>", json: undefined };
  assert.equal(graphFailure({ ...page, effect: "visible" }, { clock })?.kind, "outcome_unknown");
  assert.equal(graphFailure({ ...page, effect: "none" }, { clock })?.kind, "unavailable");
});

test("an unknown code is an answer we do not know", () => {
  assert.equal(
    graphFailure(response({ code: 987_654, message: "new" }, "visible"), { clock })?.kind,
    "unexpected_response",
  );
});

test("a success is no failure", () => {
  assert.equal(
    graphFailure({ status: 200, headers: {}, text: "", json: { id: "1" }, effect: "visible" }, { clock }),
    undefined,
  );
});

test("Instagram's own shape of a refused code asks for a new sign-in", () => {
  const json = { error_type: "OAuthException", code: 400, error_message: "This authorization code has been used" };
  assert.equal(
    graphFailure({ status: 400, headers: {}, text: "", json, effect: "none" }, { clock })?.kind,
    "auth_revoked",
  );
});

test("platform code and trace id are kept, tokens and signed addresses in Meta's words are not", () => {
  const message = `Malformed access token EAA${"b".repeat(60)} for https://media.example/a.jpg?sig=secret-signature`;
  const failure = graphFailure(response({ code: 190, error_subcode: 467, message, fbtrace_id: "AbC" }), { clock });
  assert.deepEqual([failure?.platformCode, failure?.requestId], ["190/467", "AbC"]);
  const printed = JSON.stringify(failure);
  assert.ok(!printed.includes("bbbb") && !printed.includes("secret-signature"), printed);
  assert.equal(plain(message), "Malformed access token […] for https://media.example/a.jpg");
});

test("the status text of a container is read by its subcode", () => {
  assert.equal(
    statusTextFailure("Error: Media upload has failed with error code 2207026", { clock })?.kind,
    "content_rejected",
  );
  assert.equal(statusTextFailure("Error: 2207003", { clock })?.kind, "unavailable");
  assert.equal(statusTextFailure("Error: something", { clock }), undefined);
});

test("meaning survives in the stored platform code", () => {
  const failure = graphFailure(response({ code: 9007, error_subcode: 2207027 }), { clock });
  assert.equal(failure && meaningOf(failure), "not_ready");
});

test("usage headers are read, broken ones ignored", () => {
  assert.equal(usedPercent({ headers: { "x-app-usage": '{"call_count":12,"total_time":81}' } }), 81);
  assert.equal(usedPercent({ headers: { "x-app-usage": "nonsense" } }), undefined);
});
