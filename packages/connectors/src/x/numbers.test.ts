import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@postd/contracts";
import { answer, answering, setUp } from "./connect-harness.ts";
import { xNumbers } from "./numbers.ts";

/** Answers written by hand, in the order they are asked for. */
const told = async (...answers: readonly JsonObject[]) =>
  answering((await setUp()).ctx(), ...answers.map((json) => answer(200, json)));
const namesOf = (list: readonly { readonly name: string; readonly value: number }[] = []) =>
  Object.fromEntries(list.map(({ name, value }) => [name, value]));
const created_at = "2026-11-19T12:00:00.000Z";
const ref = (externalId: string) => ({ externalId, format: "text" });

test("numbers are read under the older names and under the newer ones", async () => {
  for (const shares of ["retweet_count", "repost_count"]) {
    const public_metrics = { [shares]: 3, like_count: 2, reply_count: 0, impression_count: 90 };
    const { ctx } = await told({ data: [{ id: "1", created_at, public_metrics }] });
    const read = await xNumbers.posts?.([ref("1")], ctx);
    assert.ok(read?.ok);
    assert.deepEqual(namesOf(read.value[0]?.metrics), { impressions: 90, likes: 2, comments: 0, shares: 3 });
  }
});

test("what only the author sees is asked apart and of young posts alone, and its absence spoils nothing", async () => {
  const public_metrics = { like_count: 2 };
  const old = { id: "2", created_at: "2026-01-01T00:00:00.000Z", public_metrics };
  const { ctx, asked } = await told(
    { data: [{ id: "1", created_at, public_metrics }, old] },
    { data: [{ id: "1", non_public_metrics: { url_link_clicks: 4, engagements: 9 } }] },
  );
  const read = await xNumbers.posts?.([ref("1"), ref("2")], ctx);
  assert.ok(read?.ok);
  assert.deepEqual(
    read.value.map(({ metrics }) => namesOf(metrics)),
    [{ likes: 2, clicks: 4, engagements: 9 }, { likes: 2 }],
  );
  assert.deepEqual(
    asked.map(({ query }) => [query?.ids, String(query?.["tweet.fields"]).includes("non_public")]),
    [
      ["1,2", false],
      ["1", true],
    ],
  );
  const { ctx: refusing } = await told({ data: [{ id: "1", created_at, public_metrics }] }, { errors: [{}] });
  const less = await xNumbers.posts?.([ref("1")], refusing);
  assert.ok(less?.ok && less.value[0]?.metrics.length === 1);
});

test("views of a video are those of its file", async () => {
  const { ctx } = await told({
    data: [{ id: "1", created_at, attachments: { media_keys: ["7_1"] }, public_metrics: { like_count: 2 } }],
    includes: { media: [{ media_key: "7_1", type: "video", public_metrics: { view_count: 55 } }] },
  });
  const read = await xNumbers.posts?.([ref("1")], ctx);
  assert.ok(read?.ok);
  assert.deepEqual(namesOf(read.value[0]?.metrics), { likes: 2, video_views: 55 });
});
