import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

const day = 24 * 60 * 60_000;

describe("numbers of posts and accounts", () => {
  let system: System;
  let ida: ApiSession;
  let account: Awaited<ReturnType<typeof connectBluesky>>;

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    account = await connectBluesky(system, ida);
  });
  after(() => system?.close());

  /** A post the account's owner makes in another program. */
  async function postElsewhere(text: string): Promise<string> {
    const res = await fetch(`${system.simulatorUrl}/bsky.social/xrpc/com.atproto.repo.createRecord`, {
      method: "POST",
      headers: { authorization: `Bearer ${account.accessToken}`, "content-type": "application/json" },
      body: JSON.stringify({
        repo: account.account,
        collection: "app.bsky.feed.post",
        record: { $type: "app.bsky.feed.post", text, createdAt: system.clock.now().toISOString() },
      }),
    });
    assert.equal(res.status, 200);
    return ((await res.json()) as { readonly uri: string }).uri;
  }

  async function publish(content: string): Promise<{ readonly uri: string; readonly postId: string }> {
    const { id } = await ida.must("POST", "/api/publish", { connectionId: account.id, payload: { content } });
    await system.settle();
    const job = await ida.must("GET", `/api/publish/${id}`);
    assert.equal(job.state, "published");
    return { uri: job.externalPostId, postId: job.postId };
  }

  /** Asks for the numbers and comes back when a worker has read them. */
  async function readNow(id = account.id): Promise<void> {
    const readAt = async () =>
      (
        await system.query<{ at: string | null }>(
          "select read_at::text as at from number_readings where connection_id = $1",
          [id],
        )
      )[0]?.at ?? undefined;
    const before = await readAt();
    // What was read just now is not read again at once.
    await system.clock.advance(60_000);
    await ida.must("POST", `/api/connections/${id}/numbers`, {});
    const deadline = performance.now() + 30_000;
    for (;;) {
      if ((await readAt()) !== before) return;
      assert.ok(performance.now() < deadline, "no worker read the numbers");
      await delay(100);
    }
  }
  const engage = (uri: string, counts: object) => system.sim("POST", "bluesky/act", { action: "engage", uri, counts });
  const likes = (view: { metrics: { name: string; value: number }[] }) =>
    view.metrics.find(({ name }) => name === "likes")?.value;

  it("are told with their age, and a post made elsewhere is read, marked and counted", async () => {
    const ours = await publish("Made here");
    const theirs = await postElsewhere("Made elsewhere");
    await engage(ours.uri, { likeCount: 7 });
    await engage(theirs, { likeCount: 5 });
    const before = await ida.must("GET", `/api/analytics/${ours.postId}`);
    assert.deepEqual([before.targets[0].metrics, before.targets[0].missing], [[], "Not read yet."]);
    await readNow();

    const { items } = await ida.must("GET", `/api/connections/${account.id}/posts`);
    const shown = items.map((item: { text: string; madeElsewhere: boolean }) => [item.text, item.madeElsewhere]);
    assert.deepEqual(shown.sort(), [
      ["Made elsewhere", true],
      ["Made here", false],
    ]);
    const elsewhere = await ida.must("GET", `/api/connections/${account.id}/posts?madeElsewhere=true`);
    assert.deepEqual(elsewhere.items.map(likes), [5]);
    assert.equal(elsewhere.items[0].postId, undefined);

    const [target] = (await ida.must("GET", `/api/analytics/${ours.postId}`)).targets;
    assert.equal(likes(target), 7);
    assert.ok(target.readAt && target.delayMs > 0);
    assert.deepEqual(target.metrics.find(({ name }: { name: string }) => name === "likes").platformName, "likeCount");

    const likesOf = async (query: string) => {
      const { rows } = await ida.must("GET", `/api/analytics?${query}`);
      return rows.map(
        (row: { posts: number; numbers: { name: string; of: string; value: number; posts: number }[] }) => {
          const number = row.numbers.find(({ name, of }) => name === "likes" && of === "posts");
          return [row.posts, number?.value, number?.posts];
        },
      );
    };
    assert.deepEqual(await likesOf("madeElsewhere=false"), [[1, 7, 1]]);
    assert.deepEqual(await likesOf("madeElsewhere=true"), [[1, 5, 1]]);
    assert.deepEqual(await likesOf("by=platform"), [[2, 12, 2]]);
    const { rows: accounts } = await ida.must("GET", "/api/analytics?by=account");
    const posts = accounts[0].numbers.find(
      ({ name, of }: { name: string; of: string }) => name === "posts" && of === "accounts",
    );
    // One reading tells how many there are, and not by how much they grew.
    assert.deepEqual(
      [posts.value, posts.last > 0, posts.missing],
      [null, true, "There is one reading only, and none before it."],
    );
  });

  it("keep every reading, and the newest is the one that counts", async () => {
    const { uri, postId } = await publish("Read twice");
    await engage(uri, { likeCount: 1 });
    await readNow();
    await system.clock.advance(day);
    await engage(uri, { likeCount: 3 });
    await readNow();
    const [target] = (await ida.must("GET", `/api/analytics/${postId}`)).targets;
    assert.deepEqual([likes(target), target.history.map(likes)], [3, [1, 3]]);
  });

  it("say why there are none, and hold nothing up", async () => {
    await system.sim("POST", "bluesky/faults", {
      fault: "platformError",
      status: 503,
      error: "UpstreamFailure",
      message: "The index is away.",
      times: "always",
      match: { path: "listRecords|getPosts|getProfile" },
    });
    await system.clock.advance(60_000);
    await ida.must("POST", `/api/connections/${account.id}/numbers`, {});
    const deadline = performance.now() + 30_000;
    for (;;) {
      const { rows } = await ida.must("GET", "/api/analytics?by=account");
      if (rows[0].missing && rows[0].missing !== "Not read yet.") break;
      assert.ok(performance.now() < deadline, JSON.stringify(rows));
      await delay(100);
    }
    await system.sim("DELETE", "bluesky/faults");
    const { status } = await ida.must("GET", `/api/connections/${account.id}`);
    assert.equal(status, "healthy");
    await publish("All the same");
  });
});
