import type { ByteRange, KeyField, MediaInfo, PictureChange } from "@postd/connector-kit";
import type {
  AccountLimitsView,
  ApiKeyId,
  BudgetView,
  ConnectionId,
  ConnectionView,
  ContactView,
  DestinationView,
  DlqGroupView,
  FieldProblem,
  GrantId,
  GrantView,
  HealthCheckView,
  InboxEntryId,
  InboxReplyInput,
  JobState,
  JobView,
  LinkPreviewView,
  MediaId,
  MediaSettings,
  MediaView,
  PauseInput,
  PostId,
  PostInput,
  PostPatch,
  PostStatus,
  PostView,
  PublishJobId,
  PublishRequest,
  ResolveInput,
  Result,
  RetryInput,
  ServiceError,
  TenantAppId,
  TenantAppView,
  TenantId,
  TrialRequest,
  UserId,
} from "@postd/contracts";
import type { TenantConnections } from "./connections-repo.ts";

/** Who asks. `sessionHash` ties an authorisation to the browser session or key that started it. */
export interface Caller {
  readonly tenantId: TenantId;
  /** `usr_...` or `key_...`, for audit. */
  readonly actorId: UserId | ApiKeyId;
  readonly role: "owner" | "admin" | "editor" | "approver" | "viewer";
  readonly sessionHash: string;
  /** Runs this server; may pause all of it. */
  readonly operator?: boolean;
}

export type ServiceResult<T> = Promise<Result<T, ServiceError>>;

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}
export interface PageInput {
  readonly limit: number;
  readonly cursor?: string;
}

/** A creating answer; `replayed` when the same key and body were seen before. */
export interface Created<T> {
  readonly view: T;
  readonly replayed: boolean;
}

/** `waits`: not all of it could be done at once; what was asked is kept, and done as soon as it can be. */
export interface Wished<T> {
  readonly view: T;
  readonly waits: boolean;
}

/** Posts and publish jobs. Ids of other tenants are `not_found`. */
export interface PublishingService {
  publish(caller: Caller, input: PublishRequest, idempotencyKey?: string): ServiceResult<Created<JobView>>;
  createPost(caller: Caller, input: PostInput, idempotencyKey?: string): ServiceResult<Created<PostView>>;
  /** An answer to something written to an account; `mayReply` says why it cannot be given. */
  reply(
    caller: Caller,
    input: InboxReplyInput & {
      readonly entryId: InboxEntryId;
      readonly connectionId: ConnectionId;
      readonly destination: string;
      readonly mayReply: () => { readonly ok: false; readonly error: ServiceError } | undefined;
    },
    idempotencyKey?: string,
  ): ServiceResult<Created<PostView>>;
  /** Every problem of every target at once; sends nothing. */
  validatePost(
    caller: Caller,
    input: PostInput,
  ): ServiceResult<{
    readonly ok: boolean;
    readonly targets: readonly {
      readonly connectionId: string;
      readonly format?: string;
      readonly problems: readonly FieldProblem[];
    }[];
  }>;
  /** Shows it to these people and to nobody else; may be asked again. */
  trialPost(caller: Caller, input: TrialRequest): ServiceResult<{ readonly sent: true; readonly simulated: boolean }>;
  getPost(caller: Caller, id: PostId): ServiceResult<PostView>;
  /** `replies`: answers to people among them; default: where it lists what waits for approval. */
  listPosts(
    caller: Caller,
    page: PageInput & { readonly status?: PostStatus; readonly replies?: boolean },
  ): ServiceResult<Page<PostView>>;
  /** Decides target by target; what each became is in the view's `changes`. */
  updatePost(caller: Caller, id: PostId, patch: PostPatch): ServiceResult<Wished<PostView>>;
  /** Cancels what is not sent; live posts are deleted at the platform only with `alsoLive`. */
  deletePost(caller: Caller, id: PostId, options: { readonly alsoLive: boolean }): ServiceResult<Wished<PostView>>;
  /** An approver's word on the post as it is now. */
  decidePost(
    caller: Caller,
    id: PostId,
    decision: { readonly approve: boolean; readonly note?: string; readonly hash?: string },
  ): ServiceResult<Wished<PostView>>;
  getJob(caller: Caller, id: PublishJobId): ServiceResult<JobView>;
  listJobs(
    caller: Caller,
    page: PageInput & {
      readonly states?: readonly JobState[];
      readonly connectionId?: ConnectionId;
      readonly postId?: PostId;
    },
  ): ServiceResult<Page<JobView>>;
  retryJob(caller: Caller, id: PublishJobId, input: RetryInput): ServiceResult<Wished<JobView>>;
  cancelJob(caller: Caller, id: PublishJobId): ServiceResult<Wished<JobView>>;
  /** Takes a live post down at the platform; the worker does it. */
  removeJob(caller: Caller, id: PublishJobId): ServiceResult<Wished<JobView>>;
  resolveJob(caller: Caller, id: PublishJobId, input: ResolveInput): ServiceResult<JobView>;
  listDlq(caller: Caller): ServiceResult<{ readonly groups: readonly DlqGroupView[] }>;
  /** Sends failed (not unknown) jobs again: all of one cause, or the named ones. */
  replayDlq(
    caller: Caller,
    input: { readonly cause?: string; readonly jobIds?: readonly PublishJobId[] },
  ): ServiceResult<{
    readonly replayed: number;
    readonly refused: readonly { readonly jobId: string; readonly reason: string }[];
  }>;
  pause(caller: Caller, input: PauseInput): ServiceResult<{ readonly paused: true }>;
  resume(caller: Caller, input: PauseInput): ServiceResult<{ readonly paused: false; readonly released: number }>;
}

