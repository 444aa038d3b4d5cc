import assert from "node:assert/strict";
import { test } from "node:test";
import { asId, JobView } from "@postd/contracts";
import { freshCircuit } from "../../domain/circuit.ts";
import type { JobRecord } from "../../ports/publishing-store.ts";
import { jobView } from "./views.ts";

const at = new Date("2027-01-04T09:00:00Z");
const record: JobRecord = {
  id: asId("publishJob", "job_01a219fd2514753690587099d6a2ba08"),
  postId: asId("post", "post_01a219fd2514753690587099d6a2ba08"),
  connectionId: asId("connection", "con_01a219fd2514753690587099d6a2ba08"),
  platform: "board",
  state: "retrying",
  heldReason: undefined,
  waitsFor: undefined,
  scheduledFor: at,
  wakeAt: at,
  tries: 2,
  post: { format: "text", text: "Fresh bread", media: [], options: {} },
  mayBeLive: false,
  visible: undefined,
  firstClaimedAt: at,
  wish: undefined,
  wishOutcome: undefined,
  partsGone: false,
  removedAt: undefined,
  removedBy: undefined,
  successorId: undefined,
  leaseUntil: undefined,
  externalPostId: undefined,
  permalink: undefined,
  earlierPosts: [],
  publishedAt: undefined,
  failure: {
    kind: "rate_limited",
    message: "Slow down.",
    effect: "The post waits until the platform takes it.",
    actor: "platform",
    step: "send",
    platformCode: "4",
    httpStatus: 429,
    at: at.toISOString(),
  },
  probe: undefined,
  needsPerson: false,
  nativeSchedule: false,
  simulated: true,
  createdAt: at,
  updatedAt: at,
};

test("a job says how often it was tried and how often it is, and of a failure what a client decides by", () => {
  const view = jobView(record);
  assert.ok(JobView.safeParse(view).success);
  assert.deepEqual([view.tries, view.maxTries], [2, 5]);
  assert.deepEqual([view.failure?.retryable, view.failure?.httpStatus, view.failure?.platformCode], [true, 429, "4"]);
  assert.deepEqual(view.failure?.raw, { message: "Slow down.", platformCode: "4", httpStatus: 429 });
});

test("a post that was replaced names what it was called before, and one that was not says nothing of it", () => {
  const before = { externalPostId: "1", until: at.toISOString() };
  assert.deepEqual(jobView({ ...record, earlierPosts: [before] }).earlierPosts, [before]);
  assert.equal("earlierPosts" in jobView(record), false);
});

test("a job that waits for its platform says since when that is down and when it is asked next, not when the job itself would wake", () => {
  const waitsFor = {
    ...freshCircuit("bluesky:real:", "platform"),
    state: "open",
    downSince: new Date("2026-05-01T11:50:00Z"),
    probeAt: new Date("2026-05-01T12:02:00Z"),
  } as const;
  const { nextAt, waitsFor: told } = jobView({ ...record, state: "held", heldReason: "outage", waitsFor });
  assert.equal(nextAt, "2026-05-01T12:02:00.000Z");
  assert.deepEqual(told, {
    what: "platform",
    since: "2026-05-01T11:50:00.000Z",
    nextLookAt: "2026-05-01T12:02:00.000Z",
    message:
      "The platform does not answer since 11:50 UTC. POSTD asks it again at 12:02 UTC; the post goes out by itself when it answers.",
  });
  assert.equal(jobView({ ...record, waitsFor: { ...waitsFor, state: "closed" } }).waitsFor, undefined);
});
