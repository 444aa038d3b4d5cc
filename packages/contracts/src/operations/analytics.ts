import { z } from "zod";
import { InstantInput, TimeZoneInput } from "../bounded.ts";
import { idSchema, PlatformId } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { pageOf, pageQuery, queryFlag } from "../paging.ts";
import { AccountPostView, AnalyticsView, analyticsGroupings, PostAnalyticsView } from "../views.ts";
import { at, ids, later } from "./examples.ts";

const read = { kind: "caller", by: ["session", "key"], scope: "posts:read" } as const;
const accountParam = z.strictObject({ id: idSchema("connection") });
const likes = { name: "likes", value: 12, platformName: "likeCount", at: later } as const;
const known = { metrics: [likes], readAt: later, delayMs: 0 };

export const postAnalytics = defineOperation({
  id: "postAnalytics",
  method: "GET",
  path: "/api/analytics/:postId",
  summary: "Numbers of one post",
  description:
    "Of each of its targets: the newest reading with the platform's own names and delay, every earlier one with the post's age, and the readings that are planned: made, missed or to come. A number the platform does not give is left out and never 0; where there are none, missing says why.",
  tags: ["analytics"],
  auth: read,
  params: z.strictObject({ postId: idSchema("post") }),
  response: PostAnalyticsView,
  errors: ["not_found"],
  example: {
    params: { postId: ids.post },
    response: {
      postId: ids.post,
      targets: [
        {
          jobId: ids.job,
          connectionId: ids.connection,
          platform: "bluesky",
          permalink: "https://bsky.app/profile/nordlys.example/post/3k",
          publishedAt: at,
          simulated: true,
          ...known,
          rates: [],
          plan: [
            {
              ...{ ageMs: 3_600_000, standsForMs: [3_600_000], dueAt: later, state: "read", readAt: later },
              readAtAgeMs: 3_600_000,
            },
          ],
          history: [{ readAt: later, ageMs: 3_600_000, metrics: [likes] }],
        },
      ],
      simulated: true,
    },
  },
});

/** A whole day as people write it, or a point in time. */
const DayOrInstant = z
  .string()
  .max(40)
  .refine(
    (text) => z.iso.date().safeParse(text).success || InstantInput.safeParse(text).success,
    "must be a day such as 2030-03-01, or a time with its zone such as 2030-03-01T09:00:00Z",
  )
  .refine((text) => text >= "2000" && text < "2100", "must lie between the years 2000 and 2100");

/** What an account's or a post's number is called here. */
const MetricName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,60}$/, "must be newest, or the name of a number such as likes");

export const analytics = defineOperation({
  id: "analytics",
  method: "GET",
  path: "/api/analytics",
  summary: "Numbers of posts and accounts",
  description:
    "By platform, account, post, day, week (from Monday) or month, in the time zone of the workspace unless another is asked for; the last 30 days unless said. A day as `to` is included. Numbers of posts are what the posts made in the time have gathered so far; numbers of accounts are what happened in the time. Each is compared with the period before: as many days, or as many months where whole months are asked for, seen as early as this one is seen now. Only numbers that mean the same are added up; what is not known is null, with the reason, and never 0. `format=csv`, or `Accept: text/csv`, answers a table with one number a line.",
  tags: ["analytics"],
  auth: read,
  query: z
    .strictObject({
      ...pageQuery,
      from: DayOrInstant.optional(),
      to: DayOrInstant.optional(),
      by: z.enum(analyticsGroupings).default("platform"),
      timeZone: TimeZoneInput.optional(),
      connectionId: idSchema("connection").optional(),
      platform: PlatformId.optional(),
      madeElsewhere: queryFlag.optional(),
      compare: queryFlag.optional(),
      sort: MetricName.optional(),
      format: z.enum(["json", "csv"]).optional(),
    })
    .refine(({ by, sort }) => by === "post" || sort === undefined, { path: ["sort"], message: "is for by=post alone" })
    .refine(({ by, cursor }) => by === "post" || by === "account" || cursor === undefined, {
      path: ["cursor"],
      message: "is for by=post and by=account: the other answers are whole",
    }),
  response: AnalyticsView,
  errors: ["not_found"],
  example: {
    query: { from: "2026-11-01", to: "2026-11-30", by: "platform", timeZone: "Europe/Oslo" },
    response: {
      by: "platform",
      from: at,
      to: later,
      timeZone: "Europe/Oslo",
      before: { from: at, to: at },
      rows: [
        {
          platform: "bluesky",
          posts: 2,
          postsBefore: 1,
          numbers: [
            { name: "likes", of: "posts", kind: "total", value: 12, posts: 2, before: 5, change: 7 },
            {
              ...{
                name: "followers",
                of: "accounts",
                kind: "growth",
                value: null,
                accounts: 1,
                last: 120,
                before: null,
              },
              ...{ change: null, missing: "There is one reading only, and none before it." },
            },
          ],
          simulated: true,
        },
      ],
      totals: [],
      simulated: true,
    },
  },
});

export const accountPosts = defineOperation({
  id: "accountPosts",
  method: "GET",
  path: "/api/connections/:id/posts",
  summary: "Posts that stand on an account",
  description: "Whoever made them, newest first, with their newest numbers; madeElsewhere chooses one kind.",
  tags: ["analytics"],
  auth: read,
  params: accountParam,
  query: z.strictObject({ ...pageQuery, madeElsewhere: queryFlag.optional() }),
  response: pageOf(AccountPostView),
  errors: ["not_found"],
  example: {
    params: { id: ids.connection },
    query: { madeElsewhere: "true" },
    response: {
      items: [
        {
          id: ids.accountPost,
          connectionId: ids.connection,
          platform: "bluesky",
          externalPostId: "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3k",
          text: "Fresh beans are in",
          madeAt: at,
          madeElsewhere: true,
          simulated: true,
          ...known,
        },
      ],
      simulated: true,
    },
  },
});

export const readAccountNumbers = defineOperation({
  id: "readAccountNumbers",
  method: "POST",
  path: "/api/connections/:id/numbers",
  summary: "Read an account's numbers now",
  description: "As soon as a worker is free, instead of at the next time they are due. Each reading costs calls.",
  tags: ["analytics"],
  auth: { kind: "caller", by: ["session", "key"], scope: "posts:write" },
  params: accountParam,
  response: z.object({ connectionId: idSchema("connection"), simulated: z.boolean() }),
  status: 202,
  errors: ["not_found"],
  example: { params: { id: ids.connection }, response: { connectionId: ids.connection, simulated: true } },
});
