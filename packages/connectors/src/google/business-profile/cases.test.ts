import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPost, type HttpResponse, type OutgoingPost } from "@postd/connector-kit";
import { runFormat } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";
import { creations, dates, findLocations, inState, photo, setUp } from "./connect-harness.ts";
import { businessProfile } from "./platform.ts";
import { postBody } from "./post-body.ts";

const account = {
  externalId: "locations/2",
  kind: "location",
  authKind: "google_business",
  name: "Ida's Coffee",
  extras: { account: "accounts/1" },
};
const problems = (post: Partial<OutgoingPost>, extras: JsonObject = account.extras) =>
  checkPost(
    businessProfile,
    { format: "standard", text: "Fresh beans", media: [], options: {}, ...post },
    { ...account, extras },
  );
const codes = (post: Partial<OutgoingPost>) => problems(post).map(({ field, code }) => `${field} ${code}`);

test("GB-1: a post that is created and rejected fails as content, with likely causes, and is never called published", async () => {
  const { publish, calls } = await setUp();
  const told = await publish({ text: "Call +45 12 34 56 78" }, { tamper: inState("REJECTED") });
  assert.deepEqual([told.end, told.published, calls("POST", creations)], ["failed", undefined, 1]);
  assert.ok(told.failure?.kind === "content_rejected" && told.failure.reason === "rejected", JSON.stringify(told));
  assert.match(told.failure.message, /gives no reason.*\+45 12 34 56 78.*CALL/);
});

test("GB-1: a post that is rejected while it is looked at fails, and somebody may send it again", async () => {
  const { world, connected, publish, act, live, calls } = await setUp();
  await act("decide", { verdict: "REJECTED" });
  const told = await publish({});
  assert.deepEqual([told.end, told.published, live().length], ["failed", undefined, 0]);
  assert.equal(told.failure?.kind, "content_rejected");
  world.advance(60_000);
  await act("decide", { verdict: "LIVE" });
  const format = businessProfile.publishing?.formats.standard;
  assert.ok(format);
  const again = { ...format, start: () => told.state };
  const platform = {
    ...businessProfile,
    publishing: { ...businessProfile.publishing, formats: { standard: again } },
  } as typeof businessProfile;
  const post = { format: "standard", text: "Fresh beans", media: [], options: {} };
  const second = await runFormat({ world: { ...world, platform }, connected, post });
  assert.deepEqual([second.end, live().length, calls("POST", creations)], ["published", 1, 2]);
});

test("what Google neither shows nor rejects is asked about every five minutes, and given up after a day", async () => {
  const { world, connected, publish } = await setUp();
  const { published } = await publish({});
  const [, wait] = businessProfile.publishing?.formats.standard?.steps ?? [];
  assert.ok(wait && published);
  const lookAfter = (hours: number) => {
    const since = new Date(world.clock.now().getTime() - hours * 3_600_000).toISOString();
    const post = { format: "standard", text: "Fresh beans", media: [], options: {} };
    const state = { id: published.externalId, polled: { times: 50, since } };
    const ctx = world.context(connected, "none", { effectCalls: 0, tamper: inState("PROCESSING") });
    return wait.run({ post, state, prepared: null }, ctx);
  };
  for (const hours of [0, 1, 23]) {
    const told = await lookAfter(hours);
    assert.ok(told.ok, JSON.stringify(told));
    assert.deepEqual([told.value.waitMs, told.value.published], [300_000, undefined], `after ${hours} hours`);
  }
  const over = await lookAfter(24);
  assert.ok(!over.ok && over.error.kind === "unavailable");
  assert.match(over.error.message, /for a day.*neither/);
});

test("GB-3: an API the operator has not enabled is the operator's, by its name, and nobody signs in again", async () => {
  const { world, connected, publish, act, live } = await setUp();
  await act("set", { disabledApis: ["mybusiness.googleapis.com"] });
  const told = await publish({}, { onFailure: "stop" });
  assert.ok(told.failure?.kind === "operator_must_act", JSON.stringify(told.failure));
  assert.match(told.failure.what, /enable Google My Business API \(v4\)/);
  assert.equal(told.failure.link, "https://console.cloud.google.com/apis/library/mybusiness.googleapis.com");
  assert.equal(live().length, 0);
  assert.ok((await businessProfile.health(world.context(connected, "none"))).ok, "locations list all the same");
});

