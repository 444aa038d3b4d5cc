import { z } from "zod";
import { TimeZoneInput } from "./bounded.ts";
import { idSchema, PlatformId } from "./ids.ts";
import { type Actor, actors } from "./job-states.ts";
import { DisplayName } from "./people-input.ts";

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

/** When somebody is told. In the app and in a chat it is there at once or not at all. */
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
  readonly chat: Exclude<NoticeChoice, "daily">;
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
    chat: "at_once",
    reads: ["connectionIds", "message", "until"],
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

const Instant = z.iso.datetime();

/** Something people of a workspace are to know, in words. */
export const NotificationView = z.object({
  id: idSchema("notification"),
  kind: NoticeKindName,
  severity: z.enum(noticeSeverities),
  actor: z.enum(actors),
  title: z.string(),
  /** What happened, since when, what waits and what to do, in plain sentences. */
  text: z.string(),
  /** The one thing to do: `path` is a page of the web app. */
  action: z.object({ kind: z.enum(noticeActions), label: z.string().optional(), path: z.string().optional() }),
  subject: NoticeSubject,
  accounts: z.array(
    z.object({
      connectionId: idSchema("connection"),
      platform: PlatformId,
      name: z.string(),
      handle: z.string().optional(),
    }),
  ),
  /** Posts that wait for it. */
  waiting: z.object({ count: z.int().min(0), earliestAt: Instant.optional() }).optional(),
  /** How many it is about, where it is about many. */
  count: z.number().optional(),
  raisedAt: Instant,
  /** What it says has ended. */
  settledAt: Instant.optional(),
  /** When the asking person read it. */
  readAt: Instant.optional(),
  simulated: z.boolean(),
});
export type NotificationView = z.infer<typeof NotificationView>;

const perKind = <T extends z.ZodType>(choice: T) => z.partialRecord(NoticeKindName, choice);
const AppChoice = z.enum(["at_once", "off"]);
const Choice = z.enum(noticeChoices);
const Hour = z.int().min(0).max(23);

export const NotificationPreferencesView = z.object({
  /** When the daily mail comes, in the time zone. */
  digestHour: Hour,
  timeZone: z.string(),
  /** The time zone is the workspace's, as long as the person chose none. */
  ownTimeZone: z.boolean(),
  /** false: this server sends no mail. */
  mailed: z.boolean(),
  kinds: z.array(
    z.object({
      kind: NoticeKindName,
      label: z.string(),
      severity: z.enum(noticeSeverities),
      app: AppChoice,
      mail: Choice,
    }),
  ),
});
export type NotificationPreferencesView = z.infer<typeof NotificationPreferencesView>;

/** What is not named is as the kind has it. */
export const NotificationPreferencesInput = z.strictObject({
  digestHour: Hour.optional(),
  timeZone: TimeZoneInput.optional(),
  app: perKind(AppChoice).optional(),
  mail: perKind(Choice).optional(),
});
export type NotificationPreferencesInput = z.infer<typeof NotificationPreferencesInput>;

export const noticeChannelKinds = ["slack", "discord"] as const;
export type NoticeChannelKind = (typeof noticeChannelKinds)[number];

/** A chat that gets a workspace's notices. Its address is a secret and is shown nowhere. */
export const NotificationChannelView = z.object({
  id: idSchema("noticeChannel"),
  kind: z.enum(noticeChannelKinds),
  name: z.string(),
  host: z.string(),
  lastCharacters: z.string(),
  choices: perKind(AppChoice),
  /** The chat refused for good: nothing is sent until a test succeeds. */
  broken: z.object({ message: z.string(), at: Instant }).optional(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type NotificationChannelView = z.infer<typeof NotificationChannelView>;

const Address = z.string().trim().min(1).max(500);

export const NotificationChannelInput = z.strictObject({
  kind: z.enum(noticeChannelKinds),
  name: DisplayName,
  /** The incoming webhook's address, as Slack or Discord shows it. */
  address: Address,
  choices: perKind(AppChoice).optional(),
});
export type NotificationChannelInput = z.infer<typeof NotificationChannelInput>;

export const NotificationChannelPatch = z.strictObject({
  name: DisplayName.optional(),
  address: Address.optional(),
  choices: perKind(AppChoice).optional(),
});
export type NotificationChannelPatch = z.infer<typeof NotificationChannelPatch>;
