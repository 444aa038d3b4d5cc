import { z } from "zod";
import { InstantInput } from "../bounded.ts";
import { defineOperation } from "../operation.ts";
import { pageOf, pageQuery } from "../paging.ts";
import { AuditEntryView } from "../views.ts";
import { at, ids, later } from "./examples.ts";

const read = { kind: "caller", by: ["session", "key"], scope: "audit:read" } as const;

const word = (what: string) =>
  z
    .string()
    .max(100)
    .regex(/^[a-z][a-z0-9_]*(?:\.[a-z0-9_]*)?$/, `must be ${what}`)
    .optional();

const filters = {
  subject: word("a kind such as member, or an id"),
  actor: word("a kind such as person, or an id"),
  action: word("an action such as member.removed, or all of a kind such as member."),
  since: InstantInput.optional(),
  until: InstantInput.optional(),
};

const entry = {
  id: "aud_0195a1b2c3d47e8f90a1b2c3d4e5f610",
  at: later,
  actor: { kind: "person", id: ids.user, name: "Ola Nordmann" },
  action: "member.changed",
  subject: { kind: "member", id: ids.member, name: "Ida Holm" },
  before: { role: "editor" },
  after: { role: "admin" },
  reason: "Ida takes over while Ola is away.",
  requestId: "req-1a",
} as const;

export const listAudit = defineOperation({
  id: "listAudit",
  method: "GET",
  path: "/api/audit",
  summary: "Who changed what, when and why",
  description:
    "Every change of an account, member, invitation, API key, app, link, pause and setting of the workspace, newest first. Written with the change itself and never changed afterwards. before and after hold what changed; of what people named only says changed that it did. Names are looked up when this is read, and are absent once their person or thing is gone. Any changing request may say why in the header X-Postd-Reason, percent-encoded UTF-8 of at most 500 characters; otherwise reason is the cause, where there is one. POSTD keeps no address of the caller here: requestId finds the request in the server's log, for as long as its operator keeps that.",
  tags: ["operations"],
  auth: read,
  query: z.strictObject({ ...pageQuery, ...filters }),
  response: pageOf(AuditEntryView),
  errors: [],
  example: { query: { subject: "member", since: at }, response: { items: [entry], simulated: false } },
});

export const exportAudit = defineOperation({
  id: "exportAudit",
  method: "GET",
  path: "/api/audit/export",
  summary: "The record of changes as a file",
  description:
    "The same rows as GET /api/audit, all of them, sent while they are read: csv (the default; text that a spreadsheet would take for a formula begins with an apostrophe) or jsonl, one JSON object a line.",
  tags: ["operations"],
  auth: read,
  query: z.strictObject({ format: z.enum(["csv", "jsonl"]).default("csv"), ...filters }),
  response: z.string(),
  answer: "text",
  errors: [],
  example: { query: { format: "jsonl" }, response: `${JSON.stringify(entry)}\n` },
});