test("an API not enabled, an allowance of nothing and an unverified location are three different words", async () => {
  const { world, connected, publish, act } = await setUp();
  const said: string[] = [];
  await act("set", { disabledApis: ["mybusiness.googleapis.com"] });
  said.push((await publish({}, { onFailure: "stop" })).failure?.message ?? "");
  await act("set", { disabledApis: [], isApproved: false });
  const nothing = (answer: HttpResponse) => {
    const text = answer.text.replace('"quota_limit":', '"quota_limit_value":"0","quota_limit":');
    return { ...answer, text, json: JSON.parse(text) };
  };
  const unapproved = (await publish({}, { onFailure: "stop", tamper: nothing })).failure;
  assert.ok(unapproved?.kind === "operator_must_act", JSON.stringify(unapproved));
  assert.match(unapproved.link ?? "", /^https:\/\/console\.cloud\.google\.com\/apis\/api\/.+\/quotas$/);
  const silent = (await publish({}, { onFailure: "stop" })).failure;
  assert.ok(
    silent?.kind === "rate_limited" && /has not been approved/.test(silent.message),
    "Google may not say which",
  );
  const refused = await (await findLocations(world)).found();
  assert.ok(!refused.ok && refused.error.kind === "operator_must_act", "the first call there is tells by itself");
  said.push(unapproved.message);
  const [problem] = problems({}, { ...account.extras, isVerified: false, lacks: "verify" });
  assert.ok(problem?.field === "connectionId" && problem.code === "permission_missing");
  said.push(problem.message);
  assert.match(said.join(" / "), /not enabled.+\/.+allowance is 0.+\/.+not verified/);
  assert.equal(new Set(said).size, 3);
  await act("set", { isApproved: true });
  assert.ok((await businessProfile.health(world.context(connected, "none"))).ok);
});

test("GB-5: a picture is a list of one, by an address that lasts until Google has settled on the post", async () => {
  const picture = photo(7);
  const { publish, live, watched } = await setUp([picture]);
  const lasts: (number | undefined)[] = [];
  const { ctx } = watched();
  const media = {
    ...ctx.media,
    publicUrl: async (_id: unknown, lastsMs?: number) => {
      lasts.push(lastsMs);
      return "https://media.example/beans.jpg";
    },
  };
  const post = { format: "standard", text: "x", media: [picture.info], options: {} };
  const body = await postBody(post, undefined, { ...ctx, media });
  assert.deepEqual(body.media, [{ mediaFormat: "PHOTO", sourceUrl: "https://media.example/beans.jpg" }]);
  const later = new Date(ctx.clock.now().getTime() + 14 * 86_400_000).toISOString();
  await postBody(post, later, { ...ctx, media });
  assert.deepEqual(lasts, [25 * 3_600_000, 180 * 86_400_000 + 25 * 3_600_000], "as far as it may be moved");
  assert.equal((await publish({})).end, "published");
  assert.deepEqual(
    live()[0]?.media.map(({ sha256 }) => sha256),
    [picture.info.sha256],
  );
});

test("GB-7: a telephone number is warned of at the check, and the CALL button is named", () => {
  const [warned, ...others] = problems({ text: "Book a table: 12 34 56 78" });
  assert.deepEqual([warned?.field, warned?.severity, others.length], ["text", "warning", 0]);
  assert.match(warned?.message ?? "", /12 34 56 78.*button CALL/);
});

test("GB-9: an edit names what it changes, and what it does not name stays", async () => {
  const { publish, watched, live } = await setUp();
  const options = { title: "Tasting night", ...dates, button: "BOOK", buttonUrl: "https://example.com/book" };
  const { published } = await publish({ format: "event", text: "Tasting", options });
  assert.ok(published);
  const before = live()[0]?.details;
  for (const [changed, mask] of [
    [{}, "summary"],
    [{ button: "CALL" }, "summary,callToAction"],
  ] as const) {
    const { sent, ctx } = watched();
    const edit = { format: "event", text: `Tasting ${mask}`, options: changed };
    const done = await businessProfile.publishing?.edit?.run(published, edit, ctx);
    assert.ok(done?.ok, JSON.stringify(done));
    assert.deepEqual(
      sent.map(({ method, query }) => [method, query?.updateMask]),
      [["PATCH", mask]],
    );
    const [shown] = live();
    assert.deepEqual([live().length, shown?.text, shown?.details?.event], [1, edit.text, before?.event]);
    if (mask === "summary") assert.deepEqual(shown?.details?.callToAction, before?.callToAction);
    else assert.deepEqual(shown?.details?.callToAction, { actionType: "CALL" });
  }
});

