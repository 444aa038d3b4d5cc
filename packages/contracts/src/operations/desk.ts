import { z } from "zod";
import { InstantInput } from "../bounded.ts";
import { DeskAuditView, DeskReasonCount } from "../desk.ts";
import { defineOperation } from "../operation.ts";
import { at, later } from "./examples.ts";

const read = { kind: "caller", by: ["session", "key"], scope: "posts:read" } as const;

export const deskReasonCounts = defineOperation({
  id: "deskReasonCounts",
  method: "GET",
  path: "/api/dlq/reasons",
  summary: "Why posts ended at the desk",
  description:
    "Reasons people gave when they settled, discarded or dropped a post, counted, most frequent first. Without `since`: the last 30 days.",
  tags: ["jobs"],
  auth: read,
  query: z.strictObject({ since: InstantInput.optional(), until: InstantInput.optional() }),
  response: z.object({
    since: z.iso.datetime(),
    until: z.iso.datetime(),
    total: z.number().int(),
    reasons: z.array(DeskReasonCount),
  }),
  errors: [],
  example: {
    query: { since: at },
    response: {
      since: at,
      until: later,
      total: 3,
      reasons: [{ reason: "no_longer_needed", count: 3, lastAt: later, byOutcome: { drop: 3 } }],
    },
  },
});

export const deskAudits = defineOperation({
  id: "deskAudits",
  method: "GET",
  path: "/api/dlq/audits",
  summary: "The desk, day by day",
  description:
    "Once a day, in the morning of the workspace's time zone, POSTD counts what waits at the desk by cause and what has changed since; newest first, up to 30 days.",
  tags: ["jobs"],
  auth: read,
  response: z.object({ items: z.array(DeskAuditView) }),
  errors: [],
  example: {
    response: {
      items: [
        {
          day: "2026-03-02",
          at,
          jobs: 2,
          oldestAt: at,
          causes: [{ cause: "bluesky:content_rejected:text", count: 2, change: 1 }],
          decided: { duplicate: 1 },
        },
      ],
    },
  },
});
