import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPost, type OutgoingPost, type PublishingPlatform, secret, signInsOf } from "@postd/connector-kit";
import { facebook } from "./facebook/platform.ts";
import { dataAccessNotes } from "./health.ts";
import { instagram } from "./instagram/platform.ts";
import { provider } from "./provider.ts";
import { contextOf, graphError, medium, postOf, scriptedGraph } from "./scripted-graph.ts";

const g = "graph.facebook.com/v25.0";
const page = contextOf(scriptedGraph({})).account;
const insta = { ...page, externalId: "789", kind: "professional", authKind: "facebook_login" };

test("both platforms are opened by Facebook Login, and Instagram by its own login too", () => {
  const opening = (platform: string) => signInsOf(provider, platform).map(({ id }) => id);
  assert.deepEqual(opening("facebook"), ["facebook_login"]);
  assert.deepEqual(opening("instagram"), ["facebook_login", "instagram_login"]);
});

const clip = (more: object = {}) =>
  medium({ kind: "video", mimeType: "video/mp4", durationMs: 10_000, width: 1080, height: 1920, ...more });
const codes = (connector: PublishingPlatform, post: OutgoingPost, account = connector === facebook ? page : insta) =>
  checkPost(connector, post, account).map(
    ({ field, code, severity }) => `${severity === "warning" ? "?" : ""}${field}:${code}`,
  );
const photo = medium({ width: 1080, height: 1080 });
const product = { productId: "42", position: { x: 0.25, y: 0.5 } };
const ig = (more: Partial<OutgoingPost>) => postOf({ format: "image", media: [photo], ...more });

