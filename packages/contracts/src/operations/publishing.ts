import { z } from "zod";
import { FieldProblem } from "../errors.ts";
import { idSchema } from "../ids.ts";
import { jobStates, postStatuses } from "../job-states.ts";
import { defineOperation } from "../operation.ts";
import { pageOf, pageQuery, queryFlag } from "../paging.ts";
import { PostInput, PostPatch, PublishRequest, TrialRequest } from "../publishing.ts";
import { JobView, PostView } from "../views.ts";
import { ids, job, later, post } from "./examples.ts";

const postParam = z.strictObject({ id: idSchema("post") });
const read = { kind: "caller", by: ["session", "key"], scope: "posts:read" } as const;
const write = { kind: "caller", by: ["session", "key"], scope: "posts:write" } as const;
const approve = { kind: "caller", by: ["session", "key"], scope: "posts:approve" } as const;

export const publish = defineOperation({
  id: "publish",
  method: "POST",
  path: "/api/publish",
  summary: "Publish to one connection",
  description:
    "Makes one publish job, now or at scheduledFor. With an Idempotency-Key (header or payload.idempotencyKey) the same request again answers the first job and never posts twice. 202: accepted, follow the job.",
  tags: ["publish"],
  auth: write,
  body: PublishRequest,
  response: JobView,
  status: 202,
  errors: [
    "not_found",
    "post_has_problems",
    "account_needs_attention",
    "idempotency_conflict",
    "idempotency_keys_differ",
    "conflict",
    "platform_unavailable",
  ],
  creates: { by: "service", bodyKey: "payload.idempotencyKey" },
  example: {
    body: {
      connectionId: ids.connection,
      payload: { text: "New beans are in.", scheduledFor: later, idempotencyKey: "beans-2026-03" },
    },
    response: job,
  },
});

export const getPublishJob = defineOperation({
  id: "getPublishJob",
  method: "GET",
  path: "/api/publish/:jobId",
  summary: "One publish job",
  description:
    "Where it stands, every attempt, and for an unknown one what looking has shown and when POSTD looks next.",
  tags: ["publish"],
  auth: read,
  params: z.strictObject({ jobId: idSchema("publishJob") }),
  response: JobView,
  errors: ["not_found"],
  example: { params: { jobId: ids.job }, response: job },
});

export const createPost = defineOperation({
  id: "createPost",
  method: "POST",
  path: "/api/posts",
  summary: "Write a post for many targets",
  description:
    "One content, versions by connection or platform, many targets. mode: publish makes the jobs now, ask waits for an approver, draft keeps it. Where the workspace wants every post approved, ask is all that a member without the word or a key may do.",
  tags: ["posts"],
  auth: write,
  body: PostInput,
  response: PostView,
  status: 201,
  errors: [
    "not_found",
    "post_has_problems",
    "idempotency_conflict",
    "idempotency_keys_differ",
    "conflict",
    "platform_unavailable",
  ],
  creates: { by: "service", bodyKey: "idempotencyKey" },
  example: {
    body: { text: "New beans are in.", targets: [{ connectionId: ids.connection }], scheduledFor: later },
    response: post,
  },
});

export const validatePost = defineOperation({
  id: "validatePost",
  method: "POST",
  path: "/api/posts/validate",
  summary: "Check a post without sending it",
  description:
    "Every problem of every target at once. Nothing is kept and nothing is sent. Warnings stop nothing: among them that the same went out to the account before (went_out_before), and that another post to it is planned within 15 minutes (near_another).",
  tags: ["posts"],
  auth: write,
  body: PostInput,
  response: z.object({
    ok: z.boolean(),
    targets: z.array(
      z.object({ connectionId: z.string(), format: z.string().optional(), problems: z.array(FieldProblem) }),
    ),
  }),
  errors: ["not_found"],
  example: {
    body: { text: "", targets: [{ connectionId: ids.connection }] },
    response: {
      ok: false,
      targets: [
        {
          connectionId: ids.connection,
          problems: [{ field: "text", code: "empty", message: "Write a text or add media.", severity: "error" }],
        },
      ],
    },
  },
});

export const trialPost = defineOperation({
  id: "trialPost",
  method: "POST",
  path: "/api/posts/trial",
  summary: "Show a post to a few people first",
  description:
    "Sends it to these addresses and to nobody else, as the account would send it: a test mail. Nothing is kept, here or there; the same again sends it again. Platforms that can have formats in supports.trial.",
  tags: ["posts"],
  auth: write,
  body: TrialRequest,
  response: z.object({ sent: z.literal(true), simulated: z.boolean() }),
  errors: ["not_found", "post_has_problems", "account_needs_attention", "platform_unavailable"],
  example: {
    body: {
      connectionId: ids.connection,
      destination: "4fb1d2c3a0",
      text: "New beans are in.",
      options: { subject: "New beans" },
      to: ["ida@nordlys.example"],
    },
    response: { sent: true, simulated: true },
  },
});

