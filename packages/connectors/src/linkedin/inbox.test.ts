import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpResponse } from "@postd/connector-kit";
import { createWorld, type RunFormatOptions, runFormat } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";
import { refOf } from "./comments.ts";
import { commentAsMember, connect, simulator } from "./connect-harness.ts";
import { linkedin } from "./platform.ts";
import { provider } from "./provider.ts";
import { linkedinWebhooks } from "./webhooks.ts";

type Tamper = (answer: HttpResponse) => HttpResponse;
assert.ok(linkedin.inbox);
const { inbox } = linkedin;
const cut = (when: "before" | "after") => (run: number) => (run === 0 ? ({ kind: "cut", when } as const) : undefined);

/** A page, or a member, with a live post. */
async function setUp(kind: "page" | "member" = "page") {
  const world = createWorld({ provider, platform: linkedin }, simulator);
  const connected = await connect(world, `linkedin_${kind}`);
  const own = { world, connected };
  const live = await runFormat({ ...own, post: { format: "text", text: "Fresh beans", media: [], options: {} } });
  const post = live.published?.externalId ?? "";
  const postOf = (destination: string, text: string) => {
    return { format: "reply", text, media: [], options: {}, destination };
  };
  const context = (tamper?: Tamper) => world.context(connected, "none", { effectCalls: 0, ...(tamper && { tamper }) });
  const [step] = inbox.reply?.steps ?? [];
  return {
    ...own,
    post,
    comment(text: string) {
      world.advance(1_000);
      return commentAsMember(world, post, text);
    },
    async page(cursor?: string, tamper?: Tamper) {
      const told = await inbox.list({ postId: post, ...(cursor && { cursor }) }, context(tamper));
      assert.ok(told.ok, JSON.stringify(told));
      return told.value;
    },
    reply(destination: string, text = "Thank you (all)!", more: Partial<RunFormatOptions> = {}) {
      world.advance(1_000);
      return runFormat({ ...own, post: postOf(destination, text), ...more });
    },
    probe: (destination: string, text: string, tamper?: Tamper) =>
      step?.probe?.(
        { post: postOf(destination, text), state: {}, prepared: null, intentAt: world.clock.now() },
        context(tamper),
      ),
    replies: () => world.sim.simulator.posts()[0]?.replies ?? [],
  };
}

const answering = (body: JsonObject, onlyAt?: RegExp): Tamper => {
  return (answer) =>
    onlyAt && !onlyAt.test(answer.text) ? answer : { ...answer, status: 200, text: JSON.stringify(body), json: body };
};

test("what people write under a page's post is listed with who wrote it, and answers below what they answer", async () => {
  const { post, comment, page, reply, replies } = await setUp();
  const jonas = await comment("Which beans?");
  const [asked] = (await page()).entries;
  assert.deepEqual(
    [asked?.kind, asked?.postId, asked?.text, asked?.author, asked?.isOwn, asked?.parentId, asked?.cannot],
    ["comment", post, "Which beans?", { externalId: jonas }, undefined, undefined, undefined],
  );
  const told = await reply(asked?.externalId ?? "");
  assert.equal(told.end, "published", JSON.stringify(told.failure));
  assert.deepEqual(replies(), ["Which beans?", "Thank you (all)!"], "plain text, nothing escaped");
  const answer = (await page()).entries.find(({ isOwn }) => isOwn);
  assert.deepEqual(
    [answer?.externalId, answer?.parentId, answer?.cannot],
    [told.published?.externalId, asked?.externalId, ["reply"]],
  );
});

test("many comments come page by page, each once, and an empty post has none", async () => {
  const { comment, page } = await setUp();
  assert.deepEqual(await page(), { entries: [] });
  for (let n = 0; n < 103; n += 1) await comment(`No ${n}`);
  const first = await page();
  const second = await page(first.cursor);
  assert.deepEqual([first.entries.length, second.entries.length, second.cursor], [100, 3, undefined]);
  assert.equal(new Set([...first.entries, ...second.entries].map(({ externalId }) => externalId)).size, 103);
});

