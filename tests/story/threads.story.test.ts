import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";

describe("a profile at Threads", () => {
  let system: System;
  let ida: ApiSession;
  let made: { id: string; handle: string; extra: { personId: string } };
  let connectionId: string;
  let postId: string;

  const act = (action: string, input: object = {}) => system.sim("POST", "threads/act", { action, ...input });
  const posts = async (): Promise<{ id: string; text: string; permalink?: string; media: { sha256: string }[] }[]> =>
    (await system.sim("GET", "threads/posts")).posts;
  const job = (id: string) => ida.must("GET", `/api/publish/${id}`);
  const connection = async () => {
    const { items } = await ida.must("GET", "/api/connections");
    return items.find(({ id }: { id: string }) => id === connectionId);
  };

  async function connect(): Promise<string> {
    const { grantId } = await grantThroughBrowser(ida, "threads", "threads", { person: made.extra.personId });
    const accounts = [{ platform: "threads", externalId: made.id }];
    return (await ida.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
  }

  async function published(payload: object): Promise<string> {
    const { id } = await ida.must("POST", "/api/publish", { connectionId, payload });
    for (let turn = 0; turn < 40 && (await job(id)).state !== "published"; turn += 1) {
      await system.clock.advance(5_000);
      await system.settle();
    }
    assert.equal((await job(id)).state, "published", JSON.stringify(await job(id)));
    return id;
  }

  /** What the platform had to send has arrived and was worked on. */
  async function arrived(): Promise<readonly { type: string; post: string | null; text: string | null }[]> {
    await act("settle");
    await system.settle();
    return system.query(
      "select type, data ->> 'post' as post, data ->> 'text' as text from webhook_events where connection_id = $1 order by id",
      [connectionId],
    );
  }

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    made = await system.sim("POST", "threads/accounts", { name: "Nordlys Bakery" });
    const hook = `${system.url}/api/webhooks/threads`;
    await act("setWebhook", { address: hook });
    await act("setCallbacks", { uninstall: `${hook}?event=deauthorize`, deletion: `${hook}?event=data_deletion` });
    connectionId = await connect();
  });
  after(() => system?.close());

  it("shows a picture with the parts that follow it, each answering the one before", async () => {
    const { id: file, sha256 } = await ida.upload(sampleJpeg({ width: 600, height: 600, seed: 8 }), "bread.jpg");
    const parts = [{ text: "How we knead" }, { text: "How we bake" }];
    const id = await published({ content: "A day here #bread", mediaIds: [file], parts });
    const live = await posts();
    assert.deepEqual(live.map(({ text }) => text.replace("#", "")).toSorted(), [
      "A day here bread",
      "How we bake",
      "How we knead",
    ]);
    const first = live.find(({ media }) => media.length > 0);
    assert.equal(first?.media[0]?.sha256, sha256);
    assert.equal((await job(id)).permalink, first?.permalink);
    postId = first?.id ?? "";
  });

  it("tells of its posts and of what people answer", async () => {
    const before = await arrived();
    assert.ok(
      before.some(({ type, post }) => type === "post.changed" && post === postId),
      JSON.stringify(before),
    );
    await act("reply", { to: postId, text: "Looks good" });
    const after = await arrived();
    assert.ok(
      after.some(({ type, text }) => type === "comment.created" && text === "Looks good"),
      JSON.stringify(after),
    );
  });

  it("says what is live of a thread whose answers ran out midway, goes on in time, and takes all of it down", async () => {
    await act("set", { spreadMs: 0 });
    const before = (await posts()).length;
    await system.sim("POST", "threads/faults", {
      fault: "threadsError",
      code: 9,
      subcode: 2207042,
      skip: 1,
      match: { method: "POST", path: "threads_publish" },
    });
    const payload = { content: "First", parts: [{ text: "Second" }, { text: "Third" }] };
    const { id } = await ida.must("POST", "/api/publish", { connectionId, payload });
    const until = async (state: string, stepMs: number) => {
      for (let turn = 0; turn < 40 && (await job(id)).state !== state; turn += 1) {
        await system.clock.advance(stepMs);
        await system.settle();
      }
      assert.equal((await job(id)).state, state, JSON.stringify(await job(id)));
    };
    await until("partly_published", 2_000);
    const held = await job(id);
    assert.equal((await posts()).length - before, 1);
    assert.match(JSON.stringify(held), /posts, answers and deletions/);
    await until("published", 10 * 60_000);
    assert.equal((await posts()).length - before, 3);
    await ida.call("POST", `/api/jobs/${id}/remove`, {});
    await until("removed", 5_000);
    assert.equal((await posts()).length, before);
  });

  it("asks to connect again once the person has removed the app, and posts again after that", async () => {
    await act("removeApp", { person: made.extra.personId });
    await arrived();
    assert.notEqual((await connection())?.status, "active", JSON.stringify(await connection()));
    assert.equal(await connect(), connectionId);
    await published({ content: "Back again" });
  });

  it("forgets the person once they ask Meta to have their data deleted", async () => {
    await act("askDeletion", { person: made.extra.personId });
    await arrived();
    const rows = await system.query<{ row: string }>("select c::text as row from connections as c where id = $1", [
      connectionId,
    ]);
    assert.ok(
      rows.every(({ row }) => !row.includes(made.handle)),
      JSON.stringify(rows),
    );
  });
});
