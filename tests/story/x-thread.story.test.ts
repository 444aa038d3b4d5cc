import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";

interface Live {
  readonly id: string;
  readonly text: string;
  readonly media: readonly { readonly altText?: string }[];
}

describe("a thread at X", () => {
  let system: System;
  let ida: ApiSession;
  let connectionId: string;
  let postId: string;

  const act = (input: object) => system.sim("POST", "x/act", input);
  const live = async (): Promise<readonly Live[]> => (await system.sim("GET", "x/posts")).posts;
  const texts = async () => (await live()).map(({ text }) => text).toSorted();
  const post = () => ida.must("GET", `/api/posts/${postId}`);
  const firstJob = async () => (await post()).jobs[0];
  async function until(done: () => Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 30; turn += 1) {
      await system.settle();
      if (await done()) return;
      await system.clock.advance(10_000);
    }
    assert.fail(JSON.stringify(await post()));
  }

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    const made = await system.sim("POST", "x/accounts", { kind: "premium", name: "Nordlys Coffee" });
    const { grantId } = await grantThroughBrowser(ida, "x", "x", { person: made.extra.subject });
    const accounts = [{ platform: "x", externalId: made.id }];
    const { connections } = await ida.must("POST", "/api/connections", { grantId, accounts });
    connectionId = connections[0].id;
  });
  after(() => system?.close());

  it("is priced in the matrix, and longer texts are the account's own", async () => {
    const { items } = await ida.must("GET", "/api/platforms");
    const found = items.find(({ id }: { id: string }) => id === "x");
    const prices = new Map(
      found.prices.map(({ call, usdMicros }: { call: string; usdMicros: number }) => [call, usdMicros]),
    );
    assert.deepEqual([prices.get("post"), prices.get("post_with_link")], [15_000, 200_000]);
    const { limits } = await ida.must("GET", `/api/connections/${connectionId}/limits`);
    assert.equal(limits.textMax, 25_000);
  });

  it("goes out once, each part below the one before it, though X is slow to know what it has taken", async () => {
    await act({ action: "set", replicaLagMs: 12_000 });
    const { id: file } = await ida.upload(
      sampleJpeg({ width: 600, height: 600, seed: 3 }),
      "beans.jpg",
      "Beans in a hand",
    );
    const made = await ida.must("POST", "/api/posts", {
      content: "Fresh been",
      mediaIds: [file],
      parts: [{ text: "From Sidamo" }, { text: "x".repeat(400) }],
      targets: [{ connectionId }],
    });
    postId = made.id;
    await until(async () => (await firstJob()).state === "published");
    assert.deepEqual(await texts(), ["Fresh been", "From Sidamo", "x".repeat(400)]);
    const first = (await live()).find(({ text }) => text === "Fresh been");
    assert.deepEqual([first?.media[0]?.altText, (await firstJob()).externalPostId], ["Beans in a hand", first?.id]);
  });

  it("has its words changed, and is known by the name of the post X put in its place", async () => {
    const before = (await firstJob()).externalPostId;
    await ida.must("PATCH", `/api/posts/${postId}`, { text: "Fresh beans" });
    await until(async () => (await texts())[0] === "Fresh beans" && (await firstJob()).externalPostId !== before);
    const first = (await live()).find(({ text }) => text === "Fresh beans");
    const { externalPostId, earlierPosts } = await firstJob();
    assert.deepEqual([externalPostId, earlierPosts[0].externalPostId], [first?.id, before]);
    assert.equal((await live()).length, 3);
  });

  it("goes with all its parts when it is deleted", async () => {
    await ida.call("DELETE", `/api/posts/${postId}?alsoLive=true`);
    await until(async () => (await live()).length === 0);
  });

  it("waits for the operator while the app has no credits, and is sent once when it has some again", async () => {
    await act({ action: "set", credits: "none" });
    const { id } = await ida.must("POST", "/api/publish", { connectionId, payload: { content: "Held beans" } });
    await system.settle();
    const job = () => ida.must("GET", `/api/publish/${id}`);
    assert.deepEqual(
      [(await job()).state, (await job()).heldReason],
      ["held", "operator"],
      JSON.stringify(await job()),
    );
    const asked = async () =>
      (await system.sim("GET", "x/requests")).requests.filter(
        ({ method, path }: { method: string; path: string }) => method === "POST" && path === "/2/tweets",
      ).length;
    const before = await asked();
    await system.clock.advance(30 * 60_000);
    await system.settle();
    assert.equal(await asked(), before, "nothing is asked again within half an hour");
    assert.equal((await ida.must("GET", `/api/connections/${connectionId}`)).status, "healthy");
    await act({ action: "set", credits: "some" });
    for (let turn = 0; turn < 30 && (await job()).state !== "published"; turn += 1) {
      await system.clock.advance(5 * 60_000);
      await system.settle();
    }
    assert.equal((await job()).state, "published", JSON.stringify(await job()));
    assert.deepEqual(await texts(), ["Held beans"]);
  });
});
