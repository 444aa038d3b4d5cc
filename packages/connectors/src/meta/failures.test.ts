import assert from "node:assert/strict";
import { test } from "node:test";
import { type Effect, type PlatformFailureKind, platformWords, usedPercent } from "@postd/connector-kit";
import { graphFailure, meaningOf, statusTextFailure } from "./failures.ts";

const clock = { now: () => new Date("2026-11-20T10:00:00Z") };
const response = (error: object, effect: Effect = "none", headers: Record<string, string> = {}, status = 400) => ({
  status,
  headers,
  text: "",
  json: { error: { message: "x", type: "OAuthException", ...error } },
  effect,
});

type Expected = PlatformFailureKind | `content_rejected ${string}`;
type Case = readonly [read: Expected, invisible: Expected, visible: Expected, codes: readonly string[]];
const same = (kind: Expected, ...codes: readonly string[]): Case => [kind, kind, kind, codes];
const content = (field: string, ...codes: readonly string[]) => same(`content_rejected ${field}`, ...codes);

/** Every code and subcode of platforms/meta.md section 12, by who has to act. */
const cases: readonly Case[] = [
  // Wait.
  ["unavailable", "outcome_unknown", "outcome_unknown", ["1", "2", "6000", "-1"]],
  [
    "unavailable",
    "unavailable",
    "outcome_unknown",
    ["-2", "-2/2207003", "-1/2207001", "-1/2207032", "-1/2207082", "-1/2207085", "100/1609010", "100/1363047"],
  ],
  ["unavailable", "unavailable", "outcome_unknown", ["1/1363019", "1/1363021", "1/1363030", "1/1363033"]],
  same("unavailable", "100/1363037", "100/1363041"),
  same(
    "rate_limited",
    "4",
    "17",
    "32",
    "341",
    "613",
    "613/1996",
    "80000",
    "80001",
    "80002",
    "80005",
    "80006",
    "80008",
    "80014",
  ),
  same("rate_limited", "1/1390008", "368/1390008", "9", "9/2207042", "4/2207051"),
  same("account_blocked", "368"),
  same("unavailable", "-1/2207053", "-2/2207020", "24/2207008", "24/2207006", "24", "9007", "9007/2207027"),
  // The author.
  content("text", "100", "506", "368/1346003", "368/1404102", "36004", "36004/2207010", "100/2061006", "100/1349125"),
  content("media", "324/1366046", "324/1366051", "100/2069019", "9004", "9004/2207052", "352", "352/2207026"),
  content("media", "36000", "36000/2207004", "36001", "36001/2207005", "36003", "36003/2207009", "100/2207023"),
  content("media", "100/2207028", "100/2207077", "100/1363022", "100/1363023", "100/1363024", "100/1363025"),
  content("media", "100/1363026", "100/1363031", "100/1363032"),
  content("text", "100/2207035", "100/2207036", "100/2207037"),
  content("options.link", "1609005", "1500", "200/1609008"),
  content("options.thumbOffsetMs", "1/2207057"),
  content("options.userTags", "100/2207040"),
  content("format", "100/2207081"),
  content("metric", "3001", "3001/1504028", "2874008", "100/2874008", "2932001", "100/2932010"),
  // The owner of the account.
  same("auth_revoked", "102", "190", "190/458", "190/459", "190/460", "190/464", "190/467", "190/492"),
  same("auth_expired", "190/463"),
  same("scope_missing", "3", "10", "200", "250", "299", "1/2853006", "100/1363042", "100/1363005", "100/33", "803"),
  same("account_blocked", "200/1404006", "200/1404112", "200/4854002", "200/1404078", "25", "25/2207050"),
  // The operator.
  same("operator_must_act", "12", "2500", "200/2069030", "200/2069031", "200/2069033", "190/2069032"),
  same("operator_must_act", "100/1363020", "100/1363045"),
];

for (const [read, invisible, visible, codes] of cases)
  for (const each of codes)
    test(`${each} is ${read} on a read, ${invisible} unseen, ${visible} where an audience sees it`, () => {
      const [code, subcode] = each.split("/").map(Number);
      for (const [effect, expected] of [
        ["none", read],
        ["invisible", invisible],
        ["visible", visible],
      ] as const) {
        const failure = graphFailure(response({ code, error_subcode: subcode }, effect), { clock });
        const field = failure?.kind === "content_rejected" ? ` ${failure.field}` : "";
        assert.equal(`${failure?.kind}${field}`, expected, effect);
        if (effect === "visible") assert.equal(failure?.refused, expected === "outcome_unknown" ? undefined : true);
      }
    });

test("only Meta's own documented refusal says that a visible call had no effect", () => {
  const refusal = { code: 100, error_subcode: 2207028 };
  const answers = [
    response({ ...refusal, is_transient: true }, "visible"),
    response(refusal, "visible", {}, 500),
    response(refusal, "visible", {}, 408),
    response(refusal, "visible", {}, 200),
    response({ ...refusal, type: undefined }, "visible"),
    response({ ...refusal, message: undefined }, "visible"),
    response({ code: 987_654 }, "visible"),
    response({ code: 404 }, "visible", {}, 404),
    response({ code: 1 }, "visible", {}, 429),
  ];
  for (const answer of answers) {
    const failure = graphFailure(answer, { clock });
    assert.deepEqual([failure?.kind, failure?.refused], ["outcome_unknown", undefined], JSON.stringify(answer));
  }
  assert.equal(graphFailure(response(refusal, "visible"), { clock })?.refused, true);
});

