import type { JsonObject, MediaId, Result } from "@postd/contracts";
import type { PlatformFailure } from "./failure.ts";
import type { ConnectorHttp, HttpBody } from "./http.ts";
import type { LinkReader } from "./link-preview.ts";
import type { MadeFrom } from "./picture-change.ts";
import type { Secret } from "./secret.ts";

export interface Clock {
  now(): Date;
}

/** Structured and redacting; fields must not hold secrets all the same. */
export interface ConnectorLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** App credentials registered at the platform, by declared field name; secrets come wrapped. */
export interface AppCredentials {
  value(field: string): string | undefined;
  secret(field: string): Secret | undefined;
}

/** Everything a connection or a grant can sign in with; kept in the vault as one value so that rotation is atomic. */
export interface Credentials {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
  /** When the access token ends; absent: it does not end by itself. */
  readonly expiresAt?: Date;
  readonly refreshExpiresAt?: Date;
  readonly scopes?: readonly string[];
  /** Further secrets by name: app password, DPoP key, user token behind a page token. */
  readonly extra?: Readonly<Record<string, Secret>>;
}

/** The account a connection stands for, as chosen when connecting. */
export interface AccountRef {
  /** The platform's id, always a string. */
  readonly externalId: string;
  /** The connector's account kind: "page", "professional", "profile". */
  readonly kind: string;
  readonly authKind: string;
  readonly name: string;
  readonly handle?: string;
  /** Per-connection extras, validated by the connector's `extras` schema: PDS address, linked page id. */
  readonly extras: JsonObject;
}

/**
 * What a video's own tables say. What could not be read is left out, and files stored before it was read have none of
 * it; checks judge only what is known.
 */
export interface VideoFacts {
  /** avc, hevc, vp8, vp9, av1, or the container's own short name for any other. */
  readonly videoCodec?: string;
  /** aac, opus, mp3, ...; absent: silent, or not known. */
  readonly audioCodec?: string;
  readonly audioHz?: number;
  readonly audioChannels?: number;
  readonly framesPerSecond?: number;
  /** Degrees clockwise a player turns it by; width and height are those after turning. */
  readonly rotation?: number;
  /** Where the index of an MP4 or MOV stands: before the pictures, behind them, or in pieces between them. */
  readonly index?: "start" | "end" | "fragmented";
  /** Parts are left out or repeated by a note in the file (an edit list) that not every player follows. */
  readonly hasCuts?: boolean;
}

export interface MediaInfo {
  readonly id: MediaId;
  readonly kind: "image" | "video" | "gif" | "audio" | "document";
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  readonly altText?: string;
  /** As its owner called it; for messages, never for paths. */
  readonly fileName?: string;
  readonly video?: VideoFacts;
  /** Set where it was made of another file, as the platform takes it; only files of a post that goes out carry it. */
  readonly madeFrom?: MadeFrom;
}

/** Part of a file: its first byte and the byte after its last, counted from 0. What lies behind the end is left out. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface MediaAccess {
  /**
   * Opens the stored bytes, or a part of them; streamed, never whole in memory. A part is read from where it begins, so
   * an upload in many parts reads the file once.
   */
  open(id: MediaId, range?: ByteRange): Promise<HttpBody>;
  /**
   * A signed public URL for platforms that pull. Never store or log it: ask again when needed. `lastsMs`: it works so long
   * at least, where the platform fetches later than a few hours from now.
   */
  publicUrl(id: MediaId, lastsMs?: number): Promise<string>;
}

/** What a connector function may use, for one call and one connection. */
export interface ConnectorContext {
  readonly http: ConnectorHttp;
  readonly clock: Clock;
  readonly log: ConnectorLog;
  readonly app: AppCredentials;
  readonly apiVersion: string;
  readonly account: AccountRef;
  readonly credentials: Credentials;
  readonly media: MediaAccess;
  /** Reads pages that posts link to; absent: no page can be read here, and cards are left out. */
  readonly links?: LinkReader;
}

/** Before there is a connection: authorising, exchanging, listing accounts. */
export type AuthContext = Pick<ConnectorContext, "http" | "clock" | "log" | "app" | "apiVersion">;

/** One consent or key at one app, as it was made. */
export interface SignInRef {
  /** Who signed in, by the provider's id: `Granted.subject`. */
  readonly subject: string;
  /** `Granted.extras`, such as the account's own server; of a sign-in from before they were kept, an account's. */
  readonly extras: JsonObject;
}

/** Renewing and withdrawing a sign-in, which owns the tokens: its own credentials, and no account. */
export type SignInContext = AuthContext & Pick<ConnectorContext, "credentials"> & { readonly signIn: SignInRef };

export type PlatformResult<T> = Promise<Result<T, PlatformFailure>>;
