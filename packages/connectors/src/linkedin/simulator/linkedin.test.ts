import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleMp4, samplePng } from "@postd/connector-kit/media-samples";
import { hmacSha256Hex, sha256Hex } from "@postd/connector-kit/simulator";
import { shownText } from "./posts.ts";
import { api, enc, setUp } from "./test-client.ts";
import { apps } from "./world.ts";

describe("posts", () => {
  it("answers 201 with the id in a header, and shows the text without its escapes", async () => {
    const { post, simulator } = setUp();
    const { status, headers, text } = await post({ commentary: "Beans \\(washed\\) #coffee" });
    assert.deepEqual([status, text], [201, ""]);
    const [live] = simulator.posts();
    assert.deepEqual([live?.id, live?.text], [headers["x-restli-id"], "Beans (washed) #coffee"]);
    assert.equal(live?.permalink, `https://www.linkedin.com/feed/update/${live?.id}/`);
  });

  it("cuts off what follows a reserved character that is not escaped, without an error", () => {
    for (const [commentary, shown] of [
      ["one (two)", "one "],
      ["a \\* b", "a * b"],
      ["Hi @[Ida Holm](urn:li:person:abc)!", "Hi Ida Holm!"],
      ["{hashtag|\\#|tea} #filter", "#tea #filter"],
      ["lone # sign", "lone "],
    ] as const)
      assert.equal(shownText(commentary), shown, commentary);
  });

  it("refuses the same text within ten minutes and names the live post, and takes it later", async () => {
    const { post, advance } = setUp();
    const id = (await post()).headers["x-restli-id"];
    const twin = await post();
    assert.equal(twin.status, 422);
    assert.ok(twin.json.message.endsWith(`Content is a duplicate of ${id}`));
    advance(600_000);
    assert.equal((await post()).status, 201);
  });

  it("names a post that is gone for a twin where a test says so, another each time", async () => {
    const { post, get, act } = setUp("page");
    await post();
    await act("twins", { ghosts: true });
    const [first, second] = [(await post()).json.message, (await post()).json.message];
    assert.notEqual(first, second);
    assert.equal((await get(`rest/posts/${enc(first.split(" ").at(-1))}`)).status, 404);
    await act("twins", { refused: false });
    assert.equal((await post()).status, 201);
  });

  it("says of a missing scope which resource it is for, and names a programme only where the app lacks it", async () => {
    const page = setUp("page", ["openid", "profile"]);
    const { status, json } = await page.get("rest/organizationAcls?q=roleAssignee");
    assert.deepEqual([status, json.message], [403, "Not enough permissions to access: organizationAcls.GET"]);
    const member = setUp();
    const object = (await member.post()).headers["x-restli-id"] ?? "";
    const words = { actor: member.account.id, object, message: { text: "First!" } };
    const gated = await member.send(`rest/socialActions/${enc(object)}/comments`, words);
    assert.match(gated.json.message, /partnerApiSocialActions\.CREATE/);
  });

  for (const [what, fields, status] of [
    ["3,000 characters", { commentary: "x".repeat(3000) }, 201],
    ["3,001 characters", { commentary: "x".repeat(3001) }, 400],
    ["nothing at all", { commentary: "" }, 400],
    ["a draft", { lifecycleState: "DRAFT" }, 400],
    ["a field nobody knows", { colour: "red" }, 400],
    ["somebody else", { author: "urn:li:person:other" }, 403],
    ["an article", { content: { article: { source: "https://example.com/", title: "T" } } }, 201],
    ["an article without title", { content: { article: { source: "https://example.com/" } } }, 400],
    [
      "a poll",
      {
        content: {
          poll: { question: "Q", options: [{ text: "a" }, { text: "b" }], settings: { duration: "ONE_DAY" } },
        },
      },
      201,
    ],
    [
      "a poll of one",
      { content: { poll: { question: "Q", options: [{ text: "a" }], settings: { duration: "ONE_DAY" } } } },
      400,
    ],
  ] as const)
    it(`answers ${status} to ${what}`, async () => assert.equal((await setUp().post(fields)).status, status));

  it("edits a text and deletes twice", async () => {
    const { post, send, remove, simulator } = setUp();
    const path = `rest/posts/${enc((await post()).headers["x-restli-id"] ?? "")}`;
    const patch = { patch: { $set: { commentary: "Better beans" } } };
    assert.equal((await send(path, patch, { "x-restli-method": "PARTIAL_UPDATE" })).status, 204);
    assert.equal(simulator.posts()[0]?.text, "Better beans");
    assert.deepEqual(
      [(await remove(path)).status, (await remove(path)).status, simulator.posts().length],
      [204, 204, 0],
    );
  });

  it("lets a page read its posts, and nobody those of members", async () => {
    const page = setUp("page");
    const id = (await page.post()).headers["x-restli-id"] ?? "";
    assert.equal((await page.get(`rest/posts/${enc(id)}`)).json.commentary, "Fresh beans");
    const listed = await page.get(`rest/posts?q=author&author=${enc(page.account.id)}&count=5`);
    assert.deepEqual([listed.json.elements.length, listed.json.paging.total], [1, 1]);
    const member = setUp();
    const own = (await member.post()).headers["x-restli-id"] ?? "";
    assert.equal((await member.get(`rest/posts/${enc(own)}`)).status, 403);
  });
});

