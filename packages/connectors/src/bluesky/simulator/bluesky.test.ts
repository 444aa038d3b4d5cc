import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sha256Hex } from "@postd/connector-kit/simulator";
import { createTrial, postInput, textAt, valueAt } from "./trial.ts";

const minuteMs = 60_000;
const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
const rkey = "3mabcdefghi22";

describe("sessions", () => {
  it("refuses a wrong password with 401 AuthenticationRequired", async () => {
    const { ask } = createTrial();
    const answer = await ask({
      to: "com.atproto.server.createSession",
      body: { identifier: "northfold.bsky.social", password: "no" },
    });
    assert.deepEqual([answer.status, textAt(answer.json, "error")], [401, "AuthenticationRequired"]);
  });

  it("ends an access token after 120 minutes, and a refresh gives a new pair", async () => {
    const { ask, signIn, advance } = createTrial();
    const { token, refreshJwt, did } = await signIn();
    advance(119 * minuteMs);
    assert.equal((await ask({ to: "com.atproto.server.getSession", token })).status, 200);
    advance(minuteMs);
    const late = await ask({ to: "com.atproto.server.getSession", token });
    assert.deepEqual([late.status, textAt(late.json, "error")], [400, "ExpiredToken"]);
    const fresh = await ask({ to: "com.atproto.server.refreshSession", token: refreshJwt, method: "POST" });
    assert.equal(fresh.status, 200);
    assert.notEqual(textAt(fresh.json, "refreshJwt"), refreshJwt);
    const session = await ask({ to: "com.atproto.server.getSession", token: textAt(fresh.json, "accessJwt") });
    assert.equal(textAt(session.json, "did"), did);
  });

  it("takes a used refresh token for two more hours and gives the same successor", async () => {
    const { ask, signIn, advance } = createTrial();
    const { refreshJwt } = await signIn();
    const refresh = () => ask({ to: "com.atproto.server.refreshSession", token: refreshJwt, method: "POST" });
    const first = await refresh();
    advance(119 * minuteMs);
    const repeat = await refresh();
    assert.equal(textAt(repeat.json, "refreshJwt"), textAt(first.json, "refreshJwt"));
    advance(2 * minuteMs);
    const late = await refresh();
    assert.deepEqual([late.status, textAt(late.json, "error")], [400, "ExpiredToken"]);
  });

  it("keeps a refresh token 90 days and no longer", async () => {
    const { ask, signIn, advance } = createTrial();
    const { refreshJwt } = await signIn();
    advance(90 * 24 * 60 * minuteMs);
    assert.equal(
      (await ask({ to: "com.atproto.server.refreshSession", token: refreshJwt, method: "POST" })).status,
      400,
    );
  });

  it("refuses garbage, a refresh token as access token, and no token", async () => {
    const { ask, signIn } = createTrial();
    const { refreshJwt } = await signIn();
    const errors = await Promise.all(
      ["garbage", refreshJwt, undefined].map((token) => ask({ to: "com.atproto.server.getSession", token })),
    );
    assert.deepEqual(
      errors.map(({ status, json }) => [status, textAt(json, "error")]),
      [
        [400, "InvalidToken"],
        [400, "InvalidToken"],
        [401, "AuthMissing"],
      ],
    );
  });

  it("ends refreshing after logging out", async () => {
    const { ask, signIn } = createTrial();
    const { refreshJwt } = await signIn();
    assert.equal(
      (await ask({ to: "com.atproto.server.deleteSession", token: refreshJwt, method: "POST" })).status,
      200,
    );
    assert.equal(
      (await ask({ to: "com.atproto.server.refreshSession", token: refreshJwt, method: "POST" })).status,
      400,
    );
  });

  it("names the account server in the DID document, and that server takes the token while another does not", async () => {
    const { ask, signIn } = createTrial();
    const { did, token } = await signIn();
    const document = await ask({ to: `https://plc.directory/${did}` });
    const pds = textAt(document.json, "service", 0, "serviceEndpoint");
    assert.equal((await ask({ to: `${pds}/xrpc/com.atproto.server.getSession`, token })).status, 200);
    const other = await ask({
      to: "https://chanterelle.us-west.host.bsky.network/xrpc/com.atproto.server.getSession",
      token,
    });
    assert.equal(textAt(other.json, "error"), "InvalidToken");
  });

  it("limits logins to 30 in five minutes and says when the next may be", async () => {
    const { ask, advance } = createTrial();
    const login = () =>
      ask({
        to: "com.atproto.server.createSession",
        body: { identifier: "northfold.bsky.social", password: "fold-demo-post-aaaa" },
      });
    for (let i = 0; i < 30; i += 1) assert.equal((await login()).status, 200);
    const refused = await login();
    assert.deepEqual(
      [refused.status, textAt(refused.json, "error"), refused.headers["retry-after"]],
      [429, "RateLimitExceeded", "300"],
    );
    advance(5 * minuteMs);
    assert.equal((await login()).status, 200);
  });
});