test("a lost answer is found below the comment, and never written twice", async () => {
  const { comment, page, reply, replies } = await setUp();
  await comment("Which beans?");
  const entry = (await page()).entries[0]?.externalId ?? "";
  const found = await reply(entry, "Sidamo", { meddle: cut("after") });
  const [own] = (await page()).entries.filter(({ isOwn }) => isOwn);
  assert.deepEqual([found.end, found.published?.externalId], ["published", own?.externalId]);
  const asked = await reply(entry, "Sidamo and Harrar", { meddle: cut("before") });
  assert.deepEqual([asked.end, replies()], ["asks_person", ["Which beans?", "Sidamo"]]);
});

test("the same words by others, under another comment or of long before are not the lost answer", async () => {
  const { world, connected, comment, page, reply, probe } = await setUp();
  await comment("Which beans?");
  await comment("How much?");
  const [beans = "", price = ""] = (await page()).entries.map(({ externalId }) => externalId);
  await reply(beans, "Ask us");
  const kindOf = async (entry: string, tamper?: Tamper) => {
    const told = await probe(entry, "Ask us", tamper);
    assert.ok(told?.ok, JSON.stringify(told));
    return told.value.kind;
  };
  const byOthers: Tamper = (answer) => {
    const text = answer.text.replaceAll(`"actor":"${connected.account.externalId}"`, '"actor":"urn:li:person:x"');
    return { ...answer, text, json: JSON.parse(text) };
  };
  assert.deepEqual(
    [await kindOf(beans), await kindOf(price), await kindOf(beans, byOthers)],
    ["found", "not_seen", "not_seen"],
  );
  world.advance(3_600_000);
  assert.equal(await kindOf(beans), "not_seen");
});

const activity = "urn:li:activity:7";
const commentUrn = (id: number) => `urn:li:comment:(${activity},${id})`;
const row = (id: number, more: JsonObject = {}): JsonObject => ({
  id: String(id),
  object: activity,
  actor: "urn:li:person:x",
  message: { text: `No ${id}` },
  created: { time: 1_795_176_000_000 },
  ...more,
});

test("answers LinkedIn lists only below their comment are asked for, where it says that there are some", async () => {
  const { comment, page, world } = await setUp();
  await comment("Which beans?");
  const told = await page(undefined, (answer) => {
    const isFirst =
      world.sim.requests().filter(({ path }) => path.includes("socialActions") && path.includes("rest")).length < 2;
    const elements = isFirst ? [row(1, { commentsSummary: { aggregatedTotalComments: 2 } }), row(2)] : [row(3), row(4)];
    return answering({ elements, paging: {} })(answer);
  });
  assert.deepEqual(
    told.entries.map(({ externalId, parentId }) => [externalId, parentId]),
    [
      [commentUrn(1), undefined],
      [commentUrn(2), undefined],
      [commentUrn(3), commentUrn(1)],
      [commentUrn(4), commentUrn(1)],
    ],
  );
  assert.equal(world.sim.requests().filter(({ path }) => path.startsWith("/rest/socialActions")).length, 2);
});

test("a comment goes by its own URN, and by the post's beside it only where LinkedIn calls the post otherwise", async () => {
  const { comment, page } = await setUp();
  await comment("Which beans?");
  const share = "urn:li:share:9";
  const elements = [
    row(1),
    row(2, { commentUrn: commentUrn(2) }),
    row(3, { commentUrn: commentUrn(3), object: share }),
  ];
  const { entries } = await page(undefined, answering({ elements }));
  assert.deepEqual(
    entries.map(({ externalId }) => refOf(externalId)),
    [
      { urn: commentUrn(1), post: activity },
      { urn: commentUrn(2), post: activity },
      { urn: commentUrn(3), post: share },
    ],
  );
  assert.deepEqual(
    entries.slice(0, 2).map(({ externalId }) => externalId),
    [commentUrn(1), commentUrn(2)],
  );
  for (const none of ["", "urn:li:share:1", `${commentUrn(1)}#urn:li:person:a`, `${commentUrn(1)}/x`])
    assert.equal(refOf(none), undefined);
});

test("comments of unknown shape or time are left out and spoil no other", async () => {
  const { comment, page } = await setUp();
  await comment("Which beans?");
  const elements = [
    7,
    { surprise: true },
    row(1, { created: { time: 1e300 } }),
    row(2, { message: {} }),
    row(3, { actor: 5 }),
  ];
  const { entries } = await page(undefined, answering({ elements }));
  assert.deepEqual(
    entries.map(({ externalId, author, isOwn }) => [externalId, author, isOwn]),
    [[commentUrn(3), undefined, undefined]],
  );
});

