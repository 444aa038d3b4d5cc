import { z } from "zod";
import { InstantInput } from "../bounded.ts";
import { idSchema, PlatformId } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { pageOf, pageQuery, queryFlag } from "../paging.ts";
import { AccountPostView, AnalyticsView, PostAnalyticsView } from "../views.ts";
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
    "Of each of its targets: the newest reading with its age and the platform's delay, and earlier ones. A number the platform does not give is left out and never 0; where there are none, missing says why.",
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
          history: [{ readAt: later, metrics: [likes] }],
        },
      ],
      simulated: true,
    },
  },
});

export const analytics = defineOperation({
  id: "analytics",
  method: "GET",
  path: "/api/analytics",
  summary: "Numbers of posts and accounts",
  description:
    "The newest numbers of all posts made in a time, added up by platform, those made elsewhere apart, and the numbers of the accounts. The last 30 days unless said.",
  tags: ["analytics"],
  auth: read,
  query: z
    .strictObject({
      from: InstantInput.optional(),
      to: InstantInput.optional(),
      connectionId: idSchema("connection").optional(),
      platform: PlatformId.optional(),
    })
    .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
      path: ["to"],
      message: "must be later than from",
    }),
  response: AnalyticsView,
  errors: ["not_found"],
  example: {
    query: { from: at, platform: "bluesky" },
    response: {
      from: at,
      to: later,
      platforms: [
        {
          platform: "bluesky",
          madeElsewhere: false,
          posts: 1,
          totals: [{ name: "likes", total: 12, posts: 1 }],
          oldestReadAt: later,
          simulated: true,
        },
      ],
      accounts: [{ connectionId: ids.connection, platform: "bluesky", simulated: true, ...known }],
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
