import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect } from "@postd/connector-kit";
import { failures } from "./failures.ts";

const clock = { now: () => new Date("2026-11-26T14:00:00Z") };

function told(status: number, body: unknown, effect: Effect = "visible", about?: "account" | "object") {
  const res = { status, headers: { "x-li-uuid": "AAY1" }, text: JSON.stringify(body), json: body, effect };
  return failures.failureOf(res, clock, about ? { about } : {});
}

test("a retired version is the operator's trouble: no post fails and nobody signs in again", () => {
  const failure = told(426, {
    status: 426,
    code: "NONEXISTENT_VERSION",
    message: "Requested version 20250101 is not active",
  });
  assert.equal(failure?.kind, "operator_must_act");
  assert.equal(failure?.refused, true);
  assert.equal(
    told(426, "<html>")?.kind,
    "outcome_unknown",
    "a body nobody documents proves nothing after a visible call",
  );
  assert.equal(told(426, "<html>", "none")?.kind, "operator_must_act");
});

test("a duplicate is refused as such, whatever status and case it comes with", () => {
  const body = {
    status: 422,
    errorDetailType: "com.linkedin.common.error.BadRequest",
    message:
      "com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of urn:li:share:7012",
    errorDetails: { inputErrors: [{ code: "DUPLICATE_POST", description: "Duplicate post is detected" }] },
  };
  for (const status of [422, 400, 409]) {
    const failure = told(status, { ...body, status });
    assert.ok(failure?.kind === "content_rejected");
    assert.equal(failure.reason, "duplicate");
    assert.equal(failure.refused, true);
  }
});

test("the app's product, the account's right and a restricted member are three things", () => {
  const denied = (name: string) =>
    told(403, { status: 403, code: "ACCESS_DENIED", message: `Not enough permissions to access: ${name}` });
  assert.equal(denied("partnerApiPostsExternal.CREATE.20260601")?.kind, "operator_must_act");
  assert.equal(denied("posts.CREATE")?.kind, "scope_missing");
  assert.equal(
    told(401, { status: 401, serviceErrorCode: 65608, message: "Member is restricted" })?.kind,
    "account_blocked",
  );
  assert.equal(
    told(401, { status: 401, serviceErrorCode: 65602, message: "The token used in the request has expired" })?.kind,
    "auth_expired",
  );
  assert.equal(
    told(400, { status: 400, message: "Organization permissions must be used when using organization as author" })
      ?.kind,
    "scope_missing",
  );
});

test("LI-12: a day's allowance waits until midnight in UTC, as LinkedIn names no time", () => {
  const failure = told(429, {
    status: 429,
    message: "Resource level throttle limit for calls to this resource is reached.",
  });
  assert.ok(failure?.kind === "rate_limited");
  assert.equal(failure.retryAfterMs, 10 * 3_600_000);
  assert.equal(failure.quota, true);
});

test("only the day's allowance waits for the next day: what LinkedIn works on, or is down with, is asked again soon", () => {
  const waitOf = (status: number, code: string) => {
    const failure = told(status, { status, code, message: "Not now" }, "none");
    return failure && "retryAfterMs" in failure ? failure.retryAfterMs : undefined;
  };
  assert.deepEqual(
    [
      waitOf(400, "MEDIA_ASSET_WAITING_UPLOAD"),
      waitOf(409, "CONFLICT"),
      waitOf(500, ""),
      waitOf(426, "NONEXISTENT_VERSION"),
    ],
    [5_000, 3_000, undefined, undefined],
  );
});

test("a token just given that is called withdrawn is tried again after five seconds", () => {
  const failure = told(401, { status: 401, serviceErrorCode: 65601, message: "revoked by the user" });
  assert.deepEqual(
    [failure?.kind, failure && "retryAfterMs" in failure && failure.retryAfterMs],
    ["auth_expired", 5_000],
  );
});

test("a server error on creating a post leaves open whether it is live; a read is repeated", () => {
  assert.equal(told(500, { status: 500, message: "Internal error" })?.kind, "outcome_unknown");
  assert.equal(told(503, undefined, "none")?.kind, "unavailable");
});

test("an object that is gone is the post's trouble, an account that is gone the connection's", () => {
  assert.equal(told(404, { status: 404, message: "Not found" }, "none", "object")?.kind, "content_rejected");
  assert.equal(told(404, { status: 404, message: "Not found" }, "none", "account")?.kind, "scope_missing");
});

test("a text that is too long is named by its place in the post, not always as the text", () => {
  const fieldAt = (path: unknown, wrapped = false) => {
    const code = "FIELD_LENGTH_TOO_LONG";
    const input = wrapped ? { input: { inputPath: path } } : { inputPath: path };
    const failure = told(400, {
      status: 400,
      message: "Too long",
      code,
      errorDetails: { inputErrors: [{ code, ...input }] },
    });
    return failure?.kind === "content_rejected" ? failure.field : failure?.kind;
  };
  for (const [path, field] of [
    ["/commentary", "text"],
    ["/content/article/title", "link.title"],
    ["/content/article/description", "link.description"],
    ["/content/article/thumbnailAltText", "options.thumbnailAltText"],
    ["/content/media/title", "options.title"],
    ["/content/media/altText", "media.0.altText"],
    ["/content/multiImage/images/1/altText", "media.1.altText"],
    ["/content/poll/options/1/text", "options.poll"],
  ] as const) {
    assert.equal(fieldAt({ fieldPath: path }), field);
    assert.equal(fieldAt(path, true), field);
  }
  assert.equal(fieldAt(undefined), "text", "what LinkedIn does not say is the text");
});
