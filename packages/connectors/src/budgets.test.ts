import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { type Budget, type BudgetDeed, type HttpResponse, unitsOf } from "@postd/connector-kit";
import { allProviders } from "./index.ts";

const platforms = allProviders.flatMap(({ platforms: all }) => all);
const named = (id: string) => {
  const found = platforms.find((one) => one.id === id);
  assert.ok(found, id);
  return found;
};
const told = ({ window }: Budget): string => {
  if (window === "at_once") return "at once";
  if ("day" in window) return `day ${window.day}`;
  return `${window.rollingMs / 1_000} s`;
};

/** Platform, budget, whose, span, limit, what spends it; as the fact sheets have them. */
const facts = [
  ["bluesky", "points_hour", "account", "3600 s", 5_000, "posts=3 parts=3 removals=1"],
  ["bluesky", "points_day", "account", "86400 s", 35_000, "posts=3 parts=3 removals=1"],
  ["facebook", "reels_day", "account", "86400 s", 30, "posts=1"],
  ["facebook", "calls", "account", "86400 s", 100, ""],
  ["facebook", "app_calls", "app", "3600 s", 100, ""],
  ["instagram", "posts_day", "account", "86400 s", undefined, "posts=1"],
  ["instagram", "calls", "account", "86400 s", 100, ""],
  ["instagram", "app_calls", "app", "3600 s", 100, ""],
  ["threads", "posts_day", "account", "86400 s", 250, "posts=1"],
  ["threads", "replies_day", "account", "86400 s", 1_000, "parts=1 replies=1"],
  ["threads", "deletes_day", "account", "86400 s", 100, "removals=1"],
  ["threads", "calls", "account", "86400 s", 100, ""],
  ["tiktok", "inits_minute", "sign_in", "60 s", 6, "posts=1"],
  ["tiktok", "posts_day", "account", "86400 s", 15, "posts=1"],
  ["tiktok", "app_reads_minute", "app", "60 s", 600, "calls=1"],
  ["google_business_profile", "edits_minute", "account", "60 s", 10, "posts=1 edits=1 removals=1 replies=1"],
  ["google_business_profile", "app_calls_minute", "app", "60 s", 300, "calls=1"],
  ["linkedin", "member_posts_day", "sign_in", "day UTC", 150, "posts=1"],
  ["linkedin", "member_calls_day", "sign_in", "day UTC", 100, "calls=1"],
  ["linkedin", "app_calls_day", "app", "day UTC", 500, "calls=1"],
  ["mailchimp", "connections", "sign_in", "at once", 10, "calls=1"],
  ["x", "posts_quarter_hour", "sign_in", "900 s", 100, "posts=1 parts=1 replies=1"],
  ["x", "posts_day", "sign_in", "86400 s", undefined, "posts=1 parts=1 replies=1"],
  ["x", "app_posts_day", "app", "86400 s", 10_000, "posts=1 parts=1 replies=1"],
] as const;

test("every platform has the budgets of its fact sheet, row by row, and no other", () => {
  const declared = platforms.flatMap(({ id, budgets = [] }) =>
    budgets.map((one) => [
      ...[id, one.id, one.scope, told(one), one.limit],
      Object.entries(one.costs)
        .map(([what, units]) => `${what}=${units}`)
        .join(" "),
    ]),
  );
  const ordered = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.map(String).join(" | ")).toSorted();
  assert.deepEqual(ordered(declared), ordered(facts));
});

test("a number that may be another one holds back no post: only reading by the clock", () => {
  const unsure = platforms.flatMap(({ id, budgets = [] }) =>
    budgets.filter((one) => one.unsure !== undefined).map((one) => `${id}.${one.id}`),
  );
  assert.deepEqual(unsure.toSorted(), [
    "google_business_profile.app_calls_minute",
    "linkedin.app_calls_day",
    "linkedin.member_calls_day",
    "tiktok.app_reads_minute",
    "tiktok.posts_day",
  ]);
});

test("a deed costs what its platform counts, by format and by part", () => {
  const parts = [{ text: "two" }, { text: "three" }];
  const post = (format: string, more: object = {}): BudgetDeed => ({ kind: "post", post: { format, ...more } });
  const cases = [
    ["bluesky", "points_hour", post("text"), 3],
    ["bluesky", "points_hour", post("text", { parts }), 9],
    ["bluesky", "points_hour", { kind: "removal", format: "text" }, 1],
    ["threads", "posts_day", post("text", { parts }), 1],
    ["threads", "replies_day", post("text", { parts }), 2],
    ["threads", "replies_day", post("reply"), 1],
    ["threads", "posts_day", post("reply"), 0],
    ["facebook", "reels_day", post("reel"), 1],
    ["facebook", "reels_day", post("photo"), 0],
    ["google_business_profile", "edits_minute", { kind: "edit", format: "standard" }, 1],
    ["google_business_profile", "edits_minute", post("reply"), 1],
    ["x", "posts_quarter_hour", post("text", { parts }), 3],
    ["linkedin", "app_calls_day", post("text"), 0],
  ] as const;
  for (const [platform, id, deed, units] of cases) {
    const budget = named(platform).budgets?.find((one) => one.id === id);
    assert.ok(budget);
    assert.equal(unitsOf(budget, deed), units, `${platform}.${id} ${JSON.stringify(deed)}`);
  }
});