test("one sign-in opens every location of every account, each once, with both parts of its name", async () => {
  const { world, act } = await setUp();
  const { made, found } = await findLocations(world, "Elmegade");
  const own = String(made.extra?.account);
  const group = await act("addAccounts", { person: String(made.extra?.subject), names: ["All shops"] });
  const [shops = ""] = (group as { accounts: string[] }).accounts;
  await act("addLocations", { account: own, titles: ["Istedgade"] });
  await act("addLocations", { account: shops, titles: Array.from({ length: 120 }, (_, at) => `Shop ${at}`) });
  const all = await found();
  assert.ok(all.ok, JSON.stringify(all));
  assert.equal(all.value.length, 122, "page after page");
  const ids = all.value.map(({ externalId }) => externalId);
  assert.ok(new Set(ids).size === 122 && ids.every((id) => /^locations\/\d+$/.test(id)));
  const accounts = all.value.map(({ extras }) => extras.account);
  assert.deepEqual(
    [accounts.filter((one) => one === own).length, accounts.filter((one) => one === shops).length],
    [2, 120],
  );
});

test("a location is posted to under the account whose list named it", async () => {
  const { connected, publish, live, calls } = await setUp();
  assert.equal((await publish({})).end, "published");
  const path = `/v4/${connected.account.extras.account}/${connected.account.externalId}/localPosts`;
  assert.deepEqual([calls("POST", new RegExp(`^${path}$`)), live().length], [1, 1]);
});

test("more posts than a profile takes in a minute wait for the next, and each goes out once", async () => {
  const { publish, act, live, calls, world } = await setUp();
  await act("set", { reviewMs: 0 });
  const begun = world.clock.now().getTime();
  for (let count = 0; count < 12; count += 1)
    assert.equal((await publish({ text: `Beans ${count}` })).end, "published");
  assert.equal(new Set(live().map(({ text }) => text)).size, 12);
  const tooMany = calls("POST", creations) - 12;
  assert.ok(live().length === 12 && tooMany > 0, "the platform was asked for too many");
  const tookMs = world.clock.now().getTime() - begun;
  assert.ok(tookMs >= 30_000 && tookMs < 5 * 60_000, `${tookMs} ms`);
});

test("buttons, offers and videos are refused by their field", () => {
  const film = { ...photo().info, kind: "video", mimeType: "video/mp4" } as const;
  const offer = { title: "Two for one", ...dates };
  assert.deepEqual(codes({ options: { button: "CALL", buttonUrl: "https://example.com/" } }), [
    "options.buttonUrl call_without_address",
  ]);
  assert.deepEqual(codes({ options: { button: "BOOK" } }), ["options.buttonUrl button_address_missing"]);
  assert.deepEqual(codes({ options: { buttonUrl: "https://example.com/" } }), ["options.buttonUrl button_missing"]);
  assert.deepEqual(codes({ format: "offer", options: { ...offer, button: "CALL" } }), [
    "options.button not_for_format",
  ]);
  const link = { url: "https://example.com/beans" };
  assert.deepEqual(codes({ link }), []);
  assert.deepEqual(codes({ link, options: { button: "BOOK" } }), []);
  assert.deepEqual(codes({ link, options: { button: "CALL" } }), ["link link_left_out"]);
  assert.deepEqual(codes({ link, format: "offer", options: offer }), ["link not_for_format"]);
  assert.deepEqual(codes({ hashtags: ["beans"] }), []);
  assert.deepEqual(codes({ media: [film] }), ["media.0 media_kind"]);
  assert.deepEqual(codes({ media: [photo(1).info, photo(2).info] }), ["media too_many_media"]);
  assert.deepEqual(codes({ media: [photo(1, 1_200, 200).info] }), [
    "media.0 media_too_small",
    "media.0 media_too_small",
  ]);
  assert.deepEqual(codes({ format: "offer", options: offer }), []);
});

test("no date is made up: each part of an event that is missing is named, and it does not end before it begins", () => {
  assert.deepEqual(codes({ format: "event", options: { title: "Tasting", startDate: "2026-12-24" } }), [
    "options.startTime required",
    "options.endDate required",
    "options.endTime required",
  ]);
  const backwards = { title: "Tasting", ...dates, endDate: "2026-12-23" };
  assert.deepEqual(codes({ format: "event", options: backwards }), ["options.endDate ends_before_it_begins"]);
  assert.deepEqual(codes({ format: "event", options: { ...backwards, endDate: "2026-02-30" } }), [
    "options.endDate invalid_option",
    "options.endDate required",
  ]);
});