describe("records", () => {
  it("publishes a post under our own key, with its permalink", async () => {
    const { mount, signIn } = createTrial();
    const { create, did } = await signIn();
    const answer = await create({ text: "Fresh beans" }, rkey);
    assert.deepEqual(
      [answer.status, textAt(answer.json, "uri"), textAt(answer.json, "validationStatus")],
      [200, `at://${did}/app.bsky.feed.post/${rkey}`, "valid"],
    );
    const [post] = mount.simulator.posts();
    assert.deepEqual([post?.text, post?.permalink], ["Fresh beans", `https://bsky.app/profile/${did}/post/${rkey}`]);
  });

  it("answers 500 to createRecord on a key that exists, and keeps the first post", async () => {
    const { mount, signIn } = createTrial();
    const { create } = await signIn();
    await create({ text: "first" }, rkey);
    const second = await create({ text: "second" }, rkey);
    assert.deepEqual([second.status, textAt(second.json, "error")], [500, "InternalServerError"]);
    assert.deepEqual(
      mount.simulator.posts().map(({ text }) => text),
      ["first"],
    );
  });

  it("takes the same record by putRecord again without a new commit", async () => {
    const { mount, signIn } = createTrial();
    const { put } = await signIn();
    const first = await put({ text: "once" }, rkey);
    const again = await put({ text: "once" }, rkey);
    assert.equal(textAt(again.json, "cid"), textAt(first.json, "cid"));
    assert.notEqual(valueAt(first.json, "commit"), undefined);
    assert.equal(valueAt(again.json, "commit"), undefined);
    assert.equal(mount.simulator.posts().length, 1);
  });

  it("shows the first text of an edited post, as apps do", async () => {
    const { mount, signIn, ask } = createTrial();
    const { put, did } = await signIn();
    await put({ text: "as written" }, rkey);
    await put({ text: "as edited" }, rkey);
    assert.equal(mount.simulator.posts()[0]?.text, "as written");
    const record = await ask({
      to: `com.atproto.repo.getRecord?repo=${did}&collection=app.bsky.feed.post&rkey=${rkey}`,
    });
    assert.equal(textAt(record.json, "value", "text"), "as edited");
  });

  it("deletes a post, and deleting it again is no error", async () => {
    const { mount, signIn, ask } = createTrial();
    const { create, did, token } = await signIn();
    await create({}, rkey);
    const body = { repo: did, collection: "app.bsky.feed.post", rkey };
    assert.equal((await ask({ to: "com.atproto.repo.deleteRecord", token, body })).status, 200);
    assert.equal((await ask({ to: "com.atproto.repo.deleteRecord", token, body })).status, 200);
    assert.equal(mount.simulator.posts().length, 0);
    const gone = await ask({ to: `com.atproto.repo.getRecord?repo=${did}&collection=app.bsky.feed.post&rkey=${rkey}` });
    assert.deepEqual([gone.status, textAt(gone.json, "error")], [400, "RecordNotFound"]);
  });

  it("applies a batch as a whole or not at all", async () => {
    const { mount, signIn, ask } = createTrial();
    const { did, token } = await signIn();
    const write = (text: string, key: string) => ({
      $type: "com.atproto.repo.applyWrites#create",
      collection: "app.bsky.feed.post",
      rkey: key,
      value: postInput(did, { text }).record,
    });
    const bad = await ask({
      to: "com.atproto.repo.applyWrites",
      token,
      body: { repo: did, writes: [write("one", "3mabcdefghi22"), write("x".repeat(301), "3mabcdefghi23")] },
    });
    assert.equal(bad.status, 400);
    assert.equal(mount.simulator.posts().length, 0);
    const good = await ask({
      to: "com.atproto.repo.applyWrites",
      token,
      body: { repo: did, writes: [write("one", "3mabcdefghi22"), write("two", "3mabcdefghi23")] },
    });
    assert.equal(good.status, 200);
    assert.deepEqual(
      mount.simulator.posts().map(({ text }) => text),
      ["one", "two"],
    );
  });

  it("refuses a commit swap that is not the latest", async () => {
    const { signIn, ask } = createTrial();
    const { did, token, create } = await signIn();
    const first = await create({}, rkey);
    const swapCommit = textAt(first.json, "commit", "cid");
    assert.equal(
      (
        await ask({
          to: "com.atproto.repo.createRecord",
          token,
          body: { ...postInput(did, { text: "next" }), swapCommit },
        })
      ).status,
      200,
    );
    const stale = await ask({
      to: "com.atproto.repo.createRecord",
      token,
      body: { ...postInput(did, { text: "late" }), swapCommit },
    });
    assert.equal(textAt(stale.json, "error"), "InvalidSwap");
  });

  it("counts 3 points for a create, 2 for a put and 1 for a delete, and refuses past 5,000 an hour", async () => {
    const { signIn, ask, advance } = createTrial();
    const { did, token, create, put } = await signIn();
    const left = (answer: { readonly headers: Readonly<Record<string, string>> }) =>
      Number(answer.headers["ratelimit-remaining"]);
    assert.equal(left(await create({}, rkey)), 4997);
    assert.equal(left(await put({ text: "again" }, rkey)), 4995);
    const gone = await ask({
      to: "com.atproto.repo.deleteRecord",
      token,
      body: { repo: did, collection: "app.bsky.feed.post", rkey },
    });
    assert.equal(left(gone), 4994);
    const writes = Array.from({ length: 200 }, () => ({
      $type: "com.atproto.repo.applyWrites#delete",
      collection: "app.bsky.feed.post",
      rkey,
    }));
    let last = gone;
    for (let i = 0; i < 25; i += 1)
      last = await ask({ to: "com.atproto.repo.applyWrites", token, body: { repo: did, writes } });
    assert.deepEqual(
      [last.status, last.headers["ratelimit-remaining"], last.headers["ratelimit-policy"]],
      [429, "0", "5000;w=3600"],
    );
    advance(60 * minuteMs);
    assert.equal((await create({}, rkey)).status, 200);
  });

  it("refuses to write into another account's repo", async () => {
    const { ask, signIn } = createTrial();
    const { token } = await signIn();
    const answer = await ask({
      to: "com.atproto.repo.createRecord",
      token,
      body: postInput("ida-holm.bsky.social", {}),
    });
    assert.equal(answer.status, 401);
  });

  it("pages through records, newest first", async () => {
    const { ask, signIn } = createTrial();
    const { did, create } = await signIn();
    for (const text of ["a", "b", "c"]) await create({ text });
    const list = (query: string) =>
      ask({ to: `com.atproto.repo.listRecords?repo=${did}&collection=app.bsky.feed.post&limit=2${query}` });
    const first = await list("");
    assert.deepEqual(
      [textAt(first.json, "records", 0, "value", "text"), textAt(first.json, "records", 1, "value", "text")],
      ["c", "b"],
    );
    const second = await list(`&cursor=${textAt(first.json, "cursor")}`);
    assert.deepEqual(
      [textAt(second.json, "records", 0, "value", "text"), valueAt(second.json, "records", 1)],
      ["a", undefined],
    );
  });
});

