import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { decodeAnswer } from "../encode-request.ts";
import type { Effect } from "../http.ts";
import { failureTable } from "./failure-table.ts";
import { resetAt, untilUtcMidnight } from "./waits.ts";

const clock = { now: () => new Date("2026-11-26T20:00:00Z") };
const HOUR_MS = 3_600_000;

const answer = (status: number, json: unknown, effect: Effect = "none", headers: Record<string, string> = {}) =>
  decodeAnswer({
    status,
    headers,
    effect,
    bytes: new TextEncoder().encode(json === undefined ? "" : JSON.stringify(json)),
  });

// Tables of real platforms, cut down: whether data says what their documentation does. Sources: platforms/<name>.md.

const LinkedInBody = z.object({
  message: z.string().optional(),
  status: z.number(),
  serviceErrorCode: z.number().optional(),
  code: z.string().optional(),
});
const linkedin = failureTable({
  name: "LinkedIn",
  read(res) {
    const body = LinkedInBody.safeParse(res.json).data;
    if (!body) return undefined;
    const codes = [body.serviceErrorCode, body.code].flatMap((code) => (code === undefined ? [] : [String(code)]));
    return { codes, words: body.message, requestId: res.headers["x-li-uuid"] };
  },
  codes: {
    65601: { kind: "auth_expired" },
    65608: { kind: "account_blocked", say: "LinkedIn has restricted this member." },
    ACCESS_DENIED: [
      { kind: "operator_must_act", words: /partnerApi/, what: "a product the LinkedIn app lacks" },
      { kind: "scope_missing" },
    ],
    NONEXISTENT_VERSION: { kind: "operator_must_act", what: "the version POSTD asks LinkedIn for" },
    MEDIA_ASSET_WAITING_UPLOAD: { kind: "unavailable", waitMs: 5000 },
  },
  statuses: { 422: { kind: "content_rejected" }, 404: { kind: "missing" } },
  waits: [untilUtcMidnight],
});

const TikTokBody = z.object({ error: z.object({ code: z.string(), message: z.string(), log_id: z.string() }) });
const tiktok = failureTable({
  name: "TikTok",
  evenOn200: true,
  read(res) {
    const error = TikTokBody.safeParse(res.json).data?.error;
    return !error || error.code === "ok"
      ? undefined
      : { codes: [error.code], words: error.message, requestId: error.log_id };
  },
  codes: {
    access_token_invalid: { kind: "auth_expired" },
    scope_not_authorized: { kind: "scope_missing" },
    spam_risk_too_many_posts: { kind: "rate_limited", quota: true, waitMs: 24 * HOUR_MS },
    reached_active_user_cap: { kind: "operator_must_act", what: "the audit of the TikTok app", waitMs: 24 * HOUR_MS },
    internal_error: { kind: "outcome_unknown", status: 500 },
  },
});