const table: readonly (readonly [
  name: string,
  connector: PublishingPlatform,
  post: OutgoingPost,
  problems: readonly string[],
])[] = [
  ["Page text at its limit", facebook, postOf({ text: "x".repeat(63_206) }), []],
  ["Page text one over", facebook, postOf({ text: "x".repeat(63_207) }), ["text:text_too_long"]],
  ["link without a link", facebook, postOf({ format: "link" }), ["link:link_required"]],
  [
    "link beside a photo",
    facebook,
    postOf({ format: "photo", media: [photo], options: { link: "https://a.example" } }),
    ["options.link:link_with_media"],
  ],
  ["photo at 4 MB", facebook, postOf({ format: "photo", media: [medium({ sizeBytes: 4_000_000 })] }), []],
  [
    "photo over 4 MB",
    facebook,
    postOf({ format: "photo", media: [medium({ sizeBytes: 4_000_001 })] }),
    ["media.0:media_too_large"],
  ],
  ["title on a text", facebook, postOf({ options: { title: "T" } }), ["?options.title:title_unused"]],
  [
    "countries on a reel",
    facebook,
    postOf({ format: "reel", media: [clip()], options: { countries: ["DE"] } }),
    ["options.countries:countries_unsupported"],
  ],
  [
    "a country in small letters",
    facebook,
    postOf({ options: { countries: ["de"] } }),
    ["options.countries.0:invalid_option"],
  ],
  [
    "a script as a link",
    facebook,
    postOf({ options: { link: "javascript:alert(1)" } }),
    ["options.link:invalid_option"],
  ],
  [
    "Page reel of 91 s",
    facebook,
    postOf({ format: "reel", media: [clip({ durationMs: 91_000 })] }),
    ["media.0:media_too_long"],
  ],
  [
    "Page reel of 539 x 960",
    facebook,
    postOf({ format: "reel", media: [clip({ width: 539, height: 960 })] }),
    ["media.0:media_too_small"],
  ],
  ["Page reel of 540 x 960", facebook, postOf({ format: "reel", media: [clip({ width: 540, height: 960 })] }), []],
  ["text on a story", facebook, postOf({ format: "photo_story", media: [photo] }), ["?text:text_unused"]],
  [
    "comment on a story",
    facebook,
    postOf({ format: "photo_story", text: "", media: [photo], options: { firstComment: "x" } }),
    ["options.firstComment:comment_on_story"],
  ],
  ["caption at its limit", instagram, ig({ text: "x".repeat(2200) }), []],
  ["caption one over", instagram, ig({ text: "x".repeat(2201) }), ["text:text_too_long"]],
  ["emoji count as two", instagram, ig({ text: "😀".repeat(1101) }), ["text:text_too_long"]],
  ["5 hashtags", instagram, ig({ text: "#a #b #c #d #e" }), []],
  ["6 hashtags", instagram, ig({ text: "#a #b #c #d #e #f" }), ["?text:many_hashtags"]],
  ["31 hashtags", instagram, ig({ text: "#a ".repeat(31) }), ["text:too_many_hashtags"]],
  ["addresses are no hashtags", instagram, ig({ text: "# https://a.example/#b a#b ".repeat(40) }), []],
  ["31 numbers", instagram, ig({ text: "#1 ".repeat(31) }), ["text:too_many_hashtags"]],
  ["half an emoji in the text", instagram, ig({ text: "a\ud83d" }), ["text:text_broken"]],
  [
    "a NUL in the first comment",
    instagram,
    ig({ options: { firstComment: "a\u0000" } }),
    ["options.firstComment:text_broken"],
  ],
  [
    "half an emoji in a description",
    instagram,
    ig({ media: [medium({ altText: "\udc00" })] }),
    ["media.0.altText:text_broken"],
  ],
  [
    "half an emoji in the title",
    facebook,
    postOf({ format: "video", media: [clip()], options: { title: "a\ud83d" } }),
    ["options.title:text_broken"],
  ],
  ["21 mentions", instagram, ig({ text: "@ida ".repeat(21) }), ["text:too_many_mentions"]],
  ["mail addresses are no mentions", instagram, ig({ text: "ida@a.example ".repeat(21) }), []],
  ["a PNG", instagram, ig({ media: [medium({ mimeType: "image/png" })] }), ["media.0:media_type"]],
  ["too tall", instagram, ig({ media: [medium({ width: 1000, height: 1400 })] }), ["media.0:media_aspect"]],
  ["3:4", instagram, ig({ media: [medium({ width: 900, height: 1200 })] }), ["?media.0:media_aspect_unsure"]],
  ["4:5", instagram, ig({ media: [medium({ width: 960, height: 1200 })] }), []],
  [
    "alt text too long",
    instagram,
    ig({ media: [medium({ altText: "x".repeat(1001) })] }),
    ["media.0.altText:alt_text_too_long"],
  ],
  [
    "alt text on a video",
    instagram,
    postOf({ format: "reel", media: [clip({ altText: "x" })] }),
    ["?media.0.altText:alt_text_not_shown"],
  ],
  [
    "4 collaborators",
    instagram,
    ig({ options: { collaborators: ["a", "b", "c", "d"] } }),
    ["options.collaborators:invalid_option"],
  ],
  [
    "reel option on an image",
    instagram,
    ig({ options: { shareToFeed: true } }),
    ["options.shareToFeed:option_not_for_format"],
  ],
  [
    "cover after the end",
    instagram,
    postOf({ format: "reel", media: [clip()], options: { thumbOffsetMs: 10_001 } }),
    ["options.thumbOffsetMs:cover_outside"],
  ],
  [
    "tag on an item that is not there",
    instagram,
    ig({ options: { userTags: [{ username: "ida", item: 1 }] } }),
    ["options.userTags.0.item:no_such_item"],
  ],
  [
    "the word that a story is made with AI, which Instagram does not take",
    instagram,
    ig({ format: "story", text: "", options: { isAiGenerated: true } }),
    ["options.isAiGenerated:option_not_for_format"],
  ],
  [
    "a first comment that Instagram may refuse",
    instagram,
    ig({ options: { firstComment: "x".repeat(301) } }),
    ["?options.firstComment:long_comment"],
  ],
  [
    "a link card beside a photo",
    facebook,
    postOf({ format: "photo", media: [photo], link: { url: "https://a.example" } }),
    ["link:not_for_format"],
  ],
  [
    "own words for a card of Facebook",
    facebook,
    postOf({ format: "link", link: { url: "https://a.example", title: "T" } }),
    ["?link:card_words_unused"],
  ],
  [
    "a first comment on a story",
    instagram,
    ig({ format: "story", text: "", firstComment: "x" }),
    ["firstComment:not_for_format"],
  ],
  ["a comment that may be refused", instagram, ig({ firstComment: "x".repeat(301) }), ["?firstComment:long_comment"]],
  ["a comment one over", facebook, postOf({ firstComment: "x".repeat(2201) }), ["firstComment:text_too_long"]],
  ["a product on a picture", instagram, ig({ productTags: [product] }), []],
  [
    "a product on a reel",
    instagram,
    postOf({ format: "reel", media: [clip()], productTags: [product] }),
    ["productTags:not_for_format"],
  ],
  ["a product on a Page", facebook, postOf({ productTags: [product] }), ["productTags:not_supported"]],
  ["one medium is no carousel", instagram, ig({ format: "carousel" }), ["media:too_few_media"]],
  ["an unknown option", instagram, ig({ options: { nonsense: 1 } }), ["options.nonsense:unknown_option"]],
];
for (const [name, connector, post, problems] of table)
  test(`${connector.id}: ${name}`, () => assert.deepEqual(codes(connector, post), problems));

test("products are tagged only through Facebook's login", () => {
  const post = ig({ productTags: [product] });
  assert.deepEqual(codes(instagram, post, { ...insta, authKind: "instagram_login" }), ["productTags:not_for_sign_in"]);
});