describe("what a post may be", () => {
  const family = "\u{1F469}\u200D\u{1F469}\u200D\u{1F467}";
  const cases: readonly [name: string, record: Record<string, unknown>, message: RegExp | undefined][] = [
    ["300 graphemes", { text: "x".repeat(300) }, undefined],
    ["301 graphemes", { text: "x".repeat(301) }, /grapheme too big \(maximum 300, got 301\)/],
    ["166 families: few graphemes, 2,988 bytes", { text: family.repeat(166) }, undefined],
    [
      "167 families: few graphemes, 3,006 bytes",
      { text: family.repeat(167) },
      /string too big \(maximum 3000, got 3006\)/,
    ],
    [
      "a facet by bytes",
      {
        text: "é #tea",
        facets: [
          { index: { byteStart: 3, byteEnd: 7 }, features: [{ $type: "app.bsky.richtext.facet#tag", tag: "tea" }] },
        ],
      },
      undefined,
    ],
    [
      "a facet past the end",
      { text: "é", facets: [{ index: { byteStart: 0, byteEnd: 3 }, features: [] }] },
      /facet 0 covers bytes 0 to 3/,
    ],
    [
      "a facet that cuts a character",
      { text: "é", facets: [{ index: { byteStart: 0, byteEnd: 1 }, features: [] }] },
      /facet 0/,
    ],
    [
      "a link without scheme",
      {
        facets: [
          {
            index: { byteStart: 0, byteEnd: 5 },
            features: [{ $type: "app.bsky.richtext.facet#link", uri: "example.com" }],
          },
        ],
      },
      /Invalid uri/,
    ],
    ["no createdAt", { createdAt: undefined }, /Missing required key "createdAt"/],
    ["createdAt without zone", { createdAt: "2026-11-21T09:00:00" }, /Invalid datetime/],
    ["four languages", { langs: ["en", "de", "fr", "it"] }, /array too big \(maximum 3, got 4\)/],
    ["nine tags", { tags: Array.from("abcdefghi") }, /array too big \(maximum 8, got 9\)/],
    ["a field the lexicon lacks", { image: "x" }, /unknown key "image"/],
    ["nothing to show", { text: " " }, /needs text or an embed/],
    [
      "a card",
      {
        embed: {
          $type: "app.bsky.embed.external",
          external: { uri: "https://example.com/", title: "T", description: "" },
        },
      },
      undefined,
    ],
    [
      "a reply to nothing",
      {
        reply: {
          root: { uri: `at://did:plc:none/app.bsky.feed.post/${rkey}`, cid: `bafyrei${"a".repeat(52)}` },
          parent: { uri: `at://did:plc:none/app.bsky.feed.post/${rkey}`, cid: `bafyrei${"a".repeat(52)}` },
        },
      },
      /no account here has/,
    ],
  ];
  for (const [name, record, message] of cases) {
    it(`${message === undefined ? "takes" : "refuses"} ${name}`, async () => {
      const { signIn } = createTrial();
      const answer = await (await signIn()).create(record);
      assert.equal(answer.status, message === undefined ? 200 : 400, JSON.stringify(answer.json));
      if (message !== undefined) assert.match(textAt(answer.json, "message"), message);
    });
  }

  it("refuses a key that is not a TID", async () => {
    const { signIn } = createTrial();
    const answer = await (await signIn()).create({}, "my-post");
    assert.match(textAt(answer.json, "message"), /TID/);
  });

  it("takes a reply to a post that exists and shows it there", async () => {
    const { mount, signIn } = createTrial();
    const { create } = await signIn();
    const root = await create({ text: "root" });
    const ref = { uri: textAt(root.json, "uri"), cid: textAt(root.json, "cid") };
    assert.equal((await create({ text: "first comment", reply: { root: ref, parent: ref } })).status, 200);
    assert.deepEqual(mount.simulator.posts()[0]?.replies, ["first comment"]);
  });
});

