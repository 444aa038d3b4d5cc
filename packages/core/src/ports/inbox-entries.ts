import type { InboxEntry } from "@postd/connector-kit";
import type {
  ConnectionId,
  InboxCountsView,
  InboxEntryId,
  InboxEntryView,
  InboxReplyInput,
  InboxReplyView,
  InboxThreadView,
  JobState,
  JsonObject,
  MemberId,
  PostId,
  PostStatus,
  TenantId,
} from "@postd/contracts";
import type { Caller, Created, Page, PageInput, ServiceResult } from "./services.ts";
import type { Slice } from "./slice.ts";

/** An account to which people write, whose platform lets programs read that. */
export interface InboxOwner {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly accountKind: string;
}

/** An answer somebody wrote here: its post, and its job once it has one. */
export interface InboxReplyRecord {
  readonly postId: PostId;
  readonly status: PostStatus;
  readonly text: string;
  readonly createdAt: Date;
  readonly job:
    | {
        readonly id: string;
        readonly state: JobState;
        readonly needsPerson: boolean;
        readonly externalPostId: string | undefined;
        readonly permalink: string | undefined;
        readonly publishedAt: Date | undefined;
        /** Why it is not live, in plain words. */
        readonly message: string | undefined;
      }
    | undefined;
}

/** An entry as it is kept, with what else is known of it here. */
export interface InboxEntryRecord
  extends Pick<InboxEntry, "externalId" | "kind" | "author" | "text" | "rating" | "permalink" | "answer"> {
  readonly id: InboxEntryId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly accountKind: string;
  readonly simulated: boolean;
  readonly disconnected: boolean;
  readonly post:
    | {
        readonly externalId: string;
        readonly permalink: string | undefined;
        readonly text: string | undefined;
        /** The job that made it; absent: it was made elsewhere. */
        readonly job: { readonly id: string; readonly postId: string } | undefined;
      }
    | undefined;
  /** The entry it answers; `id` absent: it is not kept here. */
  readonly parent: { readonly externalId: string; readonly id: InboxEntryId | undefined } | undefined;
  readonly own: boolean;
  readonly hidden: boolean | undefined;
  readonly liked: boolean | undefined;
  readonly cannot: readonly ("reply" | "hide" | "like")[];
  readonly createdAt: Date;
  readonly editedAt: Date | undefined;
  readonly seenAt: Date;
  readonly readAt: Date | undefined;
  readonly goneAt: Date | undefined;
  readonly state: InboxEntryView["state"];
  readonly assigneeId: MemberId | undefined;
  readonly snoozedUntil: Date | undefined;
  readonly doneAt: Date | undefined;
  readonly answered: boolean;
  readonly replies: readonly InboxReplyRecord[];
}

export interface InboxQuery {
  readonly limit: number;
  readonly before?: { readonly at: Date; readonly id: string };
  readonly connectionId?: ConnectionId;
  readonly platform?: string;
  readonly kind?: InboxEntry["kind"];
  readonly postId?: PostId;
  readonly unread?: boolean;
  readonly answered?: boolean;
  readonly state?: InboxEntryView["state"];
  readonly assigneeId?: MemberId;
  readonly unassigned?: boolean;
  readonly from?: Date;
}

/** What is left out stays; null takes it away. */
export interface InboxTending {
  readonly assigneeId?: MemberId | null;
  readonly snoozedUntil?: Date | null;
  readonly done?: boolean;
}

export interface InboxReading {
  /** When it last went through, and when all of it was read. */
  readonly readAt: Date | undefined;
  readonly wholeAt: Date | undefined;
  /** Somebody waits for this look. */
  readonly asked: boolean;
  /** When something last happened at the account: an entry of somebody else, or a post. */
  readonly activeAt: Date | undefined;
}

