import type { Clock, Secret } from "@postd/connector-kit";
import type { UserId } from "@postd/contracts";
import type {
  Acting,
  AnalyticsService,
  AppsService,
  AuditService,
  BackfillService,
  ConnectionsService,
  DeskService,
  ErasureService,
  HealthService,
  IdempotencyStore,
  InboundDeskService,
  InboundService,
  InboxService,
  LinksService,
  MediaService,
  MentionsService,
  MetricsExposition,
  NoticesService,
  OwnerLinksService,
  PeopleService,
  PlatformsService,
  Principal,
  PublishingService,
  SignInRules,
} from "@postd/core";
import type { FastifyBaseLogger } from "fastify";
import type { EventStreams } from "./events/event-streams.ts";
import type { SocketLimits } from "./socket-limits.ts";

export interface HttpServices {
  readonly publishing: PublishingService;
  readonly apps: AppsService;
  readonly audit: AuditService;
  readonly erasures: ErasureService;
  readonly connections: ConnectionsService;
  readonly backfill: BackfillService;
  readonly desk: DeskService;
  readonly analytics: AnalyticsService;
  readonly inboxEntries: InboxService;
  readonly links: LinksService;
  readonly ownerLinks: OwnerLinksService;
  readonly media: MediaService;
  readonly mentions: MentionsService;
  readonly notices: NoticesService;
  readonly people: PeopleService;
  readonly signIn: SignInRules;
  readonly platforms: PlatformsService;
  readonly health: HealthService;
  readonly inbound: InboundService;
  readonly inboundDesk: InboundDeskService;
  readonly eventStreams: EventStreams;
  readonly metrics: MetricsExposition;
}

/** Sign-in as the HTTP layer needs it. */
export interface HttpAuth {
  /** Answers a request under `/api/auth/`. Throws when the database is away. */
  handle(request: Request): Promise<Response>;
  /** Whether this is a person's password; for confirming an address, which takes both. */
  passwordFits(userId: UserId, password: string): Promise<boolean>;
  /** Who sent these headers; undefined: nobody we know. `setCookies` renew a session's cookie. */
  resolve(
    headers: Headers,
  ): Promise<{ readonly principal: Principal; readonly setCookies: readonly string[] } | undefined>;
}

export interface HttpConfig {
  readonly version: string;
  /** Address people use, without a slash at the end. */
  readonly publicUrl: string;
  /** Origins whose pages may change things with a session cookie; the one of `publicUrl` is always among them. */
  readonly trustedOrigins: readonly string[];
  /** Proxies whose `X-Forwarded-For` is believed: addresses or ranges; empty: none. */
  readonly trustedProxies: readonly string[];
  /** Platforms are simulated where no credentials were given. */
  readonly simulated: boolean;
  /** Needed for `GET /metrics` when set. */
  readonly metricsToken?: Secret;
  readonly jsonMaxBytes: number;
  readonly webhookMaxBytes: number;
  readonly mediaMaxBytes: number;
  /** Memory for all bodies that are still arriving. */
  readonly bodiesMaxBytes?: number;
  readonly socketLimits?: Partial<SocketLimits>;
  readonly rateLimits: {
    readonly perKeyPerMinute: number;
    readonly perTenantPerMinute: number;
    /** For requests without a caller. */
    readonly perAddressPerMinute: number;
  };
  /** Checks every answer against its schema and fails on a difference; for tests. */
  readonly checkResponses?: boolean;
  /** Built web app to serve; absent: the API only. */
  readonly webDirectory?: string;
}

export interface HttpDeps {
  /** Whoever does what the function does, for the record of changes. */
  readonly actAs: <T>(who: Acting, fn: () => T) => T;
  readonly services: HttpServices;
  readonly auth: HttpAuth;
  readonly idempotency: IdempotencyStore;
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
  readonly config: HttpConfig;
}

/** Limits that fit a laptop and a small team; a composition root starts from these. */
export const defaultHttpLimits = {
  trustedProxies: [],
  jsonMaxBytes: 1_000_000,
  // Platforms batch up to a thousand changes in one call.
  webhookMaxBytes: 3_000_000,
  mediaMaxBytes: 2_000_000_000,
  rateLimits: { perKeyPerMinute: 600, perTenantPerMinute: 3_000, perAddressPerMinute: 600 },
} as const satisfies Partial<HttpConfig>;
