import type { Json, JsonObject } from "@postd/contracts";

/** A request as the platform would see it: real host, real path, raw bytes. */
export interface SimRequest {
  readonly method: string;
  /** Real host name, "graph.facebook.com". */
  readonly host: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The query as it was sent, without its "?"; for platforms whose values have a syntax of their own around encoded parts. */
  readonly rawQuery?: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Uint8Array;
}

export interface SimResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Exactly one of json, text, bytes; none is an empty body. */
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** Promises the whole body and closes the connection after so many bytes of it. */
  readonly cutAfterBytes?: number;
}

/** A response, or what a broken network does: `drop` cuts the connection unanswered, `hold` never answers. */
export type SimAnswer = SimResponse | "drop" | "hold";

/** A live post as an audience sees it, for tests and the simulator's page. */
export interface SimPost {
  readonly id: string;
  readonly platform: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly text: string;
  readonly createdAt: string;
  readonly permalink?: string;
  readonly kind: string;
  /** sha256 (hex) of each medium as the platform holds it, in order. */
  readonly media: readonly {
    readonly sha256: string;
    readonly mimeType: string;
    readonly sizeBytes: number;
    readonly altText?: string;
  }[];
  readonly replies?: readonly string[];
  readonly details?: JsonObject;
}

/** A made-up account with everything a client needs to try the platform by hand. */
export interface SimAccount {
  readonly platform: string;
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly handle?: string;
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly appId?: string;
  readonly appSecret?: string;
  readonly extra?: JsonObject;
}

/** Named faults every simulator knows; `hideFromLists` where the platform has lists. */
export const simFaults = [
  "rateLimited",
  "tokenExpired",
  "tokenRevoked",
  "slowProcessing",
  "dropAfterAccept",
  "serverError",
  "hideFromLists",
] as const;
export type SimFaultName = (typeof simFaults)[number];

/** What a simulator gets from its host. An armed fault's `times` count down whenever `fault` says that it applies. */
export interface SimEnv {
  now(): Date;
  /** Random and unpredictable ids; never reused within a process. */
  randomId(): string;
  /** Fetches pulled media as the platform would; undefined when it cannot be had. */
  fetchMedia(url: string): Promise<{ readonly bytes: Uint8Array; readonly contentType: string } | undefined>;
  /** Whether the named fault is armed for this request; consumes one use. Parameters given when arming, or undefined. */
  fault(name: SimFaultName, request: SimRequest): JsonObject | undefined;
  /** Absolute URL under which a browser or client reaches a path of a simulated host. */
  urlFor(host: string, path: string): string;
  /** GET of an address that has to prove itself (webhook handshakes, client metadata); undefined where it does not answer. */
  ask(url: string): Promise<{ readonly status: number; readonly text: string } | undefined>;
  /** Sends a signed webhook to the subscribed address, as the platform would. */
  deliver(
    url: string,
    request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  ): Promise<number>;
}

export interface Simulator {
  handle(request: SimRequest): Promise<SimAnswer>;
  /** Live posts, newest last; deleted and unpublished ones are not among them. */
  posts(): readonly SimPost[];
  /** Things made but not visible (containers, unpublished posts, loose uploads), for orphan checks. */
  orphans(): number;
  createAccount(input: {
    readonly kind?: string;
    readonly name?: string;
    readonly scopes?: readonly string[];
  }): SimAccount;
  reset(): void;
  /** Accounts a person can try at once, with what signs in to them; shown on the simulator's own page. */
  accounts?(): readonly SimAccount[];
  /** Bytes the platform holds, by the sha256 a post names; for the simulator's own page. */
  media?(sha256: string): { readonly bytes: Uint8Array; readonly contentType: string } | undefined;
  /** Anything more for /__sim/<id>/: subscriptions, counters. */
  inspect?(): Json;
  /** Ids of the accounts a token acts for; none for unknown tokens. Lets faults hit the calls of one account only. */
  accountsOf?(token: string): readonly string[];
  /** Changes from outside the API: make it lose a role, revoke a token, emit a webhook. Answers what it did. */
  act?(action: string, input: JsonObject): Promise<Json>;
}

/** A platform's own form of an error. */
export interface PlatformErrors {
  /** The platform's own name of the fault beside `platformError`. */
  readonly fault?: string;
  /** Makes the answer; throws a ZodError that names a wrong field. */
  answer(fields: JsonObject, request: Pick<SimRequest, "method" | "host" | "path">): SimResponse;
}

export interface SimulatorDefinition {
  /** "bluesky", "meta". */
  readonly id: string;
  /** Platform ids it serves. */
  readonly platforms: readonly string[];
  /** Real host names; `*.` prefix for wildcards. */
  readonly hosts: readonly string[];
  /** App credentials POSTD uses when simulated, by credentials set and field. */
  readonly appCredentials: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How this platform words an error, for the fault `platformError`; absent: tests give the body themselves. */
  readonly errors?: PlatformErrors;
  /** The token of a request where a platform puts it elsewhere than most: a header of its own, Basic, a path. */
  credential?(request: Pick<SimRequest, "path" | "query" | "headers">): string | undefined;
  /** Takes secrets out of a path before it is recorded, for platforms that put tokens into paths. */
  redactPath?(path: string): string;
  create(env: SimEnv): Simulator;
}
