import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpResponse } from "@postd/connector-kit";
import type { FaultInput } from "@postd/connector-kit/simulator";
import type { JsonObject } from "@postd/contracts";
import { answer, picture, setUp } from "./connect-harness.ts";
import type { PostState } from "./media.ts";

const problem = (type: string, detail = "See type.", more: JsonObject = {}): JsonObject => ({
  ...{ title: "Error", type: type === "about:blank" ? type : `https://api.x.com/2/problems/${type}`, detail, ...more },
});
const page: HttpResponse = { ...answer(200, {}), text: "<html>busy</html>", json: undefined };
/** Answers X gives in place of what was asked for: nothing was done. */
const refusals: Readonly<Record<string, JsonObject>> = {
  "no credits": { status: 402, body: problem("credits", "Your enrolled account does not have any credits") },
  "a limit with odd headers": {
    ...{ status: 429, body: problem("about:blank", "Too Many Requests") },
    headers: { "retry-after": "-5", "x-rate-limit-reset": "never", "x-user-limit-24hour-remaining": "00" },
  },
  "a day's limit": { status: 429, body: {}, headers: { "x-user-limit-24hour-remaining": "0", "retry-after": "1" } },
  "a token that has ended": { status: 401, body: problem("about:blank", "Unauthorized") },
  "a parent nobody sees": {
    status: 403,
    body: problem("about:blank", "You attempted to reply to a Tweet that is deleted or not visible to you."),
  },
  "files nobody knows": { status: 400, body: problem("invalid-request", "Your media IDs are invalid.") },
  "no such thing": { status: 404, body: problem("resource-not-found") },
  "not permitted": { status: 403, body: problem("about:blank", "You are not permitted to perform this action.") },
  "a page with 403": { status: 403, body: "<html>" },
  "a page with 404": { status: 404, body: "<html>" },
  "an error of X's own": { status: 500, body: problem("internal-error") },
};
/** What stands in the place of a right answer: it was done. */
const garbage: Readonly<Record<string, HttpResponse>> = {
  "a page": page,
  "an empty object": answer(200, {}),
  "null for data": answer(201, { data: null }),
  "no name": answer(201, { data: { edit_history_tweet_ids: [""] } }),
  "errors alone": answer(200, { errors: [problem("internal-error")] }),
  "a long body": answer(201, { data: { text: "x".repeat(2_000_000) } }),
};
const lines: readonly FaultInput[] = [
  ...(["before", "after"] as const).flatMap((at) => [
    { fault: "drop" as const, at },
    { fault: "replace" as const, at },
  ]),
  { fault: "slowProcessing" },
  { fault: "hideFromLists" },
];

const post = {
  ...{ format: "images", text: "One", media: [{ ...picture.info, altText: "A field" }] },
  parts: [{ text: "Two" }, { text: "Three" }],
};
const [wanted, calls] = [["One", "Two", "Three"], 12];

/** One thread with one thing going wrong at the nth call; says what must hold whatever that is. */
async function thread(what: string, nth: number, meddle: { readonly fault?: FaultInput; readonly res?: HttpResponse }) {
  const { publish, world, live } = await setUp();
  if (meddle.fault) world.sim.arm({ ...meddle.fault, skip: nth });
  let seen = -1;
  const tamper = (res: HttpResponse): HttpResponse => {
    seen += 1;
    return meddle.res && seen === nth ? { ...meddle.res, effect: res.effect } : res;
  };
  const told = await publish(post, { tamper });
  const { posts = [] } = told.state as Partial<PostState>;
  const where = `${what} at call ${nth}: ${told.end} ${JSON.stringify([told.failure, posts, live().map(({ id }) => id)])}`;
  const texts = live().map(({ text }) => text);
  assert.equal(new Set(texts).size, texts.length, `posted twice, ${where}`);
  if (told.end === "published") assert.deepEqual(texts, wanted, where);
  // Only where a person is asked may there be one more than is known.
  const unknown = texts.length - posts.length;
  assert.ok(told.end === "asks_person" ? unknown === 0 || unknown === 1 : unknown === 0, where);
  assert.deepEqual(
    posts,
    live()
      .slice(0, posts.length)
      .map(({ id }) => id),
    where,
  );
  for (const secret of world.secrets) assert.ok(!world.seen.some((line) => line.includes(secret)), where);
  return told;
}

for (const [what, refusal] of Object.entries(refusals))
  test(`a thread goes on or stops truthfully after ${what}, whichever call it answers`, async () => {
    for (let nth = 0; nth < calls; nth += 1) await thread(what, nth, { fault: { fault: "platformError", ...refusal } });
  });
for (const [what, res] of Object.entries(garbage))
  test(`a thread goes on or asks after ${what} in place of the answer, whichever that is`, async () => {
    for (let nth = 0; nth < calls; nth += 1) await thread(what, nth, { res });
  });
for (const fault of lines)
  test(`a thread goes on or asks after ${Object.values(fault).join(" ")}, whichever call it hits`, async () => {
    for (let nth = 0; nth < calls; nth += 1) await thread(Object.values(fault).join(" "), nth, { fault });
  });
