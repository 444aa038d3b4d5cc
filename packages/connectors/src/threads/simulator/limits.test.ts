import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorOf, setUp } from "./client-harness.ts";

const text = { text: "Hi", auto_publish_text: "true" };

describe("limits of Threads", () => {
  it("counts posts, answers and removals of a day each for itself, and refuses one more", async () => {
    const { create, container, publishId, act, get, remove, advance, publish } = setUp();
    await act("set", { postsPerDay: 2, repliesPerDay: 1, deletesPerDay: 1 });
    const first = (await create(text)).json.id;
    const second = (await create(text)).json.id;
    const answer = { ...text, reply_to_id: first };
    assert.equal((await create(answer)).status, 200, "an answer counts as an answer");
    assert.equal(errorOf(await create(answer)), "9/2207042");
    assert.equal((await remove(first)).status, 200);
    assert.equal(errorOf(await remove(second)), "9/2207042");
    // Making containers is not limited; showing them is.
    const waiting = await container({ text: "Hi" });
    advance(60_000);
    assert.equal(errorOf(await publishId(waiting)), "9/2207042");
    const fields = "quota_usage,config,reply_quota_usage,reply_config,delete_quota_usage,delete_config";
    const { json, headers } = await get("me/threads_publishing_limit", { fields });
    assert.deepEqual(json.data, [
      {
        quota_usage: 2,
        config: { quota_total: 2, quota_duration: 86_400 },
        reply_quota_usage: 1,
        reply_config: { quota_total: 1, quota_duration: 86_400 },
        delete_quota_usage: 1,
        delete_config: { quota_total: 1, quota_duration: 86_400 },
      },
    ]);
    assert.equal(headers["x-app-usage"], undefined);
    advance(86_400_000);
    await publish({ text: "A new day" });
  });

  it("says 250, 1000, 100 and 500, and the usage of the person in its one header", async () => {
    const { get, account, mount } = setUp();
    const fields = "config,reply_config,delete_config,location_search_config";
    const { json, headers } = await get("me/threads_publishing_limit", { fields });
    const [quota] = json.data;
    assert.deepEqual(
      fields.split(",").map((name) => quota[name].quota_total),
      [250, 1_000, 100, 500],
    );
    const usage = JSON.parse(headers["x-business-use-case-usage"] ?? "");
    assert.deepEqual(usage[account.id], [
      { type: "threads", call_count: 4, total_cputime: 2, total_time: 1, estimated_time_to_regain_access: 0 },
    ]);
    mount.arm({ fault: "rateLimited", params: { minutes: 12 } });
    const limited = await get("me");
    assert.deepEqual([limited.status, errorOf(limited)], [403, "4/-"]);
    const told = JSON.parse(limited.headers["x-business-use-case-usage"] ?? "");
    assert.equal(told[account.id][0].estimated_time_to_regain_access, 12);
  });

  it("refuses who is restricted, and answers faults in its own words", async () => {
    const { create, act, account, mount, get, simulator } = setUp();
    await act("setPerson", { person: account.id, restriction: "restricted" });
    assert.equal(errorOf(await create(text)), "10/4279013");
    await act("setPerson", { person: account.id, restriction: "blocked" });
    assert.equal(errorOf(await create(text)), "4/2207051");
    await act("setPerson", { person: account.id, restriction: null });
    mount.arm({ fault: "threadsError", code: 24, subcode: 4279009 });
    assert.equal(errorOf(await create(text)), "24/4279009");
    mount.arm({ fault: "threadsError", named: "THREADS_API__LINK_LIMIT_EXCEEDED" });
    assert.equal((await create(text)).json.error.code, "THREADS_API__LINK_LIMIT_EXCEEDED");
    mount.arm({ fault: "threadsError", flat: 1 });
    assert.equal((await get("me")).json.error_code, 1);
    mount.arm({ fault: "serverError", params: { applied: true } });
    assert.equal((await create(text)).status, 500);
    assert.equal(simulator.posts().length, 1, "the post is live though the answer says nothing");
    mount.arm({ fault: "tokenExpired" });
    assert.equal(errorOf(await get("me")), "190/463");
    const unknown = await get("me/stories");
    assert.match(unknown.json.error.message, /nonexisting field \(stories\)/);
  });
});
