import assert from "node:assert/strict";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { z } from "zod";
import {
  accounts,
  at,
  type DayStep,
  feed,
  graph,
  hour,
  id,
  list,
  postId,
  refused,
  rows,
  success,
  thrown,
  withToken,
} from "./shapes.ts";

/** Pages, posts, photos and their times. */
export const posting: readonly DayStep[] = [
  {
    title: "lists the Pages, one a page",
    section: "§4",
    step: "accounts",
    input: ({ userToken }) => ({ userToken }),
    calls: [{ ...accounts, params: ["fields", "limit"] }],
    made: rows(1, true, false),
  },
  {
    title: "follows paging.next",
    section: "§1b",
    step: "next",
    input: () => ({}),
    calls: [{ ...accounts, params: ["fields", "limit", "after"] }],
    made: rows(1, true, true),
  },
  {
    title: "follows paging.previous back",
    section: "§1b",
    step: "previous",
    input: () => ({}),
    calls: [{ ...accounts, params: ["fields", "limit", "before"] }],
    made: rows(1, true, false),
  },
  {
    title: "posts a text with a link",
    section: "§5",
    step: "feed",
    input: (known) => ({
      ...withToken(known),
      params: { message: "Our new blend", link: "https://northfold.example/blend" },
    }),
    calls: [{ ...feed, params: ["message", "link"] }],
    made: z.looseObject({ id: postId }),
    keep: ({ id: kept }: { id: string }) => ({ linkPost: kept }),
    after: (sdk) =>
      assert.equal(sdk.simulator.simulator.posts().at(-1)?.details?.link, "https://northfold.example/blend"),
  },
  {
    title: "posts and reads back in one call",
    section: "§5",
    step: "feed",
    input: (known) => ({ ...withToken(known), fields: ["id", "permalink_url"], params: { message: "Open till ten" } }),
    calls: [
      {
        call: feed.call,
        params: ["message", "fields"],
        answer: z.strictObject({ id: postId, permalink_url: z.string().regex(/^https:\/\/www\.facebook\.com\//) }),
      },
    ],
    made: z.looseObject({ id: postId, permalink_url: z.string() }),
    keep: ({ id: kept }: { id: string }) => ({ textPost: kept }),
  },
  ...["first", "second"].map(
    (which, index): DayStep => ({
      title: `uploads the ${which} unpublished photo by its address`,
      section: "§5",
      step: "photo",
      input: (known, sdk) => ({
        ...withToken(known),
        params: {
          url: sdk.host(`${which}.jpg`, sampleJpeg({ width: 1080, height: 1080, seed: index + 1 }), "image/jpeg"),
          published: false,
          alt_text_custom: `The ${which}`,
        },
      }),
      calls: [
        {
          call: `POST ${graph}/{page}/photos`,
          params: ["url", "published", "alt_text_custom"],
          answer: z.strictObject({ id, post_id: postId.optional() }),
        },
      ],
      made: z.looseObject({ id }),
      keep: ({ id: kept }: { id: string }) => ({ [`${which}Photo`]: kept }),
    }),
  ),
  {
    title: "posts both photos with attached_media[0] and [1]",
    section: "§1b, §5",
    step: "feed",
    input: (known) => ({
      ...withToken(known),
      params: {
        message: "Two photos",
        "attached_media[0]": { media_fbid: known.firstPhoto },
        "attached_media[1]": { media_fbid: known.secondPhoto },
      },
    }),
    calls: [{ ...feed, params: ["message", "attached_media[0]", "attached_media[1]"] }],
    made: z.looseObject({ id: postId }),
    keep: ({ id: kept }: { id: string }) => ({ photoPost: kept }),
    after: (sdk) =>
      assert.deepEqual(
        sdk.simulator.simulator
          .posts()
          .at(-1)
          ?.media.map(({ altText }) => altText),
        ["The first", "The second"],
      ),
  },
  {
    title: "schedules a post in one hour, as text",
    section: "§1b, §7",
    step: "feed",
    input: (known) => ({
      ...withToken(known),
      params: { message: "Later", published: false, scheduled_publish_time: "+1 hour" },
    }),
    calls: [{ ...feed, params: ["message", "published", "scheduled_publish_time"] }],
    made: z.looseObject({ id: postId }),
    keep: ({ id: kept }: { id: string }) => ({ laterPost: kept }),
  },
  {
    title: "reads back when it comes",
    section: "§7",
    step: "scheduled",
    input: withToken,
    calls: [
      {
        call: `GET ${graph}/{page}/scheduled_posts`,
        params: ["fields"],
        answer: list(z.strictObject({ id: postId, message: z.string(), scheduled_publish_time: z.int() })),
      },
    ],
    made: rows(1, false, false),
    after: (sdk, _known, { value }) =>
      assert.equal(
        z.object({ rows: z.tuple([z.object({ scheduled_publish_time: z.int() })]) }).parse(value).rows[0]
          .scheduled_publish_time,
        at(sdk, hour),
      ),
  },
  {
    title: "moves it to another time",
    section: "§7",
    step: "updatePost",
    input: (known, sdk) => ({
      ...withToken(known),
      postId: known.laterPost,
      params: { scheduled_publish_time: at(sdk, 2 * hour) },
    }),
    calls: [{ call: `POST ${graph}/{id}`, params: ["scheduled_publish_time"], answer: success }],
    made: success,
  },
  {
    title: "moves it to a relative time, which an update does not take",
    section: "§1b",
    step: "updatePost",
    input: (known) => ({
      ...withToken(known),
      postId: known.laterPost,
      params: { scheduled_publish_time: "+2 hours" },
    }),
    calls: [{ call: `POST ${graph}/{id}`, params: ["scheduled_publish_time"], answer: refused(100), status: 400 }],
    made: thrown(100),
  },
];
