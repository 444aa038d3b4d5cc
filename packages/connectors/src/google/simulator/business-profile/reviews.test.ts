import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apis, day, minute, setUp, v4Error } from "../client-harness.ts";
import { policyViolations } from "../documented-errors.ts";

function reviewing(kind = "location") {
  const all = setUp({ kind });
  const reviews = `${apis.v4}/${all.location}/reviews`;
  const add = async (more: Record<string, string | number | boolean> = {}) => {
    const made = await all.act("addReview", { location: all.location, ...more });
    return (made as { reviewId: string }).reviewId;
  };
  const list = async (query = "") => (await all.get(`${reviews}${query}`)).json;
  const one = async (id: string) => (await all.get(`${reviews}/${id}`)).json;
  const reply = (id: string, comment: string) => all.send("PUT", `${reviews}/${id}/reply`, { comment });
  return { ...all, reviews, add, list, one, reply };
}

describe("reviews", () => {
  it("are listed newest first or by stars, by pages of at most 50, with their average", async () => {
    const { add, list, advance } = reviewing();
    assert.deepEqual(await list(), {});
    for (let nth = 0; nth < 52; nth += 1) {
      await add({ stars: nth === 7 ? 1 : 5, comment: nth === 3 ? "" : `Review ${nth}` });
      advance(1000);
    }
    const first = await list("?pageSize=200");
    assert.deepEqual([first.reviews.length, first.reviews[0].comment, first.totalReviewCount], [50, "Review 51", 52]);
    assert.ok(Math.abs(first.averageRating - (51 * 5 + 1) / 52) < 1e-9);
    const rest = await list(`?pageToken=${first.nextPageToken}`);
    assert.deepEqual([rest.reviews.length, rest.nextPageToken], [2, undefined]);
    const worst = (await list("?orderBy=rating&pageSize=1")).reviews[0];
    assert.deepEqual([worst.starRating, worst.comment, worst.reviewReply], ["ONE", "Review 7", undefined]);
    assert.equal((await list("?orderBy=name")).error.code, 400);
  });

  it("say nothing where somebody gave stars alone, and who wrote only where it is told", async () => {
    const { add, one } = reviewing();
    const seen = await one(await add({ isAnonymous: true }));
    assert.equal("comment" in seen, false);
    assert.deepEqual(seen.reviewer, { displayName: "A Google user", isAnonymous: true });
  });
});

describe("a reply", () => {
  it("is looked at before anybody sees it, replaces the one before, and is deleted once", async () => {
    const { add, reply, one, advance, simulator, send, reviews } = reviewing();
    const id = await add({ comment: "Nice" });
    const { status, json } = await reply(id, "Thanks");
    assert.deepEqual([status, json.reviewReplyState], [200, "PENDING"]);
    assert.equal(simulator.posts().length, 0);
    advance(minute);
    assert.equal((await one(id)).reviewReply.reviewReplyState, "APPROVED");
    await reply(id, "Thank you");
    advance(minute);
    assert.deepEqual(
      simulator.posts().map(({ text, kind }) => [text, kind]),
      [["Thank you", "reply"]],
    );
    assert.equal((await send("DELETE", `${reviews}/${id}/reply`)).status, 200);
    assert.equal((await send("DELETE", `${reviews}/${id}/reply`)).status, 404);
    assert.equal((await one(id)).reviewReply, undefined);
  });

  it("is refused with any of the documented violations, under either name of its state", async () => {
    const { add, reply, one, later, act, simulator } = reviewing();
    const id = await add();
    for (const policyViolation of Object.keys(policyViolations)) {
      await act("refuseReply", { policyViolation });
      await reply(id, "Buy more");
      await later(minute);
      const seen = (await one(id)).reviewReply;
      assert.deepEqual([seen.reviewReplyState, seen.policyViolation], ["REJECTED", policyViolation]);
    }
    await act("set", { replyStateKey: "state" });
    assert.equal((await one(id)).reviewReply.state, "REJECTED");
    assert.equal(simulator.posts().length, 0);
  });

  it("may be taken down or vanish days later", async () => {
    const { add, reply, one, later, act } = reviewing();
    const [first, second] = [await add(), await add()];
    for (const id of [first, second]) await reply(id, "Thanks");
    await later(2 * day);
    await act("refuseReply", { policyViolation: "OFF_TOPIC", review: first });
    await act("dropReply", { review: second });
    assert.equal((await one(first)).reviewReply.reviewReplyState, "REJECTED");
    assert.equal((await one(second)).reviewReply, undefined);
  });

  it("has 4096 bytes at most, not characters, and needs a verified profile and a review that is there", async () => {
    const { add, reply } = reviewing();
    const id = await add();
    assert.equal((await reply(id, "é".repeat(2048))).status, 200);
    assert.equal(v4Error(await reply(id, `${"é".repeat(2048)}!`)), "400 3 comment");
    assert.equal(v4Error(await reply(id, "")), "400 2 comment");
    assert.equal((await reply("nobodys", "Hi")).status, 404);
    const unverified = reviewing("unverified");
    assert.equal(v4Error(await unverified.reply(await unverified.add(), "Hi")), "400 1301 location");
  });
});