describe("media", () => {
  it("shows pictures with their words, one or several, and not those of another author", async () => {
    const { post, image, simulator } = setUp();
    const [one, two] = [await image(), await image(samplePng({ width: 3, height: 3 }))];
    assert.equal((await post({ content: { media: { id: one, altText: "A dot" } } })).status, 201);
    assert.equal((await post({ content: { multiImage: { images: [{ id: one }, { id: two }] } } })).status, 201);
    assert.deepEqual(
      simulator.posts().map(({ media }) => media.length),
      [1, 2],
    );
    assert.equal(simulator.orphans(), 0);
    const stranger = simulator.createAccount({ name: "Jonas" });
    assert.equal((await post({ author: stranger.id, content: { media: { id: one } } })).status, 403);
  });

  it("takes a film in parts at their own addresses, with their tags in order, and works on it", async () => {
    const { send, put, get, post, account, advance } = setUp();
    const bytes = sampleMp4({ width: 640, height: 360, durationMs: 4000, payloadBytes: 5_000_000 });
    const request = {
      owner: account.id,
      fileSizeBytes: bytes.byteLength,
      uploadCaptions: false,
      uploadThumbnail: false,
    };
    const { value } = (await send("rest/videos?action=initializeUpload", { initializeUploadRequest: request })).json;
    assert.equal(value.uploadInstructions.length, 2);
    const tags: string[] = [];
    for (const { uploadUrl, firstByte, lastByte } of value.uploadInstructions)
      tags.push((await put(uploadUrl, bytes.subarray(firstByte, lastByte + 1))).headers.etag ?? "");
    const finalize = (uploadedPartIds: readonly string[]) =>
      send("rest/videos?action=finalizeUpload", {
        finalizeUploadRequest: { video: value.video, uploadToken: value.uploadToken, uploadedPartIds },
      });
    assert.equal((await finalize(tags.toReversed())).status, 400);
    assert.equal((await finalize(tags)).status, 200);
    const status = async () => (await get(`rest/videos/${enc(value.video)}`)).json.status;
    assert.equal(await status(), "PROCESSING");
    const film = { content: { media: { id: value.video, title: "T" } } };
    assert.equal((await post(film)).json.code, "MEDIA_ASSET_WAITING_UPLOAD");
    advance(1000);
    assert.equal(await status(), "AVAILABLE");
    assert.equal((await post(film)).status, 201);
  });

  it("fails the next uploads where a test says so, and takes no post with them", async () => {
    const { image, post, get, act } = setUp("page");
    await act("failAssets", { times: 1 });
    const [failed, fit] = [await image(), await image()];
    const statusOf = async (id: string) => (await get(`rest/images/${enc(id)}`)).json.status;
    assert.deepEqual([await statusOf(failed), await statusOf(fit)], ["PROCESSING_FAILED", "AVAILABLE"]);
    assert.equal((await post({ content: { media: { id: failed } } })).json.code, "MEDIA_ASSET_PROCESSING_FAILED");
  });

  it("keeps the exact bytes", async () => {
    const { post, image, simulator } = setUp();
    const bytes = samplePng({ width: 5, height: 5 });
    await post({ content: { media: { id: await image(bytes) } } });
    assert.equal(simulator.posts()[0]?.media[0]?.sha256, sha256Hex(bytes));
  });
});

describe("versions and forms", () => {
  it("supports a version for twelve months", async () => {
    const { client, token } = setUp();
    const ask = (version?: string) =>
      client.ask({
        url: `${api}/rest/posts/x`,
        token,
        method: "DELETE",
        headers: { "x-restli-protocol-version": "2.0.0", ...(version && { "linkedin-version": version }) },
      });
    const statuses = [];
    for (const version of ["202609", "202511", "202510", "202701", undefined])
      statuses.push((await ask(version)).status);
    assert.deepEqual(statuses, [204, 204, 426, 426, 400]);
  });

  it("takes a query that comes as a form", async () => {
    const { client, token, account } = setUp("page");
    const headers = {
      "linkedin-version": "202609",
      "x-restli-protocol-version": "2.0.0",
      "x-http-method-override": "GET",
    };
    const form = { q: "author", author: account.id };
    assert.equal((await client.ask({ url: `${api}/rest/posts`, token, form, headers })).status, 200);
  });
});

