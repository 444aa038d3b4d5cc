import assert from "node:assert/strict";
import { test } from "node:test";
import { readInsights } from "@postd/connector-kit";
import { facebookNumbers } from "./facebook/insights.ts";
import media from "./fixtures/instagram-media-insights.json" with { type: "json" };
import page from "./fixtures/page-insights.json" with { type: "json" };
import { instagramNumbers, metricPlans } from "./instagram/insights.ts";
import { contextOf, graphError, type Scripted, scriptedGraph } from "./scripted-graph.ts";

const g = "graph.facebook.com/v25.0";
const plan = (platformName: string, take: "sum" | "last" = "last") => ({ platformName, name: platformName, take });
const at = new Date("2026-11-20T00:00:00Z");
const insta = { externalId: "789", kind: "professional", extras: {} };

test("series are summed or read at their end, objects summed, and what is not given is left out", () => {
  const plans = [
    plan("page_media_view", "sum"),
    plan("page_follows"),
    plan("post_reactions_by_type_total"),
    plan("absent"),
  ];
  assert.deepEqual(
    readInsights(page.answer.data, plans, { at }).map(({ name, value }) => [name, value]),
    [
      ["page_media_view", 7],
      ["page_follows", 12],
      ["post_reactions_by_type_total", 3],
    ],
  );
});

test("both documented forms of a value are read, and nought is a number", () => {
  assert.deepEqual(
    readInsights(media.answer.data, [plan("views"), plan("reach"), plan("saved")], { at }).map(({ value }) => value),
    [41, 30, 0],
  );
});

test("no name that Meta has withdrawn is asked for", () => {
  const dead = /impressions|plays|^video_views$|clips_replays|page_fans|profile_views/;
  const names = Object.values(metricPlans)
    .flat()
    .map(({ platformName }) => platformName);
  assert.deepEqual(
    names.filter((name) => dead.test(name)),
    [],
  );
});

/** The names Meta documents, by what is asked. @source docs/platforms/meta.md section 10 */
const documented = {
  image: "views reach likes comments saved shares total_interactions reposts follows profile_visits profile_activity",
  post: "post_media_view post_total_media_view_unique post_clicks post_clicks_by_type post_reactions_by_type_total post_video_views post_video_avg_time_watched post_video_length",
  account:
    "accounts_engaged comments follows_and_unfollows likes profile_links_taps reach replies reposts saves shares total_interactions views",
} as const;
/** Insights as Meta gives them: one name it does not know, or does not give just now, fails the whole call. */
const knowing =
  (kind: keyof typeof documented, ...refused: readonly string[]): Scripted =>
  ({ fields }) => {
    const asked = (fields.metric ?? "").split(",");
    const known = documented[kind].split(" ").filter((name) => !refused.includes(name));
    return asked.every((name) => known.includes(name))
      ? { data: asked.map((name) => ({ name, values: [{ value: 2 }] })) }
      : graphError(100, undefined, { message: "metric must be one of" });
  };

test("one metric Meta refuses costs only itself", async () => {
  const graph = scriptedGraph({ [`GET ${g}/m1/insights`]: knowing("image", "reposts") });
  const got = await instagramNumbers.posts?.(
    [{ externalId: "m1", format: "image" }],
    contextOf(graph, { account: insta }),
  );
  assert.ok(got?.ok);
  const names = got.value[0]?.metrics.map(({ platformName }) => platformName);
  const planned = metricPlans.image?.map(({ platformName }) => platformName) ?? [];
  assert.ok(planned.includes("reposts"));
  assert.deepEqual(
    names,
    planned.filter((name) => name !== "reposts"),
  );
});

test("too few viewers means no numbers, not a missing permission", async () => {
  const graph = scriptedGraph({ [`GET ${g}/m1/insights`]: graphError(10) });
  const got = await instagramNumbers.posts?.(
    [{ externalId: "m1", format: "story" }],
    contextOf(graph, { account: insta }),
  );
  assert.deepEqual(got, { ok: true, value: [{ externalId: "m1", metrics: [] }] });
});

