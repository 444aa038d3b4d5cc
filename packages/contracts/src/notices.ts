import { z } from "zod";
import type { Actor } from "./job-states.ts";

/** What a notice asks of whoever reads it; the screens make one button of it. */
export const noticeActions = [
  "reconnect",
  "look_at_connection",
  "look_at_desk",
  "look_at_post",
  "look_at_platform",
  "look_at_channels",
  "none",
] as const;
export type NoticeAction = (typeof noticeActions)[number];

/** `act`: somebody must do something. `warn`: it will need somebody, or mends itself. `info`: it is good to know. */
export const noticeSeverities = ["act", "warn", "info"] as const;

/** When somebody is told. In the app it is there at once or not at all. */
export const noticeChoices = ["at_once", "daily", "off"] as const;
export type NoticeChoice = (typeof noticeChoices)[number];

export interface NoticeKindFacts {
  /** What the kind is called where people choose. */
  readonly label: string;
  readonly severity: (typeof noticeSeverities)[number];
  readonly actor: Actor;
  readonly action: NoticeAction;
  /** When mail tells of it, unless somebody chose otherwise: to those who may act, and to everybody else. */
  readonly mail: { readonly mayAct: NoticeChoice; readonly others: NoticeChoice };
  /** When a workspace's chat tells of it, unless somebody chose otherwise. */
  readonly chat: NoticeChoice;
  /** What of its data the words are made of, for whoever raises it. */
  readonly reads: readonly string[];
}

const kind = <const K extends NoticeKindFacts>(facts: K): NoticeKindFacts => facts;

/** Every kind of notice. `reads` names what its data may hold besides; all of it is optional. */
export const noticeKinds = {
  connection_attention: kind({
    label: "An account needs somebody",
    severity: "act",
    actor: "account_owner",
    action: "reconnect",
    mail: { mayAct: "at_once", others: "off" },
    chat: "at_once",
    reads: ["connectionIds", "code", "message", "actor"],
  }),
  connection_recovered: kind({
    label: "An account works again",
    severity: "info",
    actor: "you",
    action: "look_at_connection",
    mail: { mayAct: "off", others: "off" },
    chat: "at_once",
    reads: ["connectionIds", "of"],
  }),
  connection_expiring: kind({
    label: "A sign-in ends soon",
    severity: "warn",
    actor: "account_owner",
    action: "reconnect",
    mail: { mayAct: "daily", others: "off" },
    chat: "daily",
    reads: ["connectionIds", "message"],
  }),
  posts_failed: kind({
    label: "Posts were not sent",
    severity: "act",
    actor: "you",
    action: "look_at_desk",
    mail: { mayAct: "at_once", others: "daily" },
    chat: "at_once",
    reads: ["count", "cause", "message", "earliestAt"],
  }),
  posts_unknown: kind({
    label: "Posts that may be live ask a person",
    severity: "act",
    actor: "you",
    action: "look_at_desk",
    mail: { mayAct: "at_once", others: "daily" },
    chat: "at_once",
    reads: ["count", "cause", "message", "earliestAt"],
  }),
  posts_missed: kind({
    label: "Posts missed their time",
    severity: "act",
    actor: "you",
    action: "look_at_desk",
    mail: { mayAct: "at_once", others: "daily" },
    chat: "at_once",
    reads: ["count", "earliestAt"],
  }),
  posts_overdue: kind({
    label: "Posts have waited for over a week",
    severity: "act",
    actor: "you",
    action: "look_at_desk",
    mail: { mayAct: "at_once", others: "daily" },
    chat: "at_once",
    reads: ["count", "cause", "earliestAt"],
  }),
  posts_backfill: kind({
    label: "Held posts wait for a decision",
    severity: "act",
    actor: "you",
    action: "look_at_connection",
    mail: { mayAct: "at_once", others: "daily" },
    chat: "at_once",
    reads: ["count", "earliestAt"],
  }),
  platform_outage: kind({
    label: "A platform is down",
    severity: "warn",
    actor: "platform",
    action: "look_at_platform",
    mail: { mayAct: "daily", others: "off" },
    chat: "at_once",
    reads: ["count", "message"],
  }),
  budget_spent: kind({
    label: "A platform's quota is used up",
    severity: "warn",
    actor: "platform",
    action: "look_at_connection",
    mail: { mayAct: "off", others: "off" },
    chat: "off",
    reads: ["count", "message", "until"],
  }),
  dead_letter_daily: kind({
    label: "What waits at the dead-letter desk, each day",
    severity: "info",
    actor: "you",
    action: "look_at_desk",
    mail: { mayAct: "at_once", others: "off" },
    chat: "at_once",
    reads: ["count", "day", "causes"],
  }),
  operator_must_act: kind({
    label: "This server needs its operator",
    severity: "warn",
    actor: "operator",
    action: "none",
    mail: { mayAct: "daily", others: "off" },
    chat: "off",
    reads: ["count", "message"],
  }),
  channel_broken: kind({
    label: "A chat does not take notices",
    severity: "act",
    actor: "you",
    action: "look_at_channels",
    mail: { mayAct: "daily", others: "off" },
    chat: "off",
    reads: ["name", "message"],
  }),
} as const;

export type NoticeKind = keyof typeof noticeKinds;
export const noticeKindNames = Object.keys(noticeKinds) as [NoticeKind, ...NoticeKind[]];
export const NoticeKindName = z.enum(noticeKindNames);

/** What a notice is about. */
export const noticeSubjects = ["connection", "post", "platform", "tenant", "channel"] as const;
export const NoticeSubject = z.object({ kind: z.enum(noticeSubjects), id: z.string() });
export type NoticeSubject = z.infer<typeof NoticeSubject>;