test("an answer LinkedIn takes and does not name is looked for", async () => {
  const { comment, page, reply, replies } = await setUp();
  await comment("Which beans?");
  const entry = (await page()).entries[0]?.externalId ?? "";
  const nameless: Tamper = (answer) =>
    answer.status === 201 ? { ...answer, headers: {}, text: "", json: undefined } : answer;
  const told = await reply(entry, "Sidamo", { tamper: nameless });
  const own = (await page()).entries.find(({ isOwn }) => isOwn);
  assert.deepEqual([told.end, told.published?.externalId, replies().length], ["published", own?.externalId, 2]);
});

test("where the versioned address is refused an answer goes to the other one, once each, and nothing else of the app is held", async () => {
  const { world, comment, page, reply, replies } = await setUp();
  await comment("Which beans?");
  const entry = (await page()).entries[0]?.externalId ?? "";
  const message = "Not enough permissions to access: partnerApiSocialActions.CREATE.20260901";
  const gate = { status: 403, code: "ACCESS_DENIED", message };
  const always = { fault: "platformError", times: "always" };
  const refuse = (path: string) =>
    world.sim.arm({ ...always, status: 403, body: gate, match: { method: "POST", path } } as never);
  refuse("^/rest/socialActions/");
  const told = await reply(entry, "Sidamo");
  assert.deepEqual([told.end, told.state.way], ["published", "unversioned"]);
  assert.deepEqual(replies(), ["Which beans?", "Sidamo"]);
  refuse("^/v2/socialActions/");
  const refused = await reply(entry, "Harrar");
  assert.ok(refused.failure?.kind === "content_rejected");
  assert.deepEqual([refused.end, refused.failure.reason, replies().length], ["failed", "not_allowed", 2]);
  assert.match(refused.failure.message, /does not have the product/);
});

test("an answer to what is gone blames the entry, and to no entry at all sends nothing", async () => {
  const { reply, replies, post } = await setUp();
  for (const entry of [commentUrn(1), post, ""]) {
    const told = await reply(entry);
    assert.ok(told.failure?.kind === "content_rejected", JSON.stringify(told.failure));
    assert.deepEqual([told.end, told.failure.field, replies()], ["failed", "destination", []]);
  }
});

test("a member's comments no app may read; nothing is hidden and nothing liked", async () => {
  const { world, connected, post } = await setUp("member");
  const calls = world.sim.requests().length;
  const told = await inbox.list({ postId: post }, world.context(connected, "none"));
  assert.ok(!told.ok && told.error.kind === "scope_missing");
  assert.equal(world.sim.requests().length, calls);
  assert.deepEqual(
    [inbox.lists, inbox.accountKinds, inbox.reply?.accountKinds, inbox.hide, inbox.like],
    ["post", ["page"], ["page"], undefined, undefined],
  );
});

test("a page signed in without the right to read comments is told so, and nothing is asked", async () => {
  const { world, connected, post } = await setUp();
  const calls = world.sim.requests().length;
  const bare = { ...connected, credentials: { ...connected.credentials, scopes: ["w_organization_social"] } };
  const told = await inbox.list({ postId: post }, world.context(bare, "none"));
  assert.ok(!told.ok && told.error.kind === "scope_missing");
  assert.deepEqual([told.error.scopes, world.sim.requests().length], [["r_organization_social_feed"], calls]);
});

test("events of comments name the page, the post and the comment", () => {
  const told = (action: string, generatedActivity: string) => {
    const about = { organizationalEntity: "urn:li:organization:1", sourcePost: "urn:li:share:9" };
    const body = JSON.stringify({ notifications: [{ notificationId: 1, action, generatedActivity, ...about }] });
    return linkedinWebhooks.parse({ headers: {}, query: {}, rawBody: new TextEncoder().encode(body) })[0];
  };
  for (const [action, type] of [
    ["COMMENT", "comment.created"],
    ["ADMIN_COMMENT", "comment.created"],
    ["COMMENT_EDIT", "comment.changed"],
    ["COMMENT_DELETE", "comment.removed"],
  ] as const) {
    const event = told(action, commentUrn(3));
    assert.deepEqual(
      [event?.type, event?.accountExternalId, event?.data],
      [type, "urn:li:organization:1", { action, postId: "urn:li:share:9", commentId: commentUrn(3) }],
    );
  }
  assert.equal(told("LIKE", "urn:li:reaction:1")?.data.commentId, undefined);
});