/** Apps a tenant registered at providers itself. */
export interface AppsService {
  list(caller: Caller): ServiceResult<{ readonly items: readonly TenantAppView[] }>;
  create(
    caller: Caller,
    input: {
      readonly provider: string;
      readonly set?: string;
      readonly values: Readonly<Record<string, string>>;
    },
  ): ServiceResult<TenantAppView>;
  remove(caller: Caller, id: TenantAppId): ServiceResult<{ readonly deleted: true }>;
}

/** Connecting accounts and keeping them alive. */
export interface ConnectionsService {
  startOAuth(
    caller: Caller,
    input: {
      /** A provider, or a platform of it. */
      readonly provider: string;
      /** The platform a person came for, where `provider` does not say it. */
      readonly platform?: string;
      readonly authKind?: string;
      readonly connectionId?: ConnectionId;
      /** The app to sign in with; absent: the tenant's own where it has one. */
      readonly appId?: string;
      readonly returnTo?: string;
      readonly locale?: string;
      /** What the sign-in has to know first, by the names of its fields. */
      readonly fields?: Readonly<Record<string, string>>;
    },
  ): ServiceResult<{ readonly authUrl: string; readonly state: string; readonly expiresAt: string }>;
  /** Signs in again for one account, by the way it was connected; only that very account renews it. */
  reconnect(
    caller: Caller,
    id: ConnectionId,
    input: {
      readonly fields?: Readonly<Record<string, string>>;
      readonly keys?: Readonly<Record<string, string>>;
      readonly locale?: string;
      readonly returnTo?: string;
    },
  ): ServiceResult<{
    readonly kind: "oauth2" | "keys" | "done";
    readonly account: string;
    readonly platform: string;
    readonly scopes: { readonly asked: readonly string[]; readonly missing: readonly string[] };
    readonly authUrl?: string;
    readonly state?: string;
    readonly expiresAt?: string;
    readonly fields?: readonly KeyField[];
    readonly connection?: ConnectionView;
    readonly simulated: boolean;
  }>;
  /** The platform sent the browser back. Ties to the session that started; single use. */
  finishOAuth(
    caller: Caller | undefined,
    input: {
      readonly provider: string;
      readonly state: string;
      /** Every parameter the browser came back with. */
      readonly callback: Readonly<Record<string, string>>;
      /** The cookie an owner's link was exchanged for. */
      readonly ownerCookie?: string;
    },
  ): ServiceResult<{ readonly grantId: GrantId; readonly returnTo?: string }>;
  getGrant(caller: Caller, id: GrantId): ServiceResult<GrantView>;
  /** Chooses accounts of a grant. */
  connectFromGrant(
    caller: Caller,
    input: {
      readonly grantId: GrantId;
      readonly accounts: readonly { readonly platform: string; readonly externalId: string }[];
    },
  ): ServiceResult<{ readonly connections: readonly ConnectionView[] }>;
  /** Connects with typed keys (app password). */
  connectWithKeys(
    caller: Caller,
    input: { readonly platform: string; readonly authKind?: string; readonly keys: Readonly<Record<string, string>> },
  ): ServiceResult<{ readonly connections: readonly ConnectionView[] }>;
  list(caller: Caller, page: PageInput & { readonly platform?: string }): ServiceResult<Page<ConnectionView>>;
  get(caller: Caller, id: ConnectionId): ServiceResult<ConnectionView>;
  /**
   * Revokes at the platform where it can, deletes secrets, holds what was planned. `handedOver`: posts the platform
   * holds itself, which go out all the same.
   */
  disconnect(
    caller: Caller,
    id: ConnectionId,
  ): ServiceResult<{
    readonly connection: ConnectionView;
    readonly revokedAtPlatform: boolean;
    readonly handedOver: number;
    /** Posts that may be live are looked at first, for a minute at most; the worker disconnects then. */
    readonly waits: boolean;
    readonly note?: string;
  }>;
  /** Renames, labels, disables or enables. */
  describe(
    caller: Caller,
    id: ConnectionId,
    change: Parameters<TenantConnections["describe"]>[1],
  ): ServiceResult<ConnectionView>;
  refresh(caller: Caller, id: ConnectionId): ServiceResult<ConnectionView>;
  check(caller: Caller, id: ConnectionId): ServiceResult<ConnectionView>;
  /** Places below an account, read at the platform. */
  destinations(
    caller: Caller,
    id: ConnectionId,
    query: string | undefined,
  ): ServiceResult<{
    readonly label?: string;
    readonly required: boolean;
    readonly items: readonly DestinationView[];
    readonly simulated: boolean;
  }>;
  /** Limits of the account itself, read at the platform. */
  limits(
    caller: Caller,
    id: ConnectionId,
  ): ServiceResult<{ readonly limits: AccountLimitsView; readonly simulated: boolean }>;
  /** Asks the platform nothing. */
  budgets(
    caller: Caller,
    id: ConnectionId,
  ): ServiceResult<{ readonly items: BudgetView[]; readonly simulated: boolean }>;
  readonly contacts: ContactsService;
  timeline(caller: Caller, id: ConnectionId, page: PageInput): ServiceResult<Page<Readonly<Record<string, unknown>>>>;
  /** The health log, newest first. */
  health(caller: Caller, id: ConnectionId, page: PageInput): ServiceResult<Page<HealthCheckView>>;
}

