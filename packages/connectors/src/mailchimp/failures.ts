import { type FailureRule, failureTable, type HttpResponse, type Said } from "@postd/connector-kit";
import { z } from "zod";

/** @source platforms/mailchimp.md "Errors" */
const Problem = z
  .object({
    title: z.string().default(""),
    detail: z.string().default(""),
    instance: z.string().optional(),
    errors: z
      .array(z.object({ field: z.string().default(""), message: z.string().default("") }))
      .catch([])
      .default([]),
  })
  .refine(({ title, detail }) => title !== "" || detail !== "");

/** Fields of a campaign, and those of a post they come from. */
const places: Readonly<Record<string, string>> = {
  "settings.subject_line": "options.subject",
  "settings.preview_text": "options.previewText",
  "settings.title": "options.title",
  "settings.from_name": "options.fromName",
  "settings.reply_to": "options.replyTo",
  "settings.template_id": "options.template",
  "template.id": "options.template",
  "recipients.list_id": "destination",
  "recipients.segment_opts": "options.segment",
  html: "text",
  schedule_time: "scheduledFor",
  email_address: "email",
  test_emails: "to",
};
const placeOf = (field: string): string | undefined =>
  Object.entries(places).find(([theirs]) => field === theirs || field.startsWith(`${theirs}.`))?.[1];

/** Titles come translated, so the status and a piece of the words tell what it is. */
const marks: readonly (readonly [string, RegExp])[] = [
  ["recipients_not_ready", /recipients not ready/i],
  ["not_ready", /not ready to send/i],
  ["not_schedulable", /cannot be scheduled/i],
  ["recipient_state", /compliance (state|review)|permanently deleted|forgotten email/i],
  ["member_exists", /already a list member/i],
  ["wrong_data_centre", /wrong ?data ?cent(er|re)|different data ?cent(er|re)/i],
  ["disabled", /(api access|api key|user|account) (has been|is|was) (disabled|deactivated)|user disabled/i],
];

function read({ json, status }: HttpResponse): Said | undefined {
  const told = Problem.safeParse(json).data;
  if (!told) return undefined;
  const { title, detail, instance, errors } = told;
  const whole = `${title} ${detail}`;
  // A dead key is told in the words of a wrong data centre too.
  const mark = status === 401 ? undefined : marks.find(([, words]) => words.test(whole))?.[0];
  const [first] = errors;
  const words = first ? errors.map(({ field, message }) => `${field}: ${message}`).join("; ") : detail;
  return {
    codes: [...(mark ? [mark] : []), ...(title ? [title] : []), String(status)],
    words: words || title,
    ...(instance && { requestId: instance }),
    ...(first && { field: placeOf(first.field) }),
  };
}

const ours: FailureRule = {
  kind: "unexpected_response",
  say: "Mailchimp did not accept how POSTD sent this; the post itself is not at fault. The operator finds the reason in the log.",
};
const rejected = (reason: string): FailureRule => ({
  kind: "content_rejected",
  reason,
  say: (words) => `Mailchimp refused it: ${words}`,
});
const dead: FailureRule = {
  kind: "auth_expired",
  say: "Mailchimp no longer takes this sign-in. Its key was removed, or its user left the account.",
};
const disabled: FailureRule = {
  kind: "account_blocked",
  say: "Mailchimp has switched off access for this account or user. Only Mailchimp's support can end that.",
};

export const failures = failureTable({
  name: "Mailchimp",
  read,
  codes: {
    recipients_not_ready: {
      kind: "unavailable",
      waitMs: 2_000,
      say: "Mailchimp is still counting who gets this campaign.",
    },
    not_ready: { ...rejected("not_ready"), field: "post" },
    not_schedulable: {
      ...rejected("not_schedulable"),
      field: "scheduledFor",
      say: "Mailchimp does not schedule this campaign, and gives no reason. Its clock has quarter hours only, and not every plan has it; leave nativeSchedule out, and POSTD sends it at any minute.",
    },
    recipient_state: { ...rejected("recipient_state"), field: "email" },
    member_exists: { ...rejected("member_exists"), field: "email" },
    // Renewing finds the data centre anew.
    wrong_data_centre: {
      kind: "auth_expired",
      say: "Mailchimp keeps this account in another data centre than the one we asked.",
    },
    disabled,
    "JSON Parse Error": ours,
    "Invalid Action": ours,
    400: rejected("refused"),
    401: dead,
    403: {
      kind: "account_blocked",
      say: (words) => `This Mailchimp user or plan may not do that: ${words}`,
    },
    404: {
      ...rejected("missing"),
      say: "Mailchimp does not have it any more, or this user may not see it.",
    },
    405: ours,
    414: ours,
    422: ours,
    426: { kind: "operator_must_act", what: "this server's TLS, which Mailchimp finds too old" },
    429: { kind: "rate_limited", say: "Mailchimp takes ten calls of a user at a time, and has ten." },
    503: { ...disabled, status: 503, words: /method has been disabled|compliance/i },
    ComplianceRelated: { ...disabled, status: 503 },
  },
  // Without its own words Mailchimp says that it is too busy, at either status. @source platforms/mailchimp.md "Errors"
  statuses: {
    403: { kind: "rate_limited", say: "Mailchimp is too busy for this account now." },
    429: { kind: "rate_limited", say: "Mailchimp is too busy for this account now." },
    426: { kind: "operator_must_act", what: "this server's TLS, which Mailchimp finds too old" },
    401: { ...dead, guess: true },
  },
});