describe("images", () => {
  const embed = (blob: unknown, count = 1, alt: unknown = "a cup") => ({
    $type: "app.bsky.embed.images",
    images: Array.from({ length: count }, () => ({ image: blob, alt })),
  });

  it("holds the exact bytes and the alt text", async () => {
    const { mount, signIn } = createTrial();
    const { upload, create } = await signIn();
    const blob = valueAt((await upload(png, "image/png")).json, "blob");
    assert.equal((await create({ embed: embed(blob) })).status, 200);
    assert.deepEqual(mount.simulator.posts()[0]?.media, [
      { sha256: sha256Hex(png), mimeType: "image/png", sizeBytes: png.byteLength, altText: "a cup" },
    ]);
    assert.deepEqual(mount.simulator.media?.(sha256Hex(png))?.bytes, png);
  });

  it("names the type by the bytes, not by the header", async () => {
    const { signIn } = createTrial();
    const answer = await (await signIn()).upload(png, "image/jpeg");
    assert.equal(textAt(answer.json, "blob", "mimeType"), "image/png");
  });

  it("refuses five images, a missing alt, and a blob nobody uploaded", async () => {
    const { signIn } = createTrial();
    const { upload, create } = await signIn();
    const blob = valueAt((await upload(png, "image/png")).json, "blob");
    assert.match(
      textAt((await create({ embed: embed(blob, 5) })).json, "message"),
      /array too big \(maximum 4, got 5\)/,
    );
    assert.match(
      textAt((await create({ embed: { $type: "app.bsky.embed.images", images: [{ image: blob }] } })).json, "message"),
      /Missing required key "alt"/,
    );
    const unknown = { $type: "blob", ref: { $link: `bafkrei${"a".repeat(52)}` }, mimeType: "image/png", size: 3 };
    assert.equal(textAt((await create({ embed: embed(unknown) })).json, "error"), "BlobNotFound");
  });

  it("takes an image of 2,000,000 bytes and refuses one byte more, at the record and not at the upload", async () => {
    const { signIn } = createTrial();
    const { upload, create } = await signIn();
    for (const [size, status] of [
      [2_000_000, 200],
      [2_000_001, 400],
    ] as const) {
      const bytes = new Uint8Array(size);
      bytes.set(png);
      const uploaded = await upload(bytes, "image/png");
      assert.equal(uploaded.status, 200);
      assert.equal((await create({ embed: embed(valueAt(uploaded.json, "blob")) })).status, status);
    }
  });

  it("refuses an upload over 52,428,800 bytes with 413", async () => {
    const { signIn } = createTrial();
    const answer = await (await signIn()).upload(new Uint8Array(52_428_801), "video/mp4");
    assert.deepEqual([answer.status, textAt(answer.json, "error")], [413, "PayloadTooLarge"]);
  });

  it("drops a blob with the last record that names it", async () => {
    const { signIn, ask } = createTrial();
    const { upload, create, did, token } = await signIn();
    const blob = valueAt((await upload(png, "image/png")).json, "blob");
    await create({ embed: embed(blob) }, rkey);
    await create({ embed: embed(blob) }, "3mabcdefghi23");
    const remove = (key: string) =>
      ask({
        to: "com.atproto.repo.deleteRecord",
        token,
        body: { repo: did, collection: "app.bsky.feed.post", rkey: key },
      });
    await remove(rkey);
    assert.equal((await create({ embed: embed(blob) }, rkey)).status, 200);
    await remove(rkey);
    await remove("3mabcdefghi23");
    assert.equal(textAt((await create({ embed: embed(blob) }, rkey)).json, "error"), "BlobNotFound");
  });

  it("counts loose uploads as orphans until a record names them or hours pass", async () => {
    const { mount, signIn, advance } = createTrial();
    const { upload, create } = await signIn();
    const blob = valueAt((await upload(png, "image/png")).json, "blob");
    assert.equal(mount.simulator.orphans(), 1);
    await create({ embed: embed(blob) });
    assert.equal(mount.simulator.orphans(), 0);
    await upload(Uint8Array.from([...png, 9]), "image/png");
    assert.equal(mount.simulator.orphans(), 1);
    advance(7 * 60 * minuteMs);
    assert.equal(mount.simulator.orphans(), 0);
  });
});

