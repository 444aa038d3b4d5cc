import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

describe("one post in the words all platforms share", () => {
  let system: System;
  let ida: ApiSession;
  let account: Awaited<ReturnType<typeof connectBluesky>>;
  let friend: Awaited<ReturnType<typeof connectBluesky>>;

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    account = await connectBluesky(system, ida);
    friend = await connectBluesky(system, ida, "Nordlys");
  });
  after(() => system?.close());

  const publish = (payload: object) => ida.call("POST", "/api/publish", { connectionId: account.id, payload });
  const liveTexts = async (): Promise<readonly string[]> =>
    (await system.sim("GET", "bluesky/posts")).posts.map(({ text }: { text: string }) => text);

  it("mentions, hashtags, a thread and a card arrive as the platform writes them", async () => {
    const { status, body } = await publish({
      text: "Beans by @Nordlys Coffee",
      parts: [{ text: "Roasted by @Nordlys Coffee" }],
      mentions: [{ name: "Nordlys Coffee", handles: { bluesky: friend.handle } }],
      hashtags: ["#beans"],
      link: { url: "https://example.com/beans", title: "Beans" },
    });
    assert.equal(status, 202, JSON.stringify(body));
    await system.settle();
    const job = await ida.must("GET", `/api/publish/${body.id}`);
    assert.equal(job.state, "published", JSON.stringify(job.failure));
    const texts = await liveTexts();
    assert.ok(texts.includes(`Beans by @${friend.handle}\n\n#beans`), texts.join(" | "));
    assert.ok(texts.includes(`Roasted by @${friend.handle}`), texts.join(" | "));
  });

  it("a saved mention is named by its id, and a post keeps what it named", async () => {
    const saved = await ida.must("POST", "/api/mentions", { name: "Nordlys", handles: { bluesky: friend.handle } });
    const draft = await ida.must("POST", "/api/posts", {
      text: "From @Nordlys, saved",
      mode: "draft",
      mentions: [{ id: saved.id }],
      targets: [{ connectionId: account.id }],
    });
    assert.deepEqual(draft.content.mentions, [{ id: saved.id, name: "Nordlys", handles: { bluesky: friend.handle } }]);
    const renamed = await ida.must("PATCH", `/api/mentions/${saved.id}`, { name: "Nordlys Oslo" });
    assert.equal(renamed.name, "Nordlys Oslo");
    assert.deepEqual(renamed.handles, saved.handles);
    const { items } = await ida.must("GET", "/api/mentions?query=OSLO");
    assert.deepEqual(
      items.map(({ id }: { id: string }) => id),
      [saved.id],
    );
    assert.deepEqual((await ida.must("GET", "/api/mentions?query=bergen")).items, []);
    await ida.must("DELETE", `/api/mentions/${saved.id}`);
    assert.equal((await ida.call("DELETE", `/api/mentions/${saved.id}`)).status, 404);
    await ida.must("PATCH", `/api/posts/${draft.id}`, { mode: "publish" });
    await system.settle();
    assert.ok((await liveTexts()).includes(`From @${friend.handle}, saved`));
    const { status, body } = await publish({ text: "@Nordlys", mentions: [{ id: saved.id }] });
    assert.equal(status, 404, JSON.stringify(body));
    assert.equal(body.field, "mentions");
  });

  it("what comes out is what limits count", async () => {
    const { status, body } = await publish({ text: "x".repeat(300), hashtags: ["one"] });
    assert.equal(status, 422);
    assert.deepEqual(
      body.problems.map(({ field, code }: { field: string; code: string }) => [field, code]),
      [["payload.text", "text_too_long"]],
    );
  });

  it("a word the platform does not know is refused by name, with the way out", async () => {
    const { status, body } = await publish({
      text: "Hello",
      productTags: [{ productId: "1", position: { x: 0.5, y: 0.5 } }],
      firstComment: "More",
      destination: "board",
    });
    assert.equal(status, 422);
    const said = body.problems.map(({ field, code }: { field: string; code: string }) => [field, code]);
    assert.deepEqual(said, [
      ["payload.productTags", "not_supported"],
      ["payload.firstComment", "not_supported"],
      ["payload.destination", "not_supported"],
    ]);
    assert.match(body.problems[0].message, /Bluesky does not take product tags\. Leave it out/);
  });

  it("a version takes a word away for one account, and the post answers what was written", async () => {
    const post = await ida.must("POST", "/api/posts", {
      text: "Hello",
      mode: "draft",
      firstComment: "More",
      hashtags: ["beans"],
      targets: [{ connectionId: account.id }],
      versions: { bluesky: { firstComment: null } },
    });
    assert.deepEqual(post.content, {
      text: "Hello",
      mediaIds: [],
      options: {},
      hashtags: ["beans"],
      firstComment: "More",
    });
    assert.deepEqual(post.versions, { bluesky: { firstComment: null } });
    const changed = await ida.must("PATCH", `/api/posts/${post.id}`, { firstComment: null, text: "Hello again" });
    assert.deepEqual(changed.content, { text: "Hello again", mediaIds: [], options: {}, hashtags: ["beans"] });
    const sent = await ida.must("PATCH", `/api/posts/${post.id}`, { mode: "publish" });
    assert.equal(sent.jobs.length, 1);
    await system.settle();
    assert.ok((await liveTexts()).includes("Hello again\n\n#beans"));
  });

  it("an everyday word for a format is taken", async () => {
    for (const format of ["post", "update", "article"]) {
      const { status, body } = await publish({ text: `As ${format}`, format });
      assert.equal(status, 202, JSON.stringify(body));
      assert.equal(body.format, "text");
    }
  });

  it("the matrix says which words a platform takes", async () => {
    const { items } = await ida.must("GET", "/api/platforms");
    const takes = Object.fromEntries(
      items.map(({ id, supports }: { id: string; supports: { takes: string[] } }) => [id, supports.takes]),
    );
    assert.deepEqual(takes.bluesky, ["parts", "link", "mentions", "hashtags"]);
    assert.deepEqual(takes.facebook, ["link", "hashtags", "firstComment"]);
    assert.deepEqual(takes.instagram, ["mentions", "hashtags", "productTags", "firstComment"]);
  });
});