describe("what answers tell", () => {
  const answer = (headers: HttpResponse["headers"], json: unknown = {}, status = 200): HttpResponse => ({
    status,
    headers,
    json,
    text: "",
    effect: "none",
  });
  const read = (platform: string, url: string, of: HttpResponse, method: "GET" | "POST" = "GET") =>
    named(platform).usage?.(of, { method, url });
  const percent = { call_count: 12, total_cputime: 41, total_time: 7 };

  it("is read off Meta's headers in percent, the highest of three, each to its owner", () => {
    const business = JSON.stringify({ "1": [{ type: "pages", ...percent, estimated_time_to_regain_access: 0 }] });
    const headers = { "x-app-usage": JSON.stringify(percent), "x-business-use-case-usage": business };
    assert.deepEqual(read("facebook", "https://graph.facebook.com/v24.0/1/feed", answer(headers)), [
      { budget: "calls", used: 41, limit: 100 },
      { budget: "app_calls", used: 41, limit: 100 },
    ]);
    assert.deepEqual(read("threads", "https://graph.threads.net/v1.0/1", answer({ "x-app-usage": "{}" })), []);
  });

  it("is read off the answers about what was published, with the account's own limit", () => {
    const said = { data: [{ quota_usage: 4, config: { quota_total: 50, quota_duration: 86_400 } }] };
    const url = "https://graph.instagram.com/v24.0/1/content_publishing_limit";
    assert.deepEqual(read("instagram", url, answer({}, said)), [{ budget: "posts_day", used: 4, limit: 50 }]);
    assert.deepEqual(read("instagram", "https://graph.instagram.com/v24.0/1/media", answer({}, said)), []);
    const threads = {
      data: [
        { quota_usage: 1, config: { quota_total: 250 }, reply_quota_usage: 9, reply_config: { quota_total: 1_000 } },
      ],
    };
    assert.deepEqual(
      read("threads", "https://graph.threads.net/v1.0/1/threads_publishing_limit", answer({}, threads)),
      [
        { budget: "posts_day", used: 1, limit: 250 },
        { budget: "replies_day", used: 9, limit: 1_000 },
      ],
    );
  });

  it("is read off X's three sets of headers, after posts alone", () => {
    const set = (prefix: string, limit: number, left: number) => ({
      [`${prefix}-limit`]: String(limit),
      [`${prefix}-remaining`]: String(left),
      [`${prefix}-reset`]: "1795777200",
    });
    const headers = {
      ...set("x-rate-limit", 100, 60),
      ...set("x-user-limit-24hour", 100, 99),
      ...set("x-app-limit-24hour", 10_000, 0),
    };
    const resetsAt = new Date("2026-11-27T11:00:00.000Z");
    assert.deepEqual(read("x", "https://api.x.com/2/tweets", answer(headers, {}, 201), "POST"), [
      { budget: "posts_quarter_hour", used: 40, limit: 100, resetsAt },
      { budget: "posts_day", used: 1, limit: 100, resetsAt },
      { budget: "app_posts_day", used: 10_000, limit: 10_000, resetsAt },
    ]);
    assert.deepEqual(read("x", "https://api.x.com/2/users/me", answer(headers)), []);
  });

  it("is read off Bluesky's headers as the limit its policy names", () => {
    const headers = (policy: string) => ({
      "ratelimit-limit": "5000",
      "ratelimit-remaining": "4997",
      "ratelimit-reset": "1795777200",
      "ratelimit-policy": policy,
    });
    const url = "https://bsky.social/xrpc/com.atproto.repo.createRecord";
    const budgetOf = (policy: string, at = url) =>
      read("bluesky", at, answer(headers(policy)))?.map(({ budget }) => budget);
    assert.deepEqual(budgetOf("5000;w=3600"), ["points_hour"]);
    assert.deepEqual(budgetOf("35000;w=86400"), ["points_day"]);
    assert.deepEqual(budgetOf("3000;w=300"), []);
    assert.deepEqual(budgetOf("5000;w=3600", "https://bsky.social/xrpc/com.atproto.server.createSession"), []);
  });

  it("is nothing where an answer says nonsense, and never a fault", () => {
    const nonsense: readonly HttpResponse["headers"][] = [
      {},
      { "x-app-usage": "[", "x-business-use-case-usage": '{"1":[{"call_count":"many"}]}' },
      { "x-rate-limit-limit": "1e300", "x-rate-limit-remaining": "-4", "x-rate-limit-reset": "soon" },
      {
        "ratelimit-limit": "0",
        "ratelimit-remaining": "0",
        "ratelimit-policy": ";w=3600",
        "ratelimit-reset": "9".repeat(15),
      },
    ];
    const bodies = [
      undefined,
      null,
      [],
      { data: [] },
      { data: [{ quota_usage: "4", config: null }] },
      { data: [{ quota_usage: -1 }] },
    ];
    const urls = [
      "https://graph.threads.net/v1.0/1/threads_publishing_limit",
      "https://graph.instagram.com/v24.0/1/content_publishing_limit",
      "https://api.x.com/2/tweets",
      "https://bsky.social/xrpc/com.atproto.repo.createRecord",
    ];
    for (const { id, usage } of platforms)
      for (const headers of nonsense)
        for (const json of bodies)
          for (const url of urls)
            assert.deepEqual(usage?.(answer(headers, json), { method: "POST", url }) ?? [], [], `${id} ${url}`);
  });
});