describe("public reads", () => {
  it("gives the counts of a post and a profile without signing in", async () => {
    const { mount, signIn, ask } = createTrial();
    const { create, did } = await signIn();
    const uri = textAt((await create({ text: "counted" })).json, "uri");
    await mount.simulator.act?.("engage", { uri, counts: { likeCount: 7, repostCount: 2 } });
    const posts = await ask({
      to: `https://public.api.bsky.app/xrpc/app.bsky.feed.getPosts?uris=${encodeURIComponent(uri)}`,
    });
    assert.deepEqual(
      [valueAt(posts.json, "posts", 0, "likeCount"), valueAt(posts.json, "posts", 0, "repostCount")],
      [7, 2],
    );
    const profile = await ask({ to: `https://public.api.bsky.app/xrpc/app.bsky.actor.getProfile?actor=${did}` });
    assert.deepEqual(
      [textAt(profile.json, "handle"), valueAt(profile.json, "postsCount")],
      ["northfold.bsky.social", 1],
    );
  });

  it("resolves a handle in both ways and refuses one nobody has", async () => {
    const { signIn, ask } = createTrial();
    const { did } = await signIn();
    assert.equal((await ask({ to: "https://northfold.bsky.social/.well-known/atproto-did" })).text, did);
    assert.equal(
      textAt((await ask({ to: "com.atproto.identity.resolveHandle?handle=northfold.bsky.social" })).json, "did"),
      did,
    );
    const none = await ask({ to: "com.atproto.identity.resolveHandle?handle=nobody.bsky.social" });
    assert.deepEqual([none.status, textAt(none.json, "error")], [400, "HandleNotFound"]);
  });

  it("serves only public methods on the public host and none it does not know", async () => {
    const { ask } = createTrial();
    assert.equal((await ask({ to: "https://public.api.bsky.app/xrpc/com.atproto.server.describeServer" })).status, 501);
    assert.equal((await ask({ to: "com.atproto.server.madeUp" })).status, 501);
  });
});