type NewContact = {
  readonly email: string;
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly status?: "subscribed" | "pending";
};
type ContactDone = ServiceResult<{ readonly done: true; readonly simulated: boolean }>;

/** People of an account's lists, read and changed at the platform; every change may be repeated. */
export interface ContactsService {
  find(
    caller: Caller,
    id: ConnectionId,
    query: { readonly email?: string; readonly name?: string; readonly list?: string; readonly cursor?: string },
  ): ServiceResult<{ readonly items: ContactView[]; readonly nextCursor?: string; readonly simulated: boolean }>;
  save(
    caller: Caller,
    id: ConnectionId,
    contact: NewContact & { readonly list?: string },
  ): ServiceResult<{ readonly contact: ContactView; readonly simulated: boolean }>;
  saveMany(
    caller: Caller,
    id: ConnectionId,
    input: { readonly list?: string; readonly contacts: readonly NewContact[] },
  ): ServiceResult<{
    readonly saved: ContactView[];
    readonly refused: { readonly email: string; readonly message: string }[];
    readonly simulated: boolean;
  }>;
  tag(
    caller: Caller,
    id: ConnectionId,
    change: { readonly externalId: string; readonly add: readonly string[]; readonly remove: readonly string[] },
  ): ContactDone;
  archive(caller: Caller, id: ConnectionId, contact: { readonly externalId: string }): ContactDone;
}

/** Pages that posts link to. */
export interface LinksService {
  /** What a card of the page would say; public addresses only. */
  preview(caller: Caller, input: { readonly url: string }): ServiceResult<LinkPreviewView>;
}

export interface MediaUpload {
  readonly stream: AsyncIterable<Uint8Array>;
  readonly fileName?: string;
  readonly altText?: string;
  /** What the sender said behind the file, asked for once its bytes are in; a refusal keeps nothing. */
  readonly more?: () => ServiceResult<{ readonly altText?: string }>;
}

/** A file behind a signed public URL. */
export interface SignedMedia {
  readonly sizeBytes: number;
  readonly mimeType: string;
  /** Names these bytes, which never change, as an HTTP header writes it. */
  readonly etag: string;
  /** Reads it, or a part that lies within it. */
  open(range?: ByteRange): AsyncIterable<Uint8Array>;
}

/** Media: uploads are streamed to the blob store, typed by their bytes and made as they go out. */
export interface MediaService {
  upload(caller: Caller, input: MediaUpload): ServiceResult<MediaView>;
  /** Fetches a public file; `signal` ends it where several share one limit of time. */
  fetchFromUrl(
    caller: Caller,
    input: { readonly url: string; readonly altText?: string },
    signal?: AbortSignal,
  ): ServiceResult<MediaView>;
  /** A picture of the caller's as a platform takes it, made once and kept; see `fitPicture`. */
  fitted(caller: Caller, source: MediaInfo, change: PictureChange): ServiceResult<MediaInfo>;
  get(caller: Caller, id: MediaId): ServiceResult<MediaView>;
  remove(caller: Caller, id: MediaId): ServiceResult<MediaView>;
  settings(caller: Caller): ServiceResult<MediaSettings>;
  changeSettings(caller: Caller, settings: MediaSettings): ServiceResult<MediaSettings>;
  /** Opens what a signed public URL names; undefined when the signature is wrong, old or the file is gone. */
  openSigned(input: { readonly path: string }): Promise<SignedMedia | undefined>;
}
