import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

let system: System;
before(async () => {
  system = await startSystem();
});
after(() => system?.close());

/** The wish has ended and the account is disconnected; the domain's time goes on meanwhile. */
async function ends(session: ApiSession, connectionId: string, jobId: string): Promise<void> {
  const deadline = performance.now() + 25_000;
  for (;;) {
    await system.settle();
    const { disconnectedAt } = await session.must("GET", `/api/connections/${connectionId}`);
    const { wish } = await session.must("GET", `/api/publish/${jobId}`);
    if (disconnectedAt && !wish) return;
    assert.ok(performance.now() < deadline, `${disconnectedAt} ${JSON.stringify(wish)}`);
    await system.clock.advance(5_000);
    await delay(100);
  }
}

test("a live post somebody wants taken down is taken down before its account is disconnected", async () => {
  const session = await system.signUp();
  const { id, account } = await connectBluesky(system, session);
  const job = await session.must("POST", "/api/publish", { connectionId: id, payload: { content: "Stale bread" } });
  await system.settle();
  // The platform does not answer the first tries, so the wish outlives the request to disconnect.
  const fault = { fault: "replace", at: "before", status: 503, times: 2, match: { path: "deleteRecord", account } };
  await system.sim("POST", "bluesky/faults", fault);
  const asked = await session.call("POST", `/api/jobs/${job.id}/remove`);
  const ended = await session.call("DELETE", `/api/connections/${id}`);
  assert.deepEqual([asked.status, ended.status], [202, 202], JSON.stringify(ended.body));
  await ends(session, id, job.id);
  const { state, wishOutcome } = await session.must("GET", `/api/publish/${job.id}`);
  const { posts } = await system.sim("GET", "bluesky/posts");
  assert.deepEqual([state, wishOutcome.outcome, posts], ["removed", "done", []]);
  assert.ok((await session.must("GET", `/api/connections/${id}`)).disconnectedAt);
});

test("a platform that never answers does not keep an account connected: after a minute it is, and the wish says how it ended", async () => {
  const session = await system.signUp();
  const { id, account } = await connectBluesky(system, session);
  const job = await session.must("POST", "/api/publish", { connectionId: id, payload: { content: "Old bread" } });
  await system.settle();
  const fault = {
    fault: "replace",
    at: "before",
    status: 503,
    times: "always",
    match: { path: "deleteRecord", account },
  };
  await system.sim("POST", "bluesky/faults", fault);
  await session.must("POST", `/api/jobs/${job.id}/remove`);
  await session.must("DELETE", `/api/connections/${id}`);
  await ends(session, id, job.id);
  const { state, wishOutcome } = await session.must("GET", `/api/publish/${job.id}`);
  assert.deepEqual([state, wishOutcome?.outcome], ["published", "failed"]);
  assert.ok((await session.must("GET", `/api/connections/${id}`)).disconnectedAt);
});

test("a thread whose first post is gone is removed only when its other posts are", async () => {
  const session = await system.signUp();
  const { id, account, accessToken } = await connectBluesky(system, session);
  const thread = { content: "Bread one", options: { replies: ["Bread two"] } };
  const job = await session.must("POST", "/api/publish", { connectionId: id, payload: thread });
  await system.settle();
  const { externalPostId } = await session.must("GET", `/api/publish/${job.id}`);
  // Its owner deletes the first post in the app.
  const gone = await fetch(`${system.simulatorUrl}/bsky.social/xrpc/com.atproto.repo.deleteRecord`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ repo: account, collection: "app.bsky.feed.post", rkey: externalPostId.split("/").at(-1) }),
  });
  assert.equal(gone.status, 200);
  const unreadable = { fault: "platformError", status: 200, body: "<html>", times: "always" };
  await system.sim("POST", "bluesky/faults", { ...unreadable, match: { path: "deleteRecord", account } });
  await session.must("POST", `/api/jobs/${job.id}/remove`);
  const deadline = performance.now() + 25_000;
  for (;;) {
    await system.settle();
    const { wish, wishOutcome, state } = await session.must("GET", `/api/publish/${job.id}`);
    if (!wish) {
      assert.deepEqual([state, wishOutcome.outcome], ["partly_published", "partly"]);
      assert.match(
        wishOutcome.message,
        /^Part of it is gone\. Still live: https:\/\/bsky\.app\/profile\/\S+\. Remove it again/,
      );
      break;
    }
    assert.ok(performance.now() < deadline);
    await system.clock.advance(5_000);
  }
  const texts = async () => (await system.sim("GET", "bluesky/posts")).posts.map(({ text }: { text: string }) => text);
  assert.ok((await texts()).includes("Bread two"), "it is live, and nobody says otherwise");
  const again = await session.call("POST", `/api/jobs/${job.id}/retry`);
  assert.equal(again.status, 409, "nothing is left to send, and it is not whole");
  await system.sim("DELETE", "bluesky/faults");
  await session.must("POST", `/api/jobs/${job.id}/remove`);
  await system.settle();
  assert.equal((await session.must("GET", `/api/publish/${job.id}`)).state, "removed");
  assert.ok(!(await texts()).includes("Bread two"));
});