test("the format follows from what is there", () => {
  const format = (connector: PublishingPlatform, media: OutgoingPost["media"], options = {}) =>
    connector.publishing.defaultFormat({ text: "x", media, options }, page);
  assert.deepEqual(
    [
      format(facebook, []),
      format(facebook, [], { link: "https://a.example" }),
      format(facebook, [photo]),
      format(facebook, [photo, photo]),
      format(facebook, [clip()]),
      format(facebook, [clip(), photo]),
    ],
    ["text", "link", "photo", "multi_photo", "video", undefined],
  );
  assert.deepEqual(
    [
      format(instagram, []),
      format(instagram, [photo]),
      format(instagram, [clip()]),
      format(instagram, [clip(), photo]),
    ],
    [undefined, "image", "reel", "carousel"],
  );
});

test("text of a post is its message, text of a video its description", async () => {
  const graph = scriptedGraph({ [`POST ${g}/123_1`]: { success: true }, [`POST ${g}/77`]: { success: true } });
  const ctx = contextOf(graph);
  await facebook.publishing.edit?.run({ externalId: "123_1" }, { text: "New", format: "text", options: {} }, ctx);
  await facebook.publishing.edit?.run({ externalId: "77" }, { text: "New", format: "reel", options: {} }, ctx);
  assert.deepEqual(
    graph.calls.map(({ fields }) => [fields.message, fields.description]),
    [
      ["New", undefined],
      [undefined, "New"],
    ],
  );
});

test("removing what is gone already is done; Instagram's own login cannot remove", async () => {
  for (const gone of [graphError(100, 33), graphError(803)]) {
    const graph = scriptedGraph({
      [`DELETE ${g}/123_1`]: gone,
      [`GET ${g}/123`]: { id: "123" },
      [`DELETE ${g}/m1`]: { success: true },
    });
    assert.equal(
      (await facebook.publishing.remove?.run({ externalId: "123_1", format: "text" }, contextOf(graph)))?.ok,
      true,
    );
    assert.equal(
      (await instagram.publishing.remove?.run({ externalId: "m1", format: "image" }, contextOf(graph)))?.ok,
      true,
    );
  }
  assert.deepEqual(instagram.publishing.remove?.authKinds, ["facebook_login"]);
});

test("a sign-in that may not see the post any more never counts as having removed it", async () => {
  const graph = scriptedGraph({ [`DELETE ${g}/123_1`]: graphError(100, 33), [`GET ${g}/123`]: graphError(100, 33) });
  const removed = await facebook.publishing.remove?.run({ externalId: "123_1", format: "text" }, contextOf(graph));
  assert.equal(removed && !removed.ok && removed.error.kind, "scope_missing");
});

test("removing takes everything the job made, and may be repeated where it was cut", async () => {
  const script = { [`DELETE ${g}/123_1`]: { success: true }, [`GET ${g}/123`]: { id: "123" } };
  const ref = { externalId: "123_1", format: "multi_photo", state: { photoIds: ["9", "10"], liveId: "123_1" } };
  const cut = scriptedGraph({ ...script, [`DELETE ${g}/9`]: { $cut: "unavailable" }, [`DELETE ${g}/10`]: {} });
  assert.equal((await facebook.publishing.remove?.run(ref, contextOf(cut)))?.ok, false);
  const again = scriptedGraph({
    ...script,
    [`DELETE ${g}/123_1`]: graphError(100, 33),
    [`DELETE ${g}/9`]: graphError(200),
    [`DELETE ${g}/10`]: { success: true },
  });
  assert.equal((await facebook.publishing.remove?.run(ref, contextOf(again)))?.ok, true);
  assert.deepEqual(
    again.calls.filter(({ line }) => line.startsWith("DELETE")).map(({ line }) => line.split("/").at(-1)),
    ["123_1", "9", "10"],
  );
});

test("a delete that Instagram fumbles speaks of deleting and may be tried again", async () => {
  const graph = scriptedGraph({ [`DELETE ${g}/m1`]: [graphError(-1, 2207085), { success: true }] });
  graph.during("visible");
  const ref = { externalId: "m1", format: "image" };
  const first = await instagram.publishing.remove?.run(ref, contextOf(graph));
  assert.ok(first && !first.ok && first.error.kind === "outcome_unknown");
  assert.match(first.error.message, /tried to delete the post/);
  assert.equal((await instagram.publishing.remove?.run(ref, contextOf(graph)))?.ok, true);
});

test("a post Instagram never named is never called removed", async () => {
  const ref = { externalId: "c1", format: "image", state: { mediaId: "c1", isUnnamed: true } };
  const removed = await instagram.publishing.remove?.run(ref, contextOf(scriptedGraph({})));
  assert.equal(removed && !removed.ok && removed.error.kind, "content_rejected");
});