describe("faults", () => {
  it("rateLimited refuses once, with and without Retry-After", async () => {
    const { mount, signIn } = createTrial();
    const { create } = await signIn();
    mount.arm({ fault: "rateLimited", params: { retryAfterSeconds: 7 } });
    const withHeader = await create({});
    assert.deepEqual([withHeader.status, withHeader.headers["retry-after"]], [429, "7"]);
    mount.arm({ fault: "rateLimited", params: { retryAfterSeconds: null } });
    assert.equal((await create({})).headers["retry-after"], undefined);
    assert.equal((await create({})).status, 200);
  });

  it("tokenExpired refuses one call and a refresh helps", async () => {
    const { mount, signIn, ask } = createTrial();
    const { create, refreshJwt } = await signIn();
    mount.arm({ fault: "tokenExpired" });
    assert.equal(textAt((await create({})).json, "error"), "ExpiredToken");
    assert.equal(
      (await ask({ to: "com.atproto.server.refreshSession", token: refreshJwt, method: "POST" })).status,
      200,
    );
  });

  it("tokenRevoked is an app password revoked two hours ago: session and password are over until the owner makes a new one", async () => {
    const { mount, signIn, ask } = createTrial();
    const { create, refreshJwt, did } = await signIn();
    mount.arm({ fault: "tokenRevoked" });
    assert.equal(textAt((await create({})).json, "error"), "ExpiredToken");
    assert.equal(
      textAt((await ask({ to: "com.atproto.server.refreshSession", token: refreshJwt, method: "POST" })).json, "error"),
      "ExpiredToken",
    );
    const login = (password: string) =>
      ask({ to: "com.atproto.server.createSession", body: { identifier: did, password } });
    assert.equal((await login("fold-demo-post-aaaa")).status, 401);
    const made = await mount.simulator.act?.("createAppPassword", { account: did });
    const again = await login(textAt(made, "appPassword"));
    assert.equal(again.status, 200);
    assert.equal(
      (await ask({ to: "com.atproto.server.getSession", token: textAt(again.json, "accessJwt") })).status,
      200,
    );
  });

  it("dropAfterAccept publishes and answers nothing", async () => {
    const { mount, signIn, send } = createTrial();
    const { did, token } = await signIn();
    mount.arm({ fault: "dropAfterAccept" });
    assert.equal(await send({ to: "com.atproto.repo.createRecord", token, body: postInput(did, {}) }), "drop");
    assert.equal(mount.simulator.posts().length, 1);
  });

  it("serverError answers 500 with or without effect", async () => {
    const { mount, signIn } = createTrial();
    const { create } = await signIn();
    mount.arm({ fault: "serverError" });
    assert.equal((await create({})).status, 500);
    assert.equal(mount.simulator.posts().length, 0);
    mount.arm({ fault: "serverError", params: { applied: true } });
    assert.equal((await create({})).status, 500);
    assert.equal(mount.simulator.posts().length, 1);
  });

  it("hideFromLists hides a post from lists and never from a read by key", async () => {
    const { mount, signIn, ask } = createTrial();
    const { create, did } = await signIn();
    await create({}, rkey);
    mount.arm({ fault: "hideFromLists", times: "always" });
    const list = await ask({ to: `com.atproto.repo.listRecords?repo=${did}&collection=app.bsky.feed.post` });
    assert.deepEqual(valueAt(list.json, "records"), []);
    assert.equal(
      (await ask({ to: `com.atproto.repo.getRecord?repo=${did}&collection=app.bsky.feed.post&rkey=${rkey}` })).status,
      200,
    );
  });

  it("slowProcessing keeps a video job running for longer", async () => {
    const { mount, signIn, ask } = createTrial();
    const { did, token } = await signIn();
    const mp4 = Uint8Array.from([0, 0, 0, 24, ...new TextEncoder().encode("ftypisom"), 1, 2]);
    const upload = async (bytes: Uint8Array) => {
      const auth = await ask({
        to: "com.atproto.server.getServiceAuth?aud=did:web:morel.us-east.host.bsky.network&lxm=com.atproto.repo.uploadBlob",
        token,
      });
      const job = await ask({
        to: `https://video.bsky.app/xrpc/app.bsky.video.uploadVideo?did=${did}&name=a.mp4`,
        token: textAt(auth.json, "token"),
        bytes,
        headers: { "content-type": "video/mp4" },
      });
      return textAt(job.json, "jobStatus", "jobId");
    };
    const looks = async (jobId: string) => {
      for (let count = 1; ; count += 1) {
        const { json } = await ask({ to: `https://video.bsky.app/xrpc/app.bsky.video.getJobStatus?jobId=${jobId}` });
        if (textAt(json, "jobStatus", "state") === "JOB_STATE_COMPLETED") return count;
      }
    };
    const quick = await looks(await upload(mp4));
    mount.arm({ fault: "slowProcessing", params: { looks: 20 } });
    assert.equal(await looks(await upload(Uint8Array.from([...mp4, 3]))), quick + 20);
  });
});

describe("pages of bsky.app", () => {
  it("lists a profile's posts with their text escaped, and links to the page of each", async () => {
    const { signIn, ask } = createTrial();
    const { create, did } = await signIn();
    await create({ text: "<b>beans</b>" }, rkey);
    const profile = await ask({ to: `https://bsky.app/profile/${did}` });
    assert.ok(profile.text.includes("&lt;b&gt;beans") && !profile.text.includes("<b>"));
    assert.ok(profile.text.includes(`href="https://bsky.app/profile/${did}/post/${rkey}"`));
    assert.equal((await ask({ to: "https://bsky.app/profile/nobody.bsky.social" })).status, 404);
  });
});