test("an event is at the hour its author wrote, whatever the time zone", async () => {
  const { publish, live } = await setUp();
  await publish({ format: "event", text: "Tasting", options: { title: "Tasting night", ...dates } });
  const shown = JSON.stringify(live()[0]?.details?.event);
  assert.match(shown, /"startTime":\{"hours":19,"minutes":0\}/);
  assert.match(shown, /"endTime":\{"hours":23,"minutes":30\}/);
});

test("a lost answer adopts the post that is live with the same words, kind and time, and sends nothing", async () => {
  const { publish, live, calls, act } = await setUp();
  await act("set", { reviewMs: 0 });
  const meddle = (_run: number, step: { name: string }) =>
    step.name === "create_post" ? ({ kind: "cut", when: "after" } as const) : undefined;
  const told = await publish({}, { meddle });
  assert.deepEqual([told.end, live().length, calls("POST", creations)], ["published", 1, 1]);
  assert.ok(live()[0]?.id.endsWith(told.published?.externalId ?? "-"));
  const other = await publish({ text: "Other beans" }, { meddle: () => ({ kind: "cut", when: "before" }) });
  assert.deepEqual([other.end, live().length, calls("POST", creations)], ["asks_person", 1, 1]);
});

test("a post whose answer was lost and that is then rejected is not adopted", async () => {
  const { publish, act, live } = await setUp();
  await act("decide", { verdict: "REJECTED" });
  await act("set", { reviewMs: 0 });
  const meddle = (_run: number, step: { name: string }) =>
    step.name === "create_post" ? ({ kind: "cut", when: "after" } as const) : undefined;
  const told = await publish({}, { meddle });
  assert.deepEqual([told.end, told.published, live().length], ["asks_person", undefined, 0]);
});

test("a planned post that Google rejects before its time is told with Google's word", async () => {
  const { world, connected, publish } = await setUp();
  const publishAt = new Date(world.clock.now().getTime() + 86_400_000);
  const told = await publish({}, { publishAt });
  assert.ok(told.end === "handed_over" && told.published, JSON.stringify(told));
  const verify = businessProfile.publishing?.schedule?.verify;
  const tamper = inState("REJECTED");
  const seen = await verify?.(told.published, world.context(connected, "none", { effectCalls: 0, tamper }));
  assert.ok(seen?.ok && seen.value.state === "gone", JSON.stringify(seen));
  assert.match(seen.value.because?.message ?? "", /rejected/);
});

test("a post somebody removes while it is looked at is told to be removed, and not made again", async () => {
  const { world, publish, calls, act } = await setUp();
  const meddle = (run: number) => {
    const { posts = [] } = (world.sim.simulator.inspect?.() ?? {}) as { posts?: { name: string }[] };
    if (run === 1) void act("removePost", { post: posts[0]?.name ?? "" });
    return undefined;
  };
  const told = await publish({}, { meddle });
  assert.deepEqual([told.end, calls("POST", creations)], ["failed", 1]);
  assert.ok(told.failure?.kind === "content_rejected" && told.failure.reason === "removed");
});

test("a live post is found by its name, with the account or without, and by its address; not another location's", async () => {
  const { world, connected, publish, live } = await setUp();
  const { published } = await publish({});
  assert.ok(published);
  const lookUp = (named: { externalId?: string; permalink?: string }) =>
    businessProfile.publishing?.lookUp?.(named, world.context(connected, "none"));
  const full = String(live()[0]?.id);
  for (const named of [
    { externalId: published.externalId },
    { externalId: full },
    { permalink: published.permalink ?? "" },
  ]) {
    const found = await lookUp(named);
    assert.ok(found?.ok, JSON.stringify(found));
    assert.deepEqual([found.value?.externalId, found.value?.preview], [published.externalId, "Fresh beans"]);
  }
  for (const externalId of ["locations/1/localPosts/2", `${published.externalId}0`, "nonsense", "../reviews"])
    assert.deepEqual(await lookUp({ externalId }), { ok: true, value: undefined }, externalId);
});

test("posts of the account are listed with their format, whoever made them, and only those that are live", async () => {
  const { world, connected, publish, act } = await setUp();
  await publish({ format: "offer", text: "Two for one", options: { title: "Two for one", ...dates } });
  await act("decide", { verdict: "REJECTED" });
  await publish({ text: "Rejected" });
  const since = new Date(0);
  const told = await businessProfile.numbers?.recent?.({ since }, world.context(connected, "none"));
  assert.ok(told?.ok, JSON.stringify(told));
  assert.deepEqual(
    told.value.posts.map(({ format, text }) => [format, text]),
    [["offer", "Two for one"]],
  );
  assert.equal(businessProfile.numbers?.posts, undefined, "a single post has no numbers at Google");
});