test("a subcode that is known is believed before is_transient, an allowance and a block too", () => {
  const kindOf = (error: object) => graphFailure(response({ ...error, is_transient: true }), { clock })?.kind;
  assert.deepEqual(
    [kindOf({ code: 100, error_subcode: 2207026 }), kindOf({ code: 4 }), kindOf({ code: 368 }), kindOf({ code: 100 })],
    ["content_rejected", "rate_limited", "account_blocked", "unavailable"],
  );
});

test("the app's own allowance is told as the app's, and waits one to five minutes where Meta names no wait", () => {
  const answer = response({ code: 4, is_transient: true }, "visible", {}, 403);
  const failure = graphFailure(answer, { clock });
  assert.ok(failure?.kind === "rate_limited");
  assert.deepEqual([failure.scope, failure.refused], ["app", true]);
  assert.ok((failure.retryAfterMs ?? 0) >= 60_000 && (failure.retryAfterMs ?? 0) <= 300_000);
  const page = graphFailure(response({ code: 32 }), { clock });
  assert.deepEqual([page?.kind === "rate_limited" && page.scope], [undefined]);
});

test("no wait is nought, endless or unreadable, whatever a header says", () => {
  const usage = (minutes: number) => ({
    "x-business-use-case-usage": JSON.stringify({ 1: [{ estimated_time_to_regain_access: minutes }] }),
  });
  for (const headers of [{ "retry-after": "0" }, usage(0), usage(-5), usage(1e300), { "retry-after": "1e300" }]) {
    for (const code of [4, 17, 368]) {
      const failure = graphFailure(response({ code }, "none", headers), { clock });
      const waitMs =
        failure?.kind === "rate_limited"
          ? failure.retryAfterMs
          : failure?.kind === "account_blocked"
            ? (failure.until?.getTime() ?? 0) - clock.now().getTime()
            : undefined;
      assert.ok(waitMs && waitMs >= 1000 && waitMs <= 86_400_000, JSON.stringify([headers, code, waitMs]));
    }
  }
});

test("a blocked account is looked at again in an hour, or when Meta says", () => {
  const until = (headers: Record<string, string>) => {
    const failure = graphFailure(response({ code: 368 }, "visible", headers), { clock });
    return failure?.kind === "account_blocked" && failure.until?.toISOString();
  };
  assert.equal(until({}), "2026-11-20T11:00:00.000Z");
  assert.equal(until({ "retry-after": "7200" }), "2026-11-20T12:00:00.000Z");
});

test("2207085 speaks of what we did, never of what Meta's text guesses", () => {
  const message = "Fatal: the media could not be deleted";
  const error = { code: -1, error_subcode: 2207085, message, error_user_msg: message };
  const said = (effect: Effect, did?: string) =>
    JSON.stringify(graphFailure(response(error, effect), { clock, ...(did && { did }) }));
  assert.match(said("visible"), /tried to publish/);
  assert.match(said("invisible"), /tried to prepare/);
  for (const effect of ["none", "invisible", "visible"] as const) assert.ok(!said(effect).includes("delete"));
  assert.match(said("visible", "delete the post"), /tried to delete the post/);
});

test("a proof of the app's secret that Meta refuses is the operator's, however the words run", () => {
  for (const message of [
    "Invalid appsecret_proof provided in the API argument",
    "API calls from the server require an appsecret_proof argument",
  ])
    assert.equal(
      graphFailure(response({ code: 100, type: "GraphMethodException", message }, "visible"), { clock })?.kind,
      "operator_must_act",
    );
});

test("a page of a proxy, an empty and a cut body pass on a read and leave everything else open", () => {
  for (const status of [200, 204, 302, 400, 403, 404, 410, 502])
    for (const effect of ["none", "invisible", "visible"] as const) {
      const failure = graphFailure({ status, headers: {}, text: "<html>", json: undefined, effect }, { clock });
      const expected = effect === "none" ? "unavailable" : "outcome_unknown";
      assert.deepEqual([failure?.kind, failure?.refused], [expected, undefined], `${status} ${effect}`);
    }
});

test("words of Meta are cut between characters, without what cannot be stored, however long they are", () => {
  const said = (error_user_msg: string) =>
    graphFailure(response({ code: 100, error_user_msg }), { clock })?.message ?? "";
  for (const text of [
    "👩‍👩‍👧".repeat(400),
    `${"a ".repeat(149)}a👍🏽👍🏽`,
    "x\u0000y\ud83d z",
    "http://".repeat(300_000),
  ]) {
    const shown = said(text);
    assert.ok(shown.isWellFormed() && !shown.includes("\u0000"), shown);
    assert.ok([...new Intl.Segmenter().segment(shown)].length <= 300);
  }
  assert.ok(!said("👩‍👩‍👧".repeat(400)).includes("\ufffd"));
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
  // Never "signed out": Meta says the same of what is gone and of what may not be seen.
  assert.equal(graphFailure(gone, { clock })?.kind, "scope_missing");
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
  const failure = (effect: Effect) => graphFailure(response({ code: 987_654, message: "new" }, effect), { clock });
  assert.deepEqual([failure("none")?.kind, failure("visible")?.kind], ["unexpected_response", "outcome_unknown"]);
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
  assert.equal(platformWords(message), "Malformed access token […] for https://media.example/a.jpg");
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
  const used = usedPercent({ headers: { "x-app-usage": '{"call_count":12,"total_time":81}' } });
  assert.deepEqual(used, { percent: 81, scope: "app" });
  assert.equal(usedPercent({ headers: { "x-app-usage": "nonsense" } }), undefined);
});