describe("account states", () => {
  for (const [status, error] of [
    ["takendown", "AccountTakedown"],
    ["suspended", "AccountSuspended"],
    ["deactivated", "AccountDeactivated"],
  ] as const) {
    it(`refuses to write for an account that is ${status}`, async () => {
      const { mount, signIn } = createTrial();
      const { create, did } = await signIn();
      await mount.simulator.act?.("setStatus", { account: did, status });
      assert.equal(textAt((await create({})).json, "error"), error);
      assert.equal(mount.simulator.posts().length, 0);
    });
  }
});

describe("account states as the fact sheet has them", () => {
  const inactive = (status: string) => ({ active: false, status });
  for (const [status, seen] of [
    [
      "deactivated",
      {
        session: inactive("deactivated"),
        login: inactive("deactivated"),
        refresh: inactive("deactivated"),
        write: "401 AccountDeactivated",
        upload: "200",
        profile: "400 AccountDeactivated",
      },
    ],
    [
      "takendown",
      {
        session: "400 InvalidRequest",
        login: "401 AuthenticationRequired",
        refresh: "401 AccountTakedown",
        write: "401 AccountTakedown",
        upload: "401 AccountTakedown",
        profile: "400 AccountTakedown",
      },
    ],
    [
      "deleted",
      {
        session: "403 AccountNotFound",
        login: "401 AuthenticationRequired",
        refresh: "403 AccountNotFound",
        write: "403 AccountNotFound",
        upload: "403 AccountNotFound",
        profile: "400 InvalidRequest",
      },
    ],
  ] as const)
    it(`an account that is ${status} is answered so on every call, and works again when it is active`, async () => {
      const { mount, signIn, ask } = createTrial();
      const { create, did, token, refreshJwt, upload } = await signIn();
      const look = async () => {
        const answers = {
          session: await ask({ to: "com.atproto.server.getSession", token }),
          login: await ask({
            to: "com.atproto.server.createSession",
            body: { identifier: did, password: "fold-demo-post-aaaa" },
          }),
          refresh: await ask({ to: "com.atproto.server.refreshSession", method: "POST", token: refreshJwt }),
          write: await create({}),
          upload: await upload(Uint8Array.of(1), "image/png"),
          profile: await ask({ to: `https://public.api.bsky.app/xrpc/app.bsky.actor.getProfile?actor=${did}` }),
        };
        return Object.fromEntries(
          Object.entries(answers).map(([name, { status: code, json }]) => {
            const { error, active, status: state } = (json ?? {}) as Record<string, unknown>;
            if (error !== undefined) return [name, `${code} ${error}`];
            return [name, active === false ? { active, status: state } : String(code)];
          }),
        );
      };
      await mount.simulator.act?.("setStatus", { account: did, status });
      assert.deepEqual(await look(), seen);
      await mount.simulator.act?.("setStatus", { account: did, status: "active" });
      const { refresh, ...others } = await look();
      assert.deepEqual([...new Set(Object.values(others))], ["200"]);
      // A takedown ends all refresh tokens for good.
      assert.equal(refresh, status === "takendown" ? "400 ExpiredToken" : "200");
    });
});

describe("a revoked app password", () => {
  it("ends refreshing and signing in at once, and access tokens with their two hours", async () => {
    const { mount, signIn, ask, advance } = createTrial();
    const { create, did, refreshJwt } = await signIn();
    await mount.simulator.act?.("revokeAppPasswords", { account: did });
    assert.equal((await create({ text: "still here" })).status, 200);
    const refresh = await ask({ to: "com.atproto.server.refreshSession", token: refreshJwt, method: "POST" });
    assert.deepEqual([refresh.status, textAt(refresh.json, "error")], [400, "ExpiredToken"]);
    const password = "fold-demo-post-aaaa";
    const login = await ask({ to: "com.atproto.server.createSession", body: { identifier: did, password } });
    assert.equal(login.status, 401);
    advance(120 * minuteMs);
    assert.equal(textAt((await create({})).json, "error"), "ExpiredToken");
  });
});