const XBody = z.object({ title: z.string(), detail: z.string().optional(), type: z.string() });
const x = failureTable({
  name: "X",
  read(res) {
    const body = XBody.safeParse(res.json).data;
    return body && { codes: [body.type.replace(/^.*\//, "")], words: body.detail ?? body.title };
  },
  codes: { credits: { kind: "operator_must_act", what: "credit at X", link: "https://console.x.com" } },
  statuses: {
    403: [
      { kind: "content_rejected", words: /duplicate content/, reason: "duplicate" },
      { kind: "content_rejected", reason: "refused" },
    ],
    429: { kind: "rate_limited", waitMs: 15 * 60_000 },
  },
  waits: [resetAt("x-rate-limit-reset")],
});

const MailchimpBody = z.object({ title: z.string(), status: z.number(), detail: z.string(), instance: z.string() });
const mailchimp = failureTable({
  name: "Mailchimp",
  read(res) {
    const body = MailchimpBody.safeParse(res.json).data;
    return body && { codes: [body.title], words: body.detail, requestId: body.instance };
  },
  codes: {
    "Bad Request": [
      { kind: "unavailable", words: /recipients not ready/, waitMs: 2000 },
      { kind: "content_rejected", words: /not ready to send/ },
    ],
    "API Key Invalid": { kind: "auth_revoked" },
    ComplianceRelated: { kind: "account_blocked", status: 503 },
  },
  statuses: { 403: { kind: "rate_limited" } },
});

describe("failureTable", () => {
  const sinceRefused = { refused: true as const };
  it("looks at the sub-code, then the code, then the status", () => {
    const both = { status: 403, message: "no", serviceErrorCode: 65608, code: "ACCESS_DENIED" };
    assert.equal(linkedin.failureOf(answer(403, both), clock)?.kind, "account_blocked");
    const unknownSub = { ...both, serviceErrorCode: 1 };
    assert.equal(linkedin.failureOf(answer(403, unknownSub), clock)?.kind, "scope_missing");
    assert.equal(linkedin.failureOf(answer(422, { ...unknownSub, code: "NEW" }), clock)?.kind, "content_rejected");
    assert.equal(linkedin.failureOf(answer(418, { ...unknownSub, code: "NEW" }), clock)?.kind, "unexpected_response");
  });

  it("tells the app's trouble from the account's by the one word that differs", () => {
    const refusal = (message: string) => answer(403, { status: 403, code: "ACCESS_DENIED", message });
    const ours = linkedin.failureOf(refusal("Not enough permissions to access: partnerApiPosts.CREATE"), clock);
    const theirs = linkedin.failureOf(refusal("Not enough permissions to access"), clock, { needs: ["w_x"] });
    assert.equal(ours?.kind, "operator_must_act");
    assert.deepEqual(theirs?.kind === "scope_missing" && theirs.scopes, ["w_x"]);
  });

  it("finds an error in an answer of 200 where the platform sends them so, and nowhere else", () => {
    const envelope = (code: string) => ({ data: {}, error: { code, message: "m", log_id: "L1" } });
    assert.equal(tiktok.failureOf(answer(200, envelope("ok")), clock), undefined);
    const spam = tiktok.failureOf(answer(200, envelope("spam_risk_too_many_posts"), "visible"), clock);
    assert.deepEqual(spam, {
      kind: "rate_limited",
      quota: true,
      retryAfterMs: 24 * HOUR_MS,
      message: "m",
      status: 200,
      platformCode: "spam_risk_too_many_posts",
      requestId: "L1",
      ...sinceRefused,
    });
    assert.equal(linkedin.failureOf(answer(200, { status: 403, message: "no" }), clock), undefined);
  });

  it("a 401 is what its code says, never a dead token by itself", () => {
    const scope = { error: { code: "scope_not_authorized", message: "m", log_id: "1" } };
    assert.equal(tiktok.failureOf(answer(401, scope), clock)?.kind, "scope_missing");
    assert.equal(tiktok.failureOf(answer(401, undefined), clock)?.kind, "unexpected_response");
  });

  it("only a documented body proves that a visible call did nothing", () => {
    const named = {
      title: "Forbidden",
      detail: "You are not allowed to create a Tweet with duplicate content.",
      type: "about:blank",
    };
    const refused = x.failureOf(answer(403, named, "visible"), clock);
    assert.ok(refused?.kind === "content_rejected" && refused.refused && refused.reason === "duplicate");
    for (const [status, json] of [
      [403, undefined],
      [403, { error: "a proxy's" }],
      [429, undefined],
      [500, named],
      [400, undefined],
    ] as const)
      assert.deepEqual(
        [status, x.failureOf(answer(status, json, "visible"), clock)?.kind],
        [status, "outcome_unknown"],
      );
  });

  it("a word for the platform's own trouble is passing for a read and open for a change", () => {
    const trouble = { error: { code: "internal_error", message: "m", log_id: "1" } };
    const kinds = (["none", "invisible", "visible"] as const).map((effect) =>
      tiktok.failureOf(answer(500, trouble, effect), clock),
    );
    assert.deepEqual(
      kinds.map((it) => [it?.kind, it?.refused]),
      [
        ["unavailable", undefined],
        ["outcome_unknown", undefined],
        ["outcome_unknown", undefined],
      ],
    );
  });

  it("a rule for a 5xx has to name it", () => {
    const body = (title: string) => ({ title, status: 503, detail: "This method has been disabled.", instance: "" });
    assert.equal(mailchimp.failureOf(answer(503, body("ComplianceRelated")), clock)?.kind, "account_blocked");
    assert.equal(mailchimp.failureOf(answer(503, body("API Key Invalid")), clock)?.kind, "unavailable");
  });

  it("waits as the header says, else as the rule does", () => {
    const reset = String(clock.now().getTime() / 1000 + 90);
    const wait = (headers: Record<string, string>) => {
      const failure = x.failureOf(answer(429, undefined, "none", headers), clock);
      return failure?.kind === "rate_limited" && failure.retryAfterMs;
    };
    assert.equal(wait({ "x-rate-limit-reset": reset }), 90_000);
    assert.equal(wait({ "retry-after": "7", "x-rate-limit-reset": reset }), 7000);
    assert.equal(wait({}), 15 * 60_000);
    assert.equal(wait({ "x-rate-limit-reset": "soon" }), 15 * 60_000);
    const day = linkedin.failureOf(answer(429, { status: 429, message: "m" }), clock);
    assert.equal(day?.kind === "rate_limited" && day.retryAfterMs, 4 * HOUR_MS);
    const notReady = { title: "Bad Request", status: 400, detail: "… recipients not ready", instance: "i" };
    const soon = mailchimp.failureOf(answer(400, notReady, "visible"), clock);
    assert.deepEqual(
      [soon?.kind, soon?.kind === "unavailable" && soon.retryAfterMs, soon?.refused],
      ["unavailable", 2000, true],
    );
  });

  it("only what says that an allowance is used up waits for its renewal, though every answer tells it", () => {
    const headers = { "x-rate-limit-reset": String(clock.now().getTime() / 1000 + 900) };
    for (const [status, body] of [
      [402, { title: "credits", detail: "none left", status: 402, type: "https://api.x.com/2/problems/credits" }],
      [503, undefined],
    ] as const) {
      const failure = x.failureOf(answer(status, body, "none", headers), clock);
      assert.ok(failure && !("retryAfterMs" in failure), JSON.stringify(failure));
    }
  });

  it("an object that is gone is the post's trouble, an account that is gone the connection's", () => {
    const gone = answer(404, { status: 404, message: "m" });
    assert.equal(linkedin.failureOf(gone, clock, { about: "object" })?.kind, "content_rejected");
    assert.equal(linkedin.failureOf(gone, clock)?.kind, "scope_missing");
  });

  it("a guess by status refuses nothing", () => {
    const read = () => ({ codes: ["new"] });
    const table = failureTable({
      name: "P",
      read,
      codes: {},
      statuses: { 401: { kind: "auth_expired", guess: true } },
    });
    const failure = table.failureOf(answer(401, {}, "invisible"), clock);
    assert.deepEqual([failure?.kind, failure?.refused], ["auth_expired", undefined]);
  });

  it("what a platform says of a token is never passed on", () => {
    const table = failureTable({
      name: "P",
      read: () => ({ codes: ["bad"], words: "bad token PLANTED" }),
      codes: { bad: { kind: "auth_revoked", say: "Sign in again." } },
    });
    assert.ok(!JSON.stringify(table.failureOf(answer(400, {}), clock)).includes("PLANTED"));
  });

  it("keeps no token and no signed address of the platform's words", () => {
    const token = "AQ".repeat(40);
    const message = `token ${token} at https://media.example/p.jpg?sig=abc refused`;
    const failure = linkedin.failureOf(answer(422, { status: 422, message }), clock);
    assert.equal(failure?.message, "token […] at https://media.example/p.jpg refused");
  });

  it("keeps no token that stands in the place of a code", () => {
    const token = "AQ".repeat(40);
    for (const status of [400, 429, 500]) {
      const failure = linkedin.failureOf(answer(status, { status, code: token }), clock);
      assert.ok(failure && !JSON.stringify(failure).includes("AQAQ"), JSON.stringify(failure));
    }
  });
});