test("code 10 without the permission for numbers names the permission", async () => {
  const graph = scriptedGraph({ [`GET ${g}/m1/insights`]: graphError(10) });
  const ctx = contextOf(graph, { account: insta });
  const credentials = { ...ctx.credentials, scopes: ["instagram_basic"] };
  const got = await instagramNumbers.posts?.([{ externalId: "m1", format: "image" }], { ...ctx, credentials });
  assert.ok(got && !got.ok && got.error.kind === "scope_missing");
  assert.deepEqual(got.error.scopes, ["instagram_manage_insights"]);
});

test("a revoked sign-in is told as such", async () => {
  const graph = scriptedGraph({ [`GET ${g}/m1/insights`]: graphError(190, 460) });
  const got = await instagramNumbers.posts?.(
    [{ externalId: "m1", format: "reel" }],
    contextOf(graph, { account: insta }),
  );
  assert.equal(got && !got.ok && got.error.kind, "auth_revoked");
});

test("a Page post has insights and counts", async () => {
  const graph = scriptedGraph({
    [`GET ${g}/123_1/insights`]: knowing("post"),
    [`GET ${g}/123_1`]: {
      shares: { count: 4 },
      comments: { summary: { total_count: 0 } },
      reactions: { summary: { total_count: 9 } },
    },
  });
  const got = await facebookNumbers.posts?.([{ externalId: "123_1", format: "photo" }], contextOf(graph));
  assert.ok(got?.ok);
  const by = Object.fromEntries((got.value[0]?.metrics ?? []).map(({ name, value }) => [name, value]));
  assert.deepEqual(by, { views: 2, reach: 2, clicks: 2, shares: 4, comments: 0, reactions: 9 });
  assert.equal(graph.calls.filter(({ line }) => line.endsWith("/insights")).length, 1, "nothing unknown was asked for");
});

test("a reel's numbers are read from its post", async () => {
  const graph = scriptedGraph({
    [`GET ${g}/77`]: { post_id: "5" },
    [`GET ${g}/123_5/insights`]: knowing("post"),
    [`GET ${g}/123_5`]: {},
  });
  const got = await facebookNumbers.posts?.([{ externalId: "77", format: "reel" }], contextOf(graph));
  assert.ok(got?.ok && got.value[0]?.metrics.some(({ name }) => name === "video_views"));
});

test("a Page's range is cut to the 90 days one call covers", async () => {
  const graph = scriptedGraph({ [`GET ${g}/123/insights`]: { data: page.answer.data } });
  const until = new Date("2026-11-20T00:00:00Z");
  const got = await facebookNumbers.account?.({ since: new Date("2026-01-01T00:00:00Z"), until }, contextOf(graph));
  assert.ok(got?.ok);
  const { since, period } = graph.calls[0]?.fields ?? {};
  assert.deepEqual([Number(since), period], [until.getTime() / 1000 - 90 * 86_400, "day"]);
  const views = got.value.find(({ name }) => name === "views");
  assert.deepEqual(
    [views?.value, views?.since?.getTime(), views?.at],
    [7, until.getTime() - 90 * 86_400_000, until],
    "the period that was counted is told",
  );
});

test("an Instagram account has totals and its followers", async () => {
  const graph = scriptedGraph({
    [`GET ${g}/789/insights`]: knowing("account"),
    [`GET ${g}/789`]: { followers_count: 55 },
  });
  const range = { since: new Date("2026-11-19T00:00:00Z"), until: new Date("2026-11-20T00:00:00Z") };
  const got = await instagramNumbers.account?.(range, contextOf(graph, { account: insta }));
  assert.ok(got?.ok);
  assert.equal(graph.calls[0]?.fields.metric_type, "total_value");
  assert.equal(got.value.find(({ name }) => name === "followers")?.value, 55);
});
