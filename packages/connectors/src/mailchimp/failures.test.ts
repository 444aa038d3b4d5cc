import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect, HttpResponse } from "@postd/connector-kit";
import { describeDocumentedErrors } from "@postd/connector-kit/conformance";
import { failures } from "./failures.ts";
import { documentedErrors } from "./simulator/documented-errors.ts";

const clock = { now: () => new Date("2026-11-26T12:00:00Z") };

/** Words under a 5xx may come after the effect, so of a changing call they leave open what was done, whatever they say. */
const rows = documentedErrors.map((row) =>
  row.status < 500 ? row : ({ ...row, who: "transient", whoOnRead: row.whoOnRead ?? row.who } as const),
);

describeDocumentedErrors("mailchimp", rows, (res) => failures.failureOf(res, clock));

const told = (status: number, json: unknown, effect: Effect = "visible") => {
  const res: HttpResponse = { status, headers: {}, text: JSON.stringify(json) ?? "", json, effect };
  return failures.failureOf(res, clock);
};

test("titles may be translated: the status and the words tell what it is", () => {
  const counting = {
    title: "Ungültige Anfrage",
    status: 400,
    detail: "Your Campaign is not ready to send. recipients not ready",
  };
  assert.deepEqual([told(400, counting)?.kind, told(400, counting)?.refused], ["unavailable", true]);
  const dead = {
    title: "API-Schlüssel ungültig",
    status: 401,
    detail: "You've attempted to access the wrong datacenter.",
  };
  assert.equal(told(401, dead)?.kind, "auth_expired", "the same words stand for a dead key");
});

test("a 403 without Mailchimp's own words is a wait, and one with them is not", () => {
  assert.equal(told(403, undefined, "none")?.kind, "rate_limited");
  assert.equal(told(403, undefined)?.kind, "outcome_unknown", "of an order to send it proves nothing");
  assert.equal(told(403, { title: "Forbidden", status: 403, detail: "No." })?.kind, "account_blocked");
});

test("a field Mailchimp blames is named as the post has it", () => {
  const errors = [{ field: "settings.reply_to", message: "Enter a valid email address." }];
  const failure = told(400, { title: "Invalid Resource", status: 400, detail: "See errors.", errors });
  assert.ok(failure?.kind === "content_rejected" && failure.field === "options.replyTo", JSON.stringify(failure));
  assert.match(failure.message, /Enter a valid email address/);
});