/** What people wrote to one tenant's accounts. */
export interface TenantInboxEntries {
  /** Entries of others, newest first. */
  list(query: InboxQuery): Promise<Slice<InboxEntryRecord>>;
  find(id: InboxEntryId): Promise<InboxEntryRecord | undefined>;
  /** The whole talk an entry stands in, itself included, oldest first. */
  thread(id: InboxEntryId): Promise<readonly InboxEntryRecord[]>;
  isPost(id: PostId): Promise<boolean>;
  /** As read, or as unread; false: there is no such entry. */
  mark(id: InboxEntryId, read: boolean): Promise<boolean>;
  /** One statement looks for the entry and for the member: neither goes between the look and the change. */
  tend(id: InboxEntryId, change: InboxTending): Promise<"done" | "no_entry" | "no_member" | "past">;
  /** `actorId`: whose own entries are counted as mine; a key has none. */
  counts(which: { readonly connectionId?: ConnectionId; readonly actorId: string }): Promise<InboxCountsView>;
  isMember(id: MemberId): Promise<boolean>;
  /** What was done to it at the platform. */
  note(id: InboxEntryId, done: { readonly hidden?: boolean; readonly liked?: boolean }): Promise<void>;
  reading(connectionId: ConnectionId): Promise<InboxReading>;
  /** Posts entries may stand below, made since then, youngest first. `readSince`: had an entry since then, or are as young. */
  posts(
    connectionId: ConnectionId,
    which: { readonly since: Date; readonly readSince?: Date; readonly limit: number },
  ): Promise<readonly string[]>;
  /** Keeps what was listed; answers how many were not known as they are. One older than `unreadSince` counts as read. */
  keep(
    connectionId: ConnectionId,
    entries: readonly InboxEntry[],
    how: { readonly unreadSince: Date; readonly keepUntil?: Date },
  ): Promise<number>;
  /** Marks entries made since then that a whole list did not show. Some lists leave out what is hidden, so that is not marked. */
  markGone(
    connectionId: ConnectionId,
    list: { readonly postExternalId?: string; readonly since: Date; readonly seen: readonly string[] },
  ): Promise<void>;
  /** Nobody else looks at the account before; it says nothing of how this look goes. */
  putOff(connectionId: ConnectionId, until: Date): Promise<void>;
  /** When the account is looked at again, unless somebody wants it sooner meanwhile, and why this look failed. */
  ended(
    connectionId: ConnectionId,
    next: { readonly at: Date; readonly whole: boolean; readonly failure?: JsonObject },
  ): Promise<void>;
  /** Makes it due now. */
  hasten(connectionId: ConnectionId): Promise<void>;
}

export interface InboxEntriesRepo {
  forTenant(tenantId: TenantId): TenantInboxEntries;
  /** Accounts of these platforms to read now, over all tenants, longest due first; `onlyAsked`: those somebody waits for. */
  due(input: {
    /** `kinds` of account; absent: all. */
    readonly platforms: readonly { readonly id: string; readonly kinds?: readonly string[] }[];
    readonly limit: number;
    readonly onlyAsked: boolean;
  }): Promise<readonly InboxOwner[]>;
}

/** What people write to accounts. Ids of other tenants are `not_found`. */
export interface InboxService {
  list(
    caller: Caller,
    query: PageInput & {
      readonly connectionId?: ConnectionId;
      readonly platform?: string;
      readonly kind?: InboxEntry["kind"];
      readonly postId?: PostId;
      readonly unread?: boolean;
      readonly answered?: boolean;
      readonly state?: InboxEntryView["state"];
      readonly assigneeId?: MemberId;
      readonly unassigned?: boolean;
      readonly from?: string;
    },
  ): ServiceResult<Page<InboxEntryView>>;
  /** One entry with the talk it stands in. */
  get(caller: Caller, id: InboxEntryId): ServiceResult<InboxThreadView>;
  mark(caller: Caller, id: InboxEntryId, read: boolean): ServiceResult<InboxEntryView>;
  tend(
    caller: Caller,
    id: InboxEntryId,
    change: { readonly assigneeId?: MemberId | null; readonly snoozedUntil?: string | null; readonly done?: boolean },
  ): ServiceResult<InboxEntryView>;
  counts(caller: Caller, which: { readonly connectionId?: ConnectionId }): ServiceResult<InboxCountsView>;
  /** An answer is a publish job, made once whatever is lost on the way. */
  reply(
    caller: Caller,
    id: InboxEntryId,
    input: InboxReplyInput,
    idempotencyKey?: string,
  ): ServiceResult<Created<InboxReplyView>>;
  hide(caller: Caller, id: InboxEntryId, hidden: boolean): ServiceResult<InboxEntryView>;
  like(caller: Caller, id: InboxEntryId, liked: boolean): ServiceResult<InboxEntryView>;
  /** Reads an account as soon as a worker is free. */
  readNow(caller: Caller, id: ConnectionId): ServiceResult<{ readonly connectionId: ConnectionId }>;
}
