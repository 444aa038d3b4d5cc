import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPost, type HttpResponse } from "@postd/connector-kit";
import type { RunFormatOptions } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";
import { setUp } from "./connect-harness.ts";
import { businessProfile } from "./platform.ts";
import { refusalOf, stateOf } from "./reviews.ts";

async function reviewed() {
  const { world, connected, location, act, publish, calls } = await setUp();
  const addReview = async (about: JsonObject = {}) => {
    const { reviewId } = (await act("addReview", { location, ...about })) as { reviewId: string };
    return `${connected.account.externalId}/reviews/${reviewId}`;
  };
  const list = async (cursor?: string) => {
    const told = await businessProfile.inbox?.list(cursor ? { cursor } : {}, world.context(connected, "none"));
    assert.ok(told?.ok, JSON.stringify(told));
    return told.value;
  };
  const reply = (destination: string, more: Partial<RunFormatOptions> = {}, text = "Thank you!") =>
    publish({ format: "reply", text, media: [], destination }, more);
  const puts = () => calls("PUT", /reply$/);
  return { world, connected, act, addReview, list, reply, puts };
}

test("reviews are listed newest first, page by page, with stars as numbers and no name of who gave none", async () => {
  const { world, addReview, list } = await reviewed();
  for (let count = 0; count < 60; count += 1) {
    await addReview({});
    world.advance(1_000);
  }
  const first = await list();
  const second = await list(first.cursor);
  const all = [...first.entries, ...second.entries];
  assert.deepEqual([first.entries.length, all.length, second.cursor], [50, 60, undefined]);
  assert.equal(new Set(all.map(({ externalId }) => externalId)).size, 60);
  const times = all.map(({ createdAt }) => createdAt.getTime());
  assert.deepEqual(
    times,
    times.toSorted((a, b) => b - a),
  );
  for (const { kind, rating, answer } of all) {
    assert.deepEqual([kind, answer], ["review", undefined]);
    assert.ok(rating !== undefined && rating >= 1 && rating <= 5, String(rating));
  }
});

test("an answer is published when Google shows it, and stands beside its review", async () => {
  const { addReview, list, reply, puts } = await reviewed();
  const review = await addReview();
  const told = await reply(review);
  assert.deepEqual([told.end, puts()], ["published", 1]);
  assert.ok(told.published?.externalId.startsWith(`${review}/reply@`), told.published?.externalId);
  const [entry] = (await list()).entries;
  assert.deepEqual([entry?.externalId, entry?.answer?.text, entry?.answer?.state], [review, "Thank you!", "live"]);
});

test("another answer takes the first one's place", async () => {
  const { addReview, list, reply } = await reviewed();
  const review = await addReview();
  const first = await reply(review);
  const second = await reply(review, {}, "Thanks again");
  assert.deepEqual([first.end, second.end], ["published", "published"]);
  assert.notEqual(first.published?.externalId, second.published?.externalId, "two jobs, of which each has its own");
  assert.equal((await list()).entries[0]?.answer?.text, "Thanks again");
});

test("a lost answer to an answer is made again or found, and stands there once", async () => {
  for (const when of ["before", "after"] as const) {
    const { addReview, list, reply } = await reviewed();
    const review = await addReview();
    const meddle = (run: number) => (run === 0 ? ({ kind: "cut", when } as const) : undefined);
    const told = await reply(review, { meddle });
    assert.equal(told.end, "published", JSON.stringify(told.trace));
    assert.equal((await list()).entries[0]?.answer?.text, "Thank you!");
  }
});

test("what Google does not show is told with its reason: the words, or the profile", async () => {
  for (const [policyViolation, kind, says] of [
    ["ADVERTISING_AND_SOLICITATION", "content_rejected", /advertising and solicitation/],
    ["SOMETHING_NEW", "content_rejected", /something new/],
    ["LOCATION_SUSPENDED", "account_blocked", /because of the profile: location suspended/],
  ] as const) {
    const { act, addReview, list, reply } = await reviewed();
    const review = await addReview();
    await act("refuseReply", { policyViolation });
    const told = await reply(review, { onFailure: "stop" });
    assert.deepEqual([told.failure?.kind, told.published], [kind, undefined], JSON.stringify(told.failure));
    assert.match(told.failure?.message ?? "", says);
    const { answer } = (await list()).entries[0] ?? {};
    assert.equal(answer?.state, "refused");
    assert.match(answer?.reason ?? "", says);
  }
});

test("where Google failed at looking the answer is put once more, and no more than that", async () => {
  const { act, addReview, reply, puts } = await reviewed();
  const review = await addReview();
  await act("refuseReply", { policyViolation: "MODERATION_ERROR" });
  const told = await reply(review);
  assert.ok(told.end === "published" || told.end === "failed", told.end);
  assert.equal(puts(), 2);
});

