import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fail, ok } from "@postd/contracts";
import type { ConnectorContext, PlatformResult } from "../context.ts";
import { matchRecent, probeRecent, type RecentPost } from "./match-recent.ts";
import { metrics } from "./metrics.ts";
import { type Polled, pollUntil } from "./poll-until.ts";

const at = (text: string) => new Date(text);

describe("pollUntil", () => {
  const pace = { firstMs: 5000, factor: 2, mostMs: 30_000, endMs: 120_000 };
  const atEnd = {
    kind: "content_rejected",
    field: "media",
    reason: "processing",
    message: "Not done in time.",
  } as const;

  it("asks more and more seldom and ends", () => {
    let now = at("2026-11-26T12:00:00Z").getTime();
    let polled: Polled | undefined;
    const waits: number[] = [];
    for (let i = 0; i < 20; i++) {
      const next = pollUntil({ polled, clock: { now: () => new Date(now) }, pace, atEnd });
      if (!next.ok) {
        assert.equal(next.error, atEnd);
        break;
      }
      polled = next.value.polled;
      waits.push(next.value.waitMs);
      now += next.value.waitMs;
    }
    assert.deepEqual(waits, [5000, 10_000, 20_000, 30_000, 30_000, 25_000]);
  });

  it("waits as long as the platform says, within the end", () => {
    const clock = { now: () => at("2026-11-26T12:00:00Z") };
    const wait = (toldMs: number) => {
      const next = pollUntil({ polled: undefined, clock, pace, toldMs, atEnd });
      return next.ok && next.value.waitMs;
    };
    assert.equal(wait(7000), 7000);
    assert.equal(wait(9_000_000), 120_000);
    assert.equal(wait(0), 5000);
  });
});

describe("probeRecent", () => {
  const post = { format: "text", text: "Fresh beans", media: [], options: {} };
  const intentAt = at("2026-11-26T12:00:00Z");
  const ctx = {} as ConnectorContext;
  const probe = (list: () => PlatformResult<readonly RecentPost[]>) =>
    probeRecent({ list, state: ({ externalId }) => ({ id: externalId }), looked: "all" })(
      { post, state: { id: "" }, prepared: null, intentAt },
      ctx,
    );

  it("finds the post's own text since the call, and hands a failure on", async () => {
    const shown = { externalId: "7", text: "Fresh beans", createdAt: intentAt };
    const found = await probe(async () => ok([{ ...shown, externalId: "6", text: "Old beans" }, shown]));
    assert.ok(found.ok && found.value.kind === "found");
    assert.deepEqual(
      found.value.candidates.map(({ externalId, state }) => [externalId, state]),
      [["7", { id: "7" }]],
    );
    const failure = { kind: "unavailable", message: "Not now." } as const;
    assert.deepEqual(await probe(async () => fail(failure)), fail(failure));
  });
});

describe("matchRecent", () => {
  const since = at("2026-11-26T12:00:00Z");
  const post = (more: Partial<RecentPost>): RecentPost => ({
    externalId: "1",
    text: "Knit  with\nme",
    createdAt: at("2026-11-26T12:00:03Z"),
    mediaCount: 1,
    ...more,
  });
  const look = (recent: readonly RecentPost[]) =>
    matchRecent({
      recent,
      wanted: { text: "Knit with me ", mediaCount: 1, since },
      state: ({ externalId }) => externalId,
      looked: "the newest 25",
    });

  it("finds what has the same text, media and time, and says when it is proven", () => {
    const found = look([post({}), post({ externalId: "2", ours: true, permalink: "https://x.example/2" })]);
    assert.ok(found.kind === "found");
    assert.deepEqual(
      found.candidates.map(({ state, ours }) => [state, ours]),
      [
        ["1", false],
        ["2", true],
      ],
    );
    assert.equal(found.candidates[1]?.permalink, "https://x.example/2");
  });

  const others: [string, Partial<RecentPost>][] = [
    ["another text", { text: "Knit with you" }],
    ["more media", { mediaCount: 2 }],
    ["made before", { createdAt: at("2026-11-26T11:58:00Z") }],
    ["no time and no proof", { createdAt: undefined }],
  ];
  for (const [name, more] of others)
    it(`${name}: not seen, which proves nothing`, () =>
      assert.deepEqual(look([post(more)]), { kind: "not_seen", looked: "the newest 25" }));

  it("takes clocks that differ by seconds, and lists that do not count media", () => {
    assert.equal(look([post({ createdAt: at("2026-11-26T11:59:30Z"), mediaCount: undefined })]).kind, "found");
    assert.equal(look([post({ createdAt: undefined, ours: true })]).kind, "found");
  });
});

describe("metrics", () => {
  it("reads what is there, leaves out what is not, and dates it", () => {
    const when = { at: at("2026-11-26T00:00:00Z") };
    const given = { impressionCount: 7, clickCount: "12", likeCount: null, shareCount: "many", other: 1 };
    const names = {
      impressionCount: "views",
      clickCount: "clicks",
      likeCount: "likes",
      shareCount: "shares",
      toString: "x",
    };
    assert.deepEqual(metrics(given, names, when), [
      { name: "views", value: 7, platformName: "impressionCount", ...when },
      { name: "clicks", value: 12, platformName: "clickCount", ...when },
    ]);
  });
});
