import type {
  JsonObject,
  NoticeChannelId,
  NoticeChannelKind,
  NoticeChoice,
  NoticeKind,
  NoticeSubject,
  NotificationId,
  Role,
  TenantId,
  UserId,
} from "@postd/contracts";
import type { Slice } from "./slice.ts";

export interface NoticeAccount {
  readonly connectionId: string;
  readonly platform: string;
  readonly name: string;
  readonly handle?: string | undefined;
  readonly simulated: boolean;
}

/** A notice with what its words are made of. */
export interface NoticeRecord {
  readonly id: NotificationId;
  readonly tenantId: TenantId;
  readonly kind: NoticeKind;
  readonly subject: NoticeSubject;
  readonly data: JsonObject;
  readonly momentary: boolean;
  readonly raisedAt: Date;
  readonly settledAt: Date | undefined;
  /** By the person who asks. */
  readonly readAt: Date | undefined;
  /** As they are now. */
  readonly accounts: readonly NoticeAccount[];
  /** Posts that wait for the account, while it needs somebody. */
  readonly waiting: { readonly count: number; readonly earliestAt: Date | undefined } | undefined;
}

/** What a person chose in a workspace; what is not named is as the kind has it. */
export interface NoticeSettings {
  readonly app: Partial<Record<NoticeKind, "at_once" | "off">>;
  readonly mail: Partial<Record<NoticeKind, NoticeChoice>>;
  readonly digestHour: number;
  /** Absent: the workspace's. */
  readonly timeZone?: string | undefined;
}

export interface NoticeChannelRecord {
  readonly id: NoticeChannelId;
  readonly kind: NoticeChannelKind;
  readonly name: string;
  readonly host: string;
  readonly lastCharacters: string;
  readonly choices: Partial<Record<NoticeKind, "at_once" | "off">>;
  readonly broken: { readonly message: string; readonly at: string } | undefined;
  /** Whose right the links in its messages rest on. */
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Somebody a notice may go to, with what they chose. */
export interface NoticeMember {
  readonly userId: UserId;
  readonly email: string;
  readonly role: Role;
  readonly settings: NoticeSettings | undefined;
  /** Theirs, or the workspace's. */
  readonly timeZone: string;
}

export interface NoticeDelivery {
  readonly id: string;
  /** Absent: a digest. */
  readonly notificationId: NotificationId | undefined;
  readonly digestDay: string | undefined;
  readonly channel: "mail" | NoticeChannelKind;
  readonly recipient: string;
  /** Which try this is, from 1; also its fence. */
  readonly tries: number;
  /** Of a digest: where it ends. */
  readonly createdAt: Date;
}

export interface TenantNotices {
  list(input: {
    readonly limit: number;
    readonly before?: { readonly at: Date; readonly id: string };
    readonly reader?: UserId;
    readonly unread?: boolean;
    readonly open?: boolean;
    readonly hidden: readonly NoticeKind[];
  }): Promise<Slice<NoticeRecord>>;
  find(id: NotificationId, reader?: UserId): Promise<NoticeRecord | undefined>;
  unread(reader: UserId, hidden: readonly NoticeKind[]): Promise<number>;
  /** false: there is no such notice. */
  mark(id: NotificationId, reader: UserId, read: boolean): Promise<boolean>;
  /** Answers how many were marked. */
  markAll(reader: UserId, until: Date | undefined): Promise<number>;
  settings(userId: UserId): Promise<NoticeSettings | undefined>;
  saveSettings(userId: UserId, settings: NoticeSettings): Promise<void>;
  /** The workspace's own name and time zone. */
  workspace(): Promise<{ readonly name: string; readonly timeZone: string } | undefined>;

  channels(): Promise<readonly NoticeChannelRecord[]>;
  findChannel(id: NoticeChannelId): Promise<NoticeChannelRecord | undefined>;
  /** false: there are `most` already. */
  addChannel(channel: Omit<NoticeChannelRecord, "createdAt" | "updatedAt">, most: number): Promise<boolean>;
  updateChannel(
    id: NoticeChannelId,
    change: Partial<Pick<NoticeChannelRecord, "name" | "host" | "lastCharacters" | "choices">> & {
      readonly broken?: NoticeChannelRecord["broken"] | null;
    },
  ): Promise<void>;
  /** Its notices that are still to be sent go with it. false: there is none. */
  removeChannel(id: NoticeChannelId): Promise<boolean>;

  members(): Promise<readonly NoticeMember[]>;
  /** Notices whose deliveries are to be made, the oldest first; of posts only those that have gathered for a minute. */
  unplanned(limit: number): Promise<readonly NoticeRecord[]>;
  /** Makes a notice's deliveries and marks it as planned, both or neither, and once. */
  plan(
    id: NotificationId,
    to: readonly { readonly id: string; readonly channel: NoticeDelivery["channel"]; readonly recipient: string }[],
  ): Promise<void>;
  /** Makes one day's digest of a person, once. `empty`: there was nothing for them. */
  planDigest(input: {
    readonly id: string;
    readonly userId: UserId;
    readonly day: string;
    readonly until: Date;
    readonly empty: boolean;
  }): Promise<void>;
  /** What was told between two times, the oldest first. */
  toldBetween(since: Date, until: Date): Promise<readonly NoticeRecord[]>;
  /** Where a person's digest before that day ended. */
  digestSince(userId: UserId, day: string, until: Date): Promise<Date>;
  /** Takes a delivery for so long, by compare-and-set. undefined: somebody else has it, or it is done. */
  claim(id: string, leaseMs: number): Promise<NoticeDelivery | undefined>;
  /** How a try ended; nothing changes where another one has begun since. */
  settleDelivery(
    delivery: Pick<NoticeDelivery, "id" | "tries">,
    outcome:
      | { readonly state: "sent" | "dropped" }
      | { readonly state: "dead"; readonly error: string }
      | { readonly state: "pending"; readonly error: string; readonly afterMs: number },
  ): Promise<void>;
}

/** Notices, their readers and their deliveries. */
export interface NoticesRepo {
  forTenant(tenantId: TenantId): TenantNotices;
  /** Tells of what waits at the desks of all tenants, and settles what is gone. Answers how many were told anew. */
  tellOfPosts(): Promise<number>;
  /** The same of sign-ins that end within a week. */
  tellOfAccounts(): Promise<number>;
  /** Tenants with something to plan. */
  tenantsToPlan(limit: number): Promise<readonly TenantId[]>;
  /** Deliveries whose time has come and that nobody is sending. */
  dueDeliveries(limit: number): Promise<readonly { readonly id: string; readonly tenantId: TenantId }[]>;
  /** Whose day's mail is due. */
  dueDigests(): Promise<
    readonly {
      readonly tenantId: TenantId;
      readonly userId: UserId;
      readonly day: string;
      readonly since: Date;
      readonly until: Date;
    }[]
  >;
}