describe("what people and apps make of a post", () => {
  it("counts likes and reposts, one of each by each account, and quotes with pictures", async () => {
    const { signIn, ask } = createTrial();
    const { create, upload, did, token } = await signIn();
    const root = await create({ text: "root" });
    const subject = { uri: textAt(root.json, "uri"), cid: textAt(root.json, "cid") };
    const engage = (collection: string) => {
      const record = { $type: collection, subject, createdAt: "2026-11-21T09:00:00Z" };
      return ask({ to: "com.atproto.repo.createRecord", token, body: { repo: did, collection, record } });
    };
    const likes = [await engage("app.bsky.feed.like"), await engage("app.bsky.feed.like")];
    assert.deepEqual(
      likes.map(({ status }) => status),
      [200, 200],
    );
    await engage("app.bsky.feed.repost");
    const blob = valueAt((await upload(png, "image/png")).json, "blob");
    const media = { $type: "app.bsky.embed.images", images: [{ image: blob, alt: "" }] };
    const quote = { $type: "app.bsky.embed.recordWithMedia", record: { record: subject }, media };
    assert.equal((await create({ embed: quote })).status, 200);
    const { json } = await ask({ to: `app.bsky.feed.getPosts?uris=${encodeURIComponent(subject.uri)}` });
    const counts = ["likeCount", "repostCount", "quoteCount"].map((name) => valueAt(json, "posts", 0, name));
    assert.deepEqual(counts, [1, 1, 1]);
  });

  it("shows a thread from any of its posts: those above, and the replies below", async () => {
    const { signIn, ask } = createTrial();
    const { create } = await signIn();
    const refOf = (json: unknown) => ({ uri: textAt(json, "uri"), cid: textAt(json, "cid") });
    const root = refOf((await create({ text: "one" })).json);
    const second = refOf((await create({ text: "two", reply: { root, parent: root } })).json);
    await create({ text: "three", reply: { root, parent: second } });
    const thread = async (uri: string, more = "") =>
      (await ask({ to: `app.bsky.feed.getPostThread?uri=${encodeURIComponent(uri)}${more}` })).json;
    const middle = await thread(second.uri);
    const text = (...path: (string | number)[]) => valueAt(middle, "thread", ...path, "post", "record", "text");
    assert.deepEqual([text("parent"), text(), text("replies", 0)], ["one", "two", "three"]);
    const flat = await thread(root.uri, "&depth=0");
    assert.equal(valueAt(flat, "thread", "replies"), undefined);
    assert.equal(textAt(await thread("at://did:plc:none/app.bsky.feed.post/3mabcdefghi22"), "error"), "NotFound");
  });

  it("gives several profiles at once, and leaves out those there are not", async () => {
    const { signIn, ask } = createTrial();
    const { did } = await signIn();
    const { json } = await ask({ to: `app.bsky.actor.getProfiles?actors=${did}&actors=nobody.test` });
    assert.deepEqual([textAt(json, "profiles", 0, "did"), valueAt(json, "profiles", 1)], [did, undefined]);
  });

  it("gives the bytes of a blob once a record names it", async () => {
    const { signIn, ask } = createTrial();
    const { upload, create, did } = await signIn();
    const { json } = await upload(png, "image/png");
    const get = () => ask({ to: `com.atproto.sync.getBlob?did=${did}&cid=${textAt(json, "blob", "ref", "$link")}` });
    assert.equal((await get()).status, 400);
    const embed = { $type: "app.bsky.embed.images", images: [{ image: valueAt(json, "blob"), alt: "" }] };
    await create({ embed });
    const { status, headers } = await get();
    assert.deepEqual([status, headers["content-type"]], [200, "image/png"]);
  });
});

describe("platformError", () => {
  it("gives any XRPC refusal on any call, before the write or after it, with any header", async () => {
    const { mount, signIn } = createTrial();
    const { create } = await signIn();
    mount.arm({ fault: "platformError", error: "AccountTakedown", match: { path: "createRecord|putRecord" } });
    const refused = await create({});
    assert.deepEqual(
      [refused.status, textAt(refused.json, "error"), mount.simulator.posts().length],
      [401, "AccountTakedown", 0],
    );
    mount.arm({
      fault: "platformError",
      after: true,
      error: "InvalidRequest",
      message: "half an emoji \ud83d",
      headers: { "ratelimit-reset": "1e300" },
    });
    const applied = await create({});
    assert.deepEqual(
      [applied.status, textAt(applied.json, "message"), mount.simulator.posts().length],
      [400, "half an emoji \ud83d", 1],
    );
    assert.equal(applied.headers["ratelimit-reset"], "1e300");
    assert.throws(() => mount.arm({ fault: "platformError", code: 190 }), /error|code/);
  });
});

describe("the whole simulator", () => {
  it("never failed by itself and forgets everything at a reset but the demo accounts", async () => {
    const { mount, signIn } = createTrial();
    const before = await signIn();
    await before.create({});
    const made = mount.simulator.createAccount({ name: "Ida's Café" });
    assert.match(made.handle ?? "", /^ida-s-caf/);
    mount.reset();
    assert.equal(mount.simulator.posts().length, 0);
    assert.equal(mount.simulator.accounts?.().length, 3);
    assert.equal((await signIn()).did, before.did);
    assert.deepEqual(mount.crashes(), []);
  });
});