test("a post handed over at the last moment still has time for its uploads", () => {
  const slowestMs = Math.max(
    ...["photo", "video", "reel"].flatMap(
      (id) => facebook.publishing.formats[id]?.steps.map((step) => step.timeoutMs ?? 0) ?? [],
    ),
  );
  assert.ok((facebook.publishing.schedule?.minLeadMs ?? 0) >= 10 * 60_000 + slowestMs);
  assert.equal(facebook.publishing.schedule?.maxLeadMs, 29 * 86_400_000);
});

test("a handed-over post is read, moved and taken back at Facebook", async () => {
  const graph = scriptedGraph({
    [`GET ${g}/123_1`]: [
      { is_published: false },
      { is_published: true, permalink_url: "https://x" },
      graphError(100, 33),
    ],
    [`POST ${g}/123_1`]: { success: true },
    [`DELETE ${g}/123_1`]: { success: true },
  });
  const ctx = contextOf(graph);
  const ref = { externalId: "123_1" };
  const states = [];
  for (let i = 0; i < 3; i++) {
    const read = await facebook.publishing.schedule?.verify(ref, ctx);
    states.push(read?.ok && read.value.state);
  }
  assert.deepEqual(states, ["waiting", "live", "gone"]);
  await facebook.publishing.schedule?.move(ref, new Date("2026-11-22T10:00:00Z"), ctx);
  assert.equal(graph.calls.at(-1)?.fields.scheduled_publish_time, String(Date.parse("2026-11-22T10:00:00Z") / 1000));
  assert.equal((await facebook.publishing.schedule?.cancel(ref, ctx))?.ok, true);
});

const info = {
  is_valid: true,
  expires_at: 0,
  scopes: ["pages_show_list", "pages_read_engagement"],
  data_access_expires_at: Date.parse("2026-11-25T00:00:00Z") / 1000,
};

test("health names missing permissions and the day Meta stops giving out data", async () => {
  const graph = scriptedGraph({
    [`GET ${g}/debug_token`]: { data: info },
    [`GET ${g}/123`]: { id: "123", name: "Bakery", username: "bakery" },
  });
  const health = await facebook.health(contextOf(graph, { app: { app_id: "app1", app_secret: "s3" } }));
  assert.ok(health.ok);
  assert.deepEqual(
    [health.value.missingScopes, health.value.name, health.value.expiresAt],
    [["pages_manage_posts"], "Bakery", undefined],
  );
  assert.match(health.value.notes?.[0] ?? "", /2026-11-25/);
  assert.equal(graph.calls[0]?.fields.input_token, "page-token");
});

test("a version that ended at Meta is told in the account's health", async () => {
  const body = { id: "123", name: "Bakery" };
  const headers = { "facebook-api-version": "v26.0" };
  const graph = scriptedGraph({ [`GET ${g}/123`]: { $status: 200, body, headers } });
  const health = await facebook.health(contextOf(graph));
  assert.match((health.ok && health.value.notes?.[0]) || "", /answers in v26.0 and POSTD asks for v25.0/);
});

test("a token Meta no longer takes is revoked", async () => {
  const graph = scriptedGraph({ [`GET ${g}/debug_token`]: { data: { is_valid: false } } });
  const health = await instagram.health(
    contextOf(graph, { account: insta, app: { app_id: "app1", app_secret: "s3" } }),
  );
  assert.equal(!health.ok && health.error.kind, "auth_revoked");
});

test("Instagram's own login tells name and end by itself", async () => {
  const graph = scriptedGraph({ "GET graph.instagram.com/v25.0/me": { user_id: "789", username: "bakery" } });
  const ctx = contextOf(graph, { account: { ...insta, authKind: "instagram_login" } });
  const expiresAt = new Date("2026-12-31T00:00:00Z");
  const health = await instagram.health({
    ...ctx,
    credentials: { accessToken: secret("t"), expiresAt, scopes: ["instagram_business_basic"] },
  });
  assert.ok(health.ok);
  assert.deepEqual(
    [health.value.handle, health.value.expiresAt, health.value.missingScopes],
    ["bakery", expiresAt, ["instagram_business_content_publish"]],
  );
});

test("the note on data access comes two weeks before and stays after", () => {
  const now = new Date("2026-11-20T00:00:00Z");
  assert.equal(dataAccessNotes(new Date("2026-12-20T00:00:00Z"), now).length, 0);
  assert.match(dataAccessNotes(new Date("2026-11-30T00:00:00Z"), now)[0] ?? "", /until 2026-11-30/);
  assert.match(dataAccessNotes(new Date("2026-11-01T00:00:00Z"), now)[0] ?? "", /since 2026-11-01/);
});
