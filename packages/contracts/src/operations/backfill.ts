import { z } from "zod";
import { BackfillDone, BackfillInput, BackfillOffer } from "../backfill.ts";
import { idSchema } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { pageQuery } from "../paging.ts";
import { at, ids, later } from "./examples.ts";

const connectionParam = z.strictObject({ id: idSchema("connection") });
const read = { kind: "caller", by: ["session", "key"], scope: "posts:read" } as const;
const write = { kind: "caller", by: ["session", "key"], scope: "posts:write" } as const;

const offer = {
  count: 1,
  canGo: 1,
  oldestAt: at,
  newestAt: at,
  ahead: 2,
  inDoubt: 0,
  suggestions: [
    { action: "spread", over: 1, firstAt: later, lastAt: later, why: "One post an account every ten minutes." },
  ],
  afterReconnect: "ask",
  items: [
    {
      jobId: ids.job,
      postId: ids.post,
      connectionId: ids.connection,
      platform: "bluesky",
      format: "text",
      text: "New beans are in.",
      plannedFor: at,
      reason: "missed",
      canGo: true,
      simulated: true,
    },
  ],
  simulated: true,
} as const;
const done = {
  action: "spread",
  decided: 1,
  left: 0,
  firstAt: later,
  lastAt: later,
  jobs: [{ jobId: ids.job, postId: ids.post, connectionId: ids.connection, plannedFor: at, at: later }],
  refused: [],
  simulated: true,
} as const;

const what =
  "Posts whose time passed while their account was signed out, the platform was down or nothing was running. They are kept until somebody decides; `suggestions` says what may be done.";
const how =
  "send_now sends them in the order of their planned times, as fast as the platform takes them. spread gives each a new time: an account's first goes out at once, its last at the end of `over` hours. drop cancels them with a reason. At most 500 at a time, the oldest first, all of them or none; `left` says how many still wait. A post that may be live is never sent again: POSTD looks for it.";

export const backfillOffer = defineOperation({
  id: "backfillOffer",
  method: "GET",
  path: "/api/connections/:id/backfill",
  summary: "What waits on one account",
  description: what,
  tags: ["connections"],
  auth: read,
  params: connectionParam,
  query: z.strictObject(pageQuery),
  response: BackfillOffer,
  errors: ["not_found"],
  example: { params: { id: ids.connection }, response: offer },
});

export const backfillConnection = defineOperation({
  id: "backfillConnection",
  method: "POST",
  path: "/api/connections/:id/backfill",
  summary: "Send, spread or drop what waits on one account",
  description: how,
  tags: ["connections"],
  auth: write,
  params: connectionParam,
  body: BackfillInput,
  response: BackfillDone,
  errors: ["not_found", "account_needs_attention"],
  creates: { by: "service" },
  example: { params: { id: ids.connection }, body: { action: "spread", over: 3 }, response: done },
});

export const backfillOffers = defineOperation({
  id: "backfillOffers",
  method: "GET",
  path: "/api/backfill",
  summary: "What waits on all accounts",
  description: what,
  tags: ["jobs"],
  auth: read,
  query: z.strictObject(pageQuery),
  response: BackfillOffer,
  errors: [],
  example: { query: { limit: "50" }, response: offer },
});

export const backfillAll = defineOperation({
  id: "backfillAll",
  method: "POST",
  path: "/api/backfill",
  summary: "Send, spread or drop what waits on all accounts",
  description: `${how} Posts of accounts that do not work wait on and are named in \`refused\`; each account spreads by itself.`,
  tags: ["jobs"],
  auth: write,
  body: BackfillInput,
  response: BackfillDone,
  errors: ["not_found"],
  creates: { by: "service" },
  example: { body: { action: "send_now" }, response: { ...done, action: "send_now" } },
});
