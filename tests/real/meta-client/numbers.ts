import assert from "node:assert/strict";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { z } from "zod";
import {
  type DayStep,
  graph,
  id,
  insight,
  insights,
  list,
  postId,
  second,
  success,
  timePaging,
  withToken,
} from "./shapes.ts";

/** Numbers, stories and events. */
export const counting: readonly DayStep[] = [
  {
    title: "reads the Page's numbers of three days",
    section: "§10",
    step: "pageInsights",
    input: (known) => ({
      ...withToken(known),
      params: {
        metric: ["page_media_view", "page_follows"],
        period: "day",
        since: Date.parse("2026-10-31T07:00:00Z") / second,
        until: Date.parse("2026-11-03T08:00:00Z") / second,
      },
    }),
    calls: [{ ...insights, params: ["metric", "period", "since", "until"] }],
    made: z.strictObject({
      rows: z.array(z.looseObject({ values: z.array(z.unknown()).length(3) })).length(2),
      hasNext: z.literal(true),
      hasPrevious: z.literal(true),
    }),
    after: (_sdk, _known, { value }) =>
      // The clocks go back on 1 November in the Pacific zone.
      assert.deepEqual(
        z
          .object({ rows: z.array(z.object({ values: z.array(z.object({ end_time: z.string() })) })) })
          .parse(value)
          .rows[0]?.values.map(({ end_time }) => end_time),
        ["2026-11-01T07:00:00+0000", "2026-11-02T08:00:00+0000", "2026-11-03T08:00:00+0000"],
      ),
  },
  {
    title: "goes to the three days before",
    section: "§10",
    step: "previous",
    input: () => ({}),
    calls: [{ ...insights, params: ["metric", "period", "since", "until"] }],
    made: z.looseObject({ rows: z.array(z.looseObject({ values: z.array(z.unknown()).length(3) })).length(2) }),
  },
  {
    title: "reads a post's numbers",
    section: "§10",
    step: "postInsights",
    input: (known) => ({
      ...withToken(known),
      postId: known.linkPost,
      params: { metric: ["post_media_view", "post_reactions_by_type_total"] },
    }),
    calls: [
      {
        call: `GET ${graph}/{id}/insights`,
        params: ["metric"],
        answer: list(
          insight(z.strictObject({ value: z.union([z.number(), z.record(z.string(), z.number())]) })),
          timePaging,
        ),
      },
    ],
    made: z.looseObject({ rows: z.array(z.unknown()).length(2), hasNext: z.literal(true) }),
  },
  {
    title: "uploads a photo for a story",
    section: "§5",
    step: "photo",
    input: (known, sdk) => ({
      ...withToken(known),
      params: {
        url: sdk.host("story.jpg", sampleJpeg({ width: 1080, height: 1920, seed: 5 }), "image/jpeg"),
        published: false,
      },
    }),
    calls: [
      {
        call: `POST ${graph}/{page}/photos`,
        params: ["url", "published"],
        answer: z.strictObject({ id, post_id: postId.optional() }),
      },
    ],
    made: z.looseObject({ id }),
    keep: ({ id: kept }: { id: string }) => ({ storyPhoto: kept }),
  },
  {
    title: "makes it a story",
    section: "§5",
    step: "photoStory",
    input: (known) => ({ ...withToken(known), photoId: known.storyPhoto }),
    calls: [
      {
        call: `POST ${graph}/{page}/photo_stories`,
        params: ["photo_id"],
        answer: z.strictObject({ success: z.literal(true), post_id: z.union([z.string(), z.number()]) }),
      },
    ],
    made: z.looseObject({ success: z.literal(true) }),
    after: (sdk) => assert.equal(sdk.simulator.simulator.posts().at(-1)?.kind, "story"),
  },
  {
    title: "subscribes the Page's events",
    section: "§11",
    step: "subscribe",
    input: withToken,
    calls: [{ call: `POST ${graph}/{page}/subscribed_apps`, params: ["subscribed_fields"], answer: success }],
    made: z.looseObject({ success: z.literal(true) }),
  },
];