export const listPosts = defineOperation({
  id: "listPosts",
  method: "GET",
  path: "/api/posts",
  summary: "List posts",
  description:
    "Newest first, with their jobs. Answers to comments and reviews are left out unless replies=true; those that wait for an approver stand in status=awaiting_approval. An answer has the format reply, and what it answers is the destination of its target.",
  tags: ["posts"],
  auth: read,
  query: z.strictObject({ ...pageQuery, status: z.enum(postStatuses).optional(), replies: queryFlag.optional() }),
  response: pageOf(PostView),
  errors: [],
  example: { query: { status: "approved" }, response: { items: [post], simulated: true } },
});

export const exportPosts = defineOperation({
  id: "exportPosts",
  method: "GET",
  path: "/api/posts/export",
  summary: "Posts as a file",
  description:
    "The posts of GET /api/posts as a CSV table, all of them, sent while they are read: one line for each account of a post, with where it stands there, its times and its address. Text that a spreadsheet would take for a formula begins with an apostrophe.",
  tags: ["posts"],
  auth: read,
  query: z.strictObject({ status: z.enum(postStatuses).optional() }),
  response: z.string(),
  answer: "text",
  errors: [],
  example: { query: { status: "approved" }, response: "post_id,status,text\r\n" },
});

export const getPost = defineOperation({
  id: "getPost",
  method: "GET",
  path: "/api/posts/:id",
  summary: "One post",
  description: "Content, versions, targets and the job of every target.",
  tags: ["posts"],
  auth: read,
  params: postParam,
  response: PostView,
  errors: ["not_found"],
  example: { params: { id: ids.post }, response: post },
});

export const updatePost = defineOperation({
  id: "updatePost",
  method: "PATCH",
  path: "/api/posts/:id",
  summary: "Change a post",
  description:
    "Each target is decided by itself and named in `changes`: changed, waiting until POSTD knows whether it is live, being changed live, or too late. 202 while any of them still waits. With ifVersion a change made in between is a 409 instead of lost. A post that needs approval asks again when what it says or where it goes changes, unless an owner or admin changes it in person; moving it in time does not.",
  tags: ["posts"],
  auth: write,
  params: postParam,
  body: PostPatch,
  response: PostView,
  also: [202],
  errors: ["not_found", "state_conflict", "conflict", "post_has_problems"],
  example: { params: { id: ids.post }, body: { text: "New beans are here." }, response: post },
});

export const deletePost = defineOperation({
  id: "deletePost",
  method: "DELETE",
  path: "/api/posts/:id",
  summary: "Delete a post",
  description:
    "Cancels what is not sent. What is live stays live unless alsoLive=true. Where something may be live POSTD looks first: 202, and `changes` says for each target what happens. The same idempotency key never makes a second post of what was sent.",
  tags: ["posts"],
  auth: write,
  params: postParam,
  query: z.strictObject({ alsoLive: queryFlag.default(false) }),
  response: PostView,
  also: [202],
  errors: ["not_found", "state_conflict", "conflict"],
  example: { params: { id: ids.post }, query: { alsoLive: "false" }, response: post },
});

const Note = z.string().trim().max(2_000);
/** `hash` of the post as the approver saw it. */
const SeenHash = z.string().regex(/^[0-9a-f]{64}$/, "must be the hash of the post as GET /api/posts/:id gives it");

export const approvePost = defineOperation({
  id: "approvePost",
  method: "POST",
  path: "/api/posts/:id/approve",
  summary: "Approve a post",
  description:
    "Makes its publish jobs. An account that has a job of this post already, from before it was a draft again, keeps that one: no second post goes out. `hash` is that of the post you looked at, so that nobody approves what they did not see: where what it says, where it goes or its time has changed since, the answer is a 409 that names the present hash, and nothing is approved. Of two approvers at once one decides, and the other is told who did. Nobody approves what they wrote or changed last, but an owner or admin in person; a key never does.",
  tags: ["posts"],
  auth: approve,
  params: postParam,
  body: z.strictObject({ note: Note.optional(), hash: SeenHash }),
  response: PostView,
  also: [202],
  errors: ["not_found", "conflict", "state_conflict", "post_has_problems"],
  example: {
    params: { id: ids.post },
    body: { hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" },
    response: post,
  },
});

export const rejectPost = defineOperation({
  id: "rejectPost",
  method: "POST",
  path: "/api/posts/:id/reject",
  summary: "Reject a post",
  description: "Sends it back to its author with a note.",
  tags: ["posts"],
  auth: approve,
  params: postParam,
  body: z.strictObject({ note: Note.optional() }),
  response: PostView,
  errors: ["not_found", "state_conflict"],
  example: {
    params: { id: ids.post },
    body: { note: "The price is wrong." },
    response: { ...post, status: "rejected", jobs: [] },
  },
});

const states = z
  .string()
  .max(300)
  .transform((list) => list.split(","))
  .pipe(z.array(z.enum(jobStates)).max(jobStates.length));

export const listJobs = defineOperation({
  id: "listJobs",
  method: "GET",
  path: "/api/jobs",
  summary: "List publish jobs",
  description:
    "Newest first. state takes one or more states separated by commas. An account or post that is not there is a 404.",
  tags: ["jobs"],
  auth: read,
  query: z.strictObject({
    ...pageQuery,
    state: states.optional(),
    connectionId: idSchema("connection").optional(),
    postId: idSchema("post").optional(),
  }),
  response: pageOf(JobView),
  errors: ["not_found"],
  example: { query: { state: "held,unknown" }, response: { items: [job], simulated: true } },
});
