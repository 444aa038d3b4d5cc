import { z } from "zod";
import { idSchema } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { PauseInput, ResolveInput, RetryInput } from "../publishing.ts";
import { DlqGroupView, JobView } from "../views.ts";
import { at, ids, job } from "./examples.ts";

const jobParam = z.strictObject({ id: idSchema("publishJob") });
const write = { kind: "caller", by: ["session", "key"], scope: "posts:write" } as const;
const operate = { kind: "caller", by: ["session", "key"], scope: "operations:write" } as const;

export const retryJob = defineOperation({
  id: "retryJob",
  method: "POST",
  path: "/api/jobs/:id/retry",
  summary: "Send a failed or held job again",
  description:
    "Now, or at the given time. An unknown job cannot be retried: resolve it first, so that nothing is posted twice.",
  tags: ["jobs"],
  auth: write,
  params: jobParam,
  body: RetryInput,
  response: JobView,
  also: [202],
  errors: ["not_found", "state_conflict", "account_needs_attention"],
  example: { params: { id: ids.job }, body: {}, response: job },
});

export const cancelJob = defineOperation({
  id: "cancelJob",
  method: "POST",
  path: "/api/jobs/:id/cancel",
  summary: "Cancel a job",
  description:
    "At once where surely nothing is live. Where something may be, the wish is kept and answered with 202: POSTD looks, then the job is canceled, or published with the offer to remove it.",
  tags: ["jobs"],
  auth: write,
  params: jobParam,
  response: JobView,
  also: [202],
  errors: ["not_found", "state_conflict"],
  example: { params: { id: ids.job }, response: { ...job, state: "canceled" } },
});

export const removeJob = defineOperation({
  id: "removeJob",
  method: "POST",
  path: "/api/jobs/:id/remove",
  summary: "Take a live post down",
  description:
    "Deletes it at the platform, all parts of it. 202: the worker does it; the job then is removed, with time and by whom.",
  tags: ["jobs"],
  auth: write,
  params: jobParam,
  response: JobView,
  status: 202,
  errors: ["not_found", "state_conflict"],
  example: { params: { id: ids.job }, response: { ...job, state: "published" } },
});

export const resolveJob = defineOperation({
  id: "resolveJob",
  method: "POST",
  path: "/api/jobs/:id/resolve",
  summary: "Settle what cannot be known",
  description:
    "A person says that it is live (and links it), that it is not live (send again), or leaves it (discarded), with a reason and a note where they like: GET /api/dlq/reasons counts them.",
  tags: ["jobs"],
  auth: write,
  params: jobParam,
  body: ResolveInput,
  response: JobView,
  errors: ["not_found", "state_conflict", "conflict", "platform_unavailable"],
  example: {
    params: { id: ids.job },
    body: { outcome: "live", permalink: "https://bsky.app/profile/nordlys.example/post/3k" },
    response: { ...job, state: "published" },
  },
});

export const listDlq = defineOperation({
  id: "listDlq",
  method: "GET",
  path: "/api/dlq",
  summary: "What failed, grouped by cause",
  description:
    "Failed and unknown jobs with one cause together, who can cure it and how. What was due more than 7 days ago and is not sent, whatever it is held for, is a group of its own per platform (`overdue`); it stays held, and POST /api/backfill sends, spreads or drops it.",
  tags: ["jobs"],
  auth: { kind: "caller", by: ["session", "key"], scope: "posts:read" },
  response: z.object({ groups: z.array(DlqGroupView), simulated: z.boolean() }),
  errors: [],
  example: {
    response: {
      groups: [
        {
          cause: "content_rejected:too_long",
          kind: "content_rejected",
          platform: "bluesky",
          message: "The text is longer than Bluesky takes.",
          actor: "you",
          action: "edit",
          count: 1,
          oldestAt: at,
          jobs: [{ ...job, state: "failed" }],
        },
      ],
      simulated: true,
    },
  },
});

export const replayDlq = defineOperation({
  id: "replayDlq",
  method: "POST",
  path: "/api/dlq/replay",
  summary: "Send failed jobs again",
  description: "All of one cause, or the named ones. Unknown jobs are refused: a person settles those.",
  tags: ["jobs"],
  auth: write,
  body: z.union([
    z.strictObject({ cause: z.string().min(1).max(300) }),
    z.strictObject({ jobIds: z.array(idSchema("publishJob")).min(1).max(500) }),
  ]),
  response: z.object({
    replayed: z.number().int(),
    refused: z.array(z.object({ jobId: z.string(), reason: z.string() })),
  }),
  errors: ["not_found"],
  example: { body: { cause: "content_rejected:too_long" }, response: { replayed: 1, refused: [] } },
});

export const pause = defineOperation({
  id: "pause",
  method: "POST",
  path: "/api/pause",
  summary: "Stop publishing",
  description:
    "The tenant, one connection, or (operators only) the whole instance. What is due is held, nothing is lost.",
  tags: ["operations"],
  auth: operate,
  body: PauseInput,
  response: z.object({ paused: z.literal(true) }),
  errors: ["not_found"],
  example: { body: { scope: "tenant" }, response: { paused: true } },
});

export const resume = defineOperation({
  id: "resume",
  method: "POST",
  path: "/api/resume",
  summary: "Go on publishing",
  description: "Releases what the pause held.",
  tags: ["operations"],
  auth: operate,
  body: PauseInput,
  response: z.object({ paused: z.literal(false), released: z.number().int() }),
  errors: ["not_found"],
  example: { body: { scope: "tenant" }, response: { paused: false, released: 3 } },
});