describe("numbers, comments and webhooks", () => {
  it("gives a page numbers of its posts, and leaves out those without any", async () => {
    const { post, get, act, account } = setUp("page");
    const [one, two] = [
      (await post()).headers["x-restli-id"] ?? "",
      (await post({ commentary: "Two" })).headers["x-restli-id"] ?? "",
    ];
    await act("engage", { urn: one, counts: { impressionCount: 10, likeCount: 2 } });
    const query = `q=organizationalEntity&organizationalEntity=${enc(account.id)}&shares=List(${enc(one)},${enc(two)})`;
    const { elements } = (await get(`rest/organizationalEntityShareStatistics?${query}`)).json;
    assert.deepEqual([elements.length, elements[0].share, elements[0].totalShareStatistics.engagement], [1, one, 0.2]);
  });

  it("takes values of lists encoded and nothing else in their place", async () => {
    const { get, account } = setUp("page");
    const path = (shares: string) =>
      `rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=${enc(account.id)}&${shares}`;
    const share = "urn:li:share:1";
    for (const [shares, status] of [
      [`shares=List(${enc(share)})`, 200],
      [`shares=List(${share})`, 400],
      [`shares=List%28${enc(share)}%29`, 400],
      ["shares=List()", 400],
      ["timeIntervals=(timeRange:(start:1000,end:2000),timeGranularityType:DAY)", 400],
    ] as const)
      assert.equal((await get(path(shares))).status, status, shares);
  });

  it("comments for members on the open address only, and tells a page's subscriber", async () => {
    const member = setUp();
    const object = (await member.post()).headers["x-restli-id"] ?? "";
    const own = enc(object);
    const words = { actor: member.account.id, object, message: { text: "First!" } };
    assert.equal((await member.send(`rest/socialActions/${own}/comments`, words)).status, 403);
    assert.equal((await member.send(`v2/socialActions/${own}/comments`, words)).status, 201);
    assert.deepEqual(member.simulator.posts()[0]?.replies, ["First!"]);

    const { client, account, token, post, send, act, delivered } = setUp("page");
    const secret = apps.linkedin_page.client_secret;
    client.onAsk = (url) => {
      const challengeCode = url.searchParams.get("challengeCode") ?? "";
      return {
        status: 200,
        text: JSON.stringify({ challengeCode, challengeResponse: hmacSha256Hex(secret, challengeCode) }),
      };
    };
    const key = `(developerApplication:${enc("urn:li:developerApplication:1")},user:${enc("urn:li:person:1")},entity:${enc(account.id)},eventType:ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS)`;
    const headers = { "linkedin-version": "202609", "x-restli-protocol-version": "2.0.0" };
    const url = `${api}/rest/eventSubscriptions/${key}`;
    assert.equal(
      (await client.ask({ url, token, method: "PUT", json: { webhook: "https://app.test/hook" }, headers })).status,
      204,
    );
    const id = (await post()).headers["x-restli-id"] ?? "";
    const answer = { actor: account.id, object: id, message: { text: "Thanks!" } };
    const made = await send(`rest/socialActions/${enc(id)}/comments`, answer);
    assert.equal(made.status, 201);
    await act("comment", { post: id, text: "Nice" });
    await act("settle");
    const [event, other] = delivered;
    assert.match(event?.body ?? "", /"action":"ADMIN_COMMENT"/);
    assert.match(other?.body ?? "", /"action":"COMMENT"/);
    assert.equal(JSON.parse(event?.body ?? "{}").notifications[0].generatedActivity, made.json.commentUrn);
    assert.equal(event?.headers["x-li-signature"], hmacSha256Hex(secret, `hmacsha256=${event?.body}`));
  });
});

describe("signing in", () => {
  const redirect_uri = "https://app.test/back";
  const authorize = (scope: string, client_id: string = apps.linkedin.client_id) =>
    `https://www.linkedin.com/oauth/v2/authorization?${new URLSearchParams({ response_type: "code", client_id, redirect_uri, state: "s", scope })}`;

  it("gives a member's app a token for 60 days and no refresh token", async () => {
    const { consent, ask } = setUp();
    const code = (await consent(authorize("openid profile w_member_social"))).get("code") ?? "";
    const form = { grant_type: "authorization_code", code, redirect_uri, ...apps.linkedin };
    const { json } = await ask({ url: "https://www.linkedin.com/oauth/v2/accessToken", form });
    assert.deepEqual([json.expires_in, json.refresh_token], [5_184_000, undefined]);
    const me = await ask({ url: `${api}/v2/userinfo`, token: json.access_token });
    assert.equal(me.json.name, "Ida Holm");
  });

  it("ends what was granted before with another set of scopes, and refuses what the app does not have", async () => {
    const { consent, ask } = setUp();
    const tokenFor = async (scope: string) => {
      const code = (await consent(authorize(scope))).get("code") ?? "";
      const form = { grant_type: "authorization_code", code, redirect_uri, ...apps.linkedin };
      return (await ask({ url: "https://www.linkedin.com/oauth/v2/accessToken", form })).json.access_token;
    };
    const first = await tokenFor("openid profile");
    await tokenFor("openid profile email");
    assert.equal((await ask({ url: `${api}/v2/userinfo`, token: first })).json.serviceErrorCode, 65601);
    assert.equal((await consent(authorize("w_organization_social"))).get("error"), "invalid_scope");
  });
});
