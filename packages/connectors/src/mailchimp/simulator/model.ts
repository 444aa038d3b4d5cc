import type { StoredMedia } from "@postd/connector-kit/simulator";

export type Plan = "monthly" | "pay_as_you_go" | "forever_free";
export type Role = "owner" | "admin" | "manager" | "author" | "viewer";
export type MemberStatus = "subscribed" | "unsubscribed" | "cleaned" | "pending" | "transactional" | "archived";

export interface Account {
  readonly id: string;
  /** Data centre: "us19". */
  readonly dc: string;
  readonly name: string;
  readonly person: { readonly id: string; readonly name: string; readonly email: string };
  role: Role;
  plan: Plan;
  /** Has what only premium plans have. */
  isPremium: boolean;
  isDisabled: boolean;
  /** Sending domains by name. */
  readonly domains: Map<string, { verified: boolean; authenticated: boolean }>;
}

export interface Audience {
  readonly id: string;
  readonly webId: number;
  readonly account: Account;
  readonly name: string;
  readonly fromName: string;
  readonly fromEmail: string;
  readonly createdAt: number;
}

export interface Condition {
  readonly condition_type?: string | undefined;
  readonly field: string;
  readonly op: string;
  readonly value?: unknown;
}

/** A tag is a static segment. */
export interface Segment {
  readonly id: string;
  readonly audience: Audience;
  readonly name: string;
  readonly type: "saved" | "static";
  readonly match: "any" | "all";
  readonly conditions: readonly Condition[];
  readonly createdAt: number;
}

export interface Member {
  /** Audience and hash of the address. */
  readonly id: string;
  readonly hash: string;
  readonly audience: Audience;
  readonly webId: number;
  email: string;
  status: MemberStatus;
  /** Left by their own will, bounced or complained: no API call brings them back. */
  isBarred: boolean;
  fields: Readonly<Record<string, unknown>>;
  language: string;
  isVip: boolean;
  /** Ids of static segments, with the time. */
  readonly tags: Map<string, number>;
  readonly createdAt: number;
  changedAt: number;
  readonly source: string;
}

export interface Template {
  readonly id: string;
  readonly account: Account;
  readonly name: string;
  readonly html: string;
  readonly createdAt: number;
}

export interface StoredFile {
  readonly id: string;
  readonly account: Account;
  readonly name: string;
  readonly folder: number;
  readonly media: StoredMedia;
  readonly url: string;
  readonly createdAt: number;
}

export interface Recipients {
  readonly audience: Audience;
  readonly saved?: Segment;
  /** Its segment was deleted since. */
  isSegmentGone?: boolean;
  readonly match?: "any" | "all";
  readonly conditions?: readonly Condition[];
}

export interface Clicks {
  readonly url: string;
  readonly total: number;
  readonly unique: number;
}

/** What people did with a campaign. */
export interface Engagement {
  readonly opens: number;
  readonly uniqueOpens: number;
  readonly clicks: readonly Clicks[];
  readonly unsubscribed: number;
  readonly abuseReports: number;
  readonly hardBounces: number;
  readonly softBounces: number;
  readonly forwards: number;
  readonly at?: number;
}

export interface Campaign {
  readonly id: string;
  readonly webId: number;
  readonly account: Account;
  readonly type: "regular" | "plaintext";
  readonly createdAt: number;
  status: "save" | "schedule" | "sending" | "sent" | "paused" | "canceled";
  contentType: "template" | "html" | "url" | "multichannel";
  recipients?: Recipients;
  /** The recipients are counted then. */
  countedAt: number;
  settings: Readonly<Record<string, string | boolean | number>>;
  tracking: Readonly<Record<string, unknown>>;
  socialCard?: Readonly<Record<string, string>>;
  html: string;
  plainText: string;
  /** When a scheduled one goes out, or the send was asked for. */
  sendAt?: number;
  timewarp: boolean;
  /** When the last e-mail is out; absent while a review holds it. */
  sendEndsAt?: number;
  /** To whom it goes, fixed when sending begins. */
  addressees: number;
  emailsSent: number;
  engagement: Engagement;
  readonly testsSent: string[];
}

export interface Hook {
  readonly id: string;
  readonly audience: Audience;
  readonly url: string;
  readonly events: Readonly<Record<string, boolean>>;
  readonly sources: Readonly<Record<string, boolean>>;
}