test("an answer that waits is not live; either name of its state is read, and none is one of before there were any", async () => {
  const { act, addReview, list, reply } = await reviewed();
  const review = await addReview();
  await act("set", { replyStateKey: "state" });
  await reply(review, { onFailure: "stop" });
  assert.equal((await list()).entries[0]?.answer?.state, "live");
  assert.deepEqual(
    ["PENDING", "APPROVED", "REJECTED", "", "NEW_WORD"].map((state) => stateOf({ state })),
    ["waiting", "live", "refused", "live", "waiting"],
  );
  assert.match(refusalOf({ violation: undefined }).message, /gives no reason/);
});

test("an answer that shows up with Google's translation is still the one that was put", async () => {
  const { addReview, reply, puts } = await reviewed();
  const told = await reply(await addReview(), {
    tamper: (answer) => {
      const text = answer.text.replace(
        '"comment":"Thank you!"',
        '"comment":"(Translated by Google) Tak!\\n\\n(Original)\\nThank you!"',
      );
      return { ...answer, text, json: JSON.parse(text) };
    },
  });
  assert.deepEqual([told.end, puts()], ["published", 1], JSON.stringify(told.trace));
});

test("an answer in whose place another was put is told so, and not waited for a day", async () => {
  const { world, connected, addReview, reply, puts } = await reviewed();
  const review = await addReview();
  const meddle = (run: number) => {
    if (run !== 1) return undefined;
    world.advance(1_000);
    const put = businessProfile.inbox?.reply?.steps[0];
    const post = { format: "reply", text: "Another hand's", media: [], options: {}, destination: review };
    void put?.run({ post, state: { failedLooks: 0 }, prepared: null }, world.context(connected, "visible"));
    return undefined;
  };
  const told = await reply(review, { meddle });
  assert.ok(told.failure?.kind === "content_rejected" && told.failure.reason === "replaced", JSON.stringify(told));
  assert.deepEqual([told.end, told.published, puts()], ["failed", undefined, 2]);
});

test("an answer takes 4,096 bytes, however many characters that is", () => {
  const reply = businessProfile.inbox?.reply;
  assert.ok(reply);
  const platform = { ...businessProfile, publishing: { ...businessProfile.publishing, formats: { reply } } };
  const account = { externalId: "locations/2", kind: "location", authKind: "", name: "Ida", extras: {} };
  const codes = (text: string) =>
    checkPost(platform, { format: "reply", text, media: [], options: {} }, account).map(({ code }) => code);
  assert.deepEqual(codes("x".repeat(4_096)), []);
  assert.deepEqual(codes("x".repeat(4_097)), ["text_too_long", "text_too_large"]);
  assert.deepEqual(codes("é".repeat(2_048)), []);
  assert.deepEqual(codes(`${"é".repeat(2_048)}x`), ["text_too_large"]);
});

test("an answer that is taken without a word on whether it is shown is read again, and counts once it stands there", async () => {
  const { world, addReview, reply } = await reviewed();
  const review = await addReview();
  const wordless = (answer: HttpResponse) => {
    const text = answer.text.replace(/,"reviewReplyState":"[A-Z]+"/, "");
    return { ...answer, text, json: JSON.parse(text) };
  };
  const told = await reply(review, { tamper: wordless });
  const methods = world.sim.requests().map(({ method }) => method);
  assert.deepEqual([told.end, methods.slice(-2)], ["published", ["PUT", "GET"]]);
});

test("a review that is taken away takes the answer with it, and nobody puts it again", async () => {
  const { act, addReview, reply, puts } = await reviewed();
  const review = await addReview();
  const waiting = (answer: HttpResponse) => {
    if (answer.effect !== "visible") return answer;
    const text = answer.text.replace("APPROVED", "PENDING");
    return { ...answer, text, json: JSON.parse(text) };
  };
  const id = review.split("/").at(-1) ?? "";
  const meddle = (run: number) => {
    if (run === 1) void act("removeReview", { review: id });
    return undefined;
  };
  const told = await reply(review, { tamper: waiting, meddle });
  assert.deepEqual([told.end, told.published, puts()], ["failed", undefined, 1], JSON.stringify(told.trace));
  assert.equal(told.failure?.kind, "content_rejected");
});

test("a review of another location is not answered, and no request leaves", async () => {
  const { reply, puts } = await reviewed();
  const told = await reply("locations/1/reviews/2");
  assert.ok(told.failure?.kind === "content_rejected" && told.failure.field === "destination");
  assert.deepEqual([told.end, puts()], ["failed", 0]);
});

test("a review of unknown shape is left out and spoils no other", async () => {
  const { world, connected, addReview } = await reviewed();
  await addReview();
  const tamper = (answer: HttpResponse) => {
    const json = {
      ...(answer.json as object),
      reviews: [{ surprise: true }, ...(answer.json as { reviews: object[] }).reviews],
    };
    return { ...answer, json, text: JSON.stringify(json) };
  };
  const told = await businessProfile.inbox?.list({}, world.context(connected, "none", { effectCalls: 0, tamper }));
  assert.ok(told?.ok && told.value.entries.length === 1, JSON.stringify(told));
});
