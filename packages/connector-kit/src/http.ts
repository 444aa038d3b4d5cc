import type { Result } from "@postd/contracts";
import type { PlatformFailure } from "./failure.ts";
import type { Secret } from "./secret.ts";

/**
 * What a call does to the platform. `none`: a read. `invisible`: makes something no audience sees (upload, container,
 * unpublished post); losing its answer costs an orphan. `visible`: an audience may see it.
 */
export type Effect = "none" | "invisible" | "visible";

/** Bytes to send; a stream is opened for each try and has a known size. */
export interface HttpBody {
  readonly sizeBytes: number;
  readonly contentType: string;
  open(): AsyncIterable<Uint8Array>;
}

export type MultipartPart =
  | { readonly name: string; readonly value: string | Secret }
  | { readonly name: string; readonly filename: string; readonly body: HttpBody };

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  /** The platform's real URL, without secrets in it. */
  readonly url: string;
  /** Added to the URL, a list as one pair for each; secrets among them are never logged. Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | Secret | readonly string[] | undefined>>;
  readonly headers?: Readonly<Record<string, string | Secret | undefined>>;
  /** Sent as `Authorization: Bearer ...`. */
  readonly bearer?: Secret;
  /** One of json, form, multipart, body. Undefined form values are left out; secrets inside are revealed on the wire. */
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string | number | boolean | Secret | undefined>>;
  readonly multipart?: readonly MultipartPart[];
  readonly body?: HttpBody;
  /** Whole call, connect to last byte of the answer. Default 30,000; uploads of bodies get more by size. */
  readonly timeoutMs?: number;
  /** Default 2 MiB; a longer answer is an `unexpected_response`. */
  readonly maxAnswerBytes?: number;
  /** Only where this call is weaker than its step says, e.g. a read inside an effect step. */
  readonly effect?: Effect;
}

export interface HttpResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  /** The parsed JSON body, or undefined when it is not JSON. Parse it with zod. */
  readonly json: unknown;
  /** Whether an error answer to this call leaves the outcome open: an effect call. Used by `serverFailure`. */
  readonly effect: Effect;
}

/**
 * The only way out for a connector. Any HTTP answer, 500 included, is a value. Transport trouble is a failure:
 * `unavailable` when surely nothing was sent or the call is a read, `outcome_unknown` on an effect call whose bytes
 * may have left. Private addresses, unmapped hosts of simulated connections and expired leases are refused.
 */
export interface ConnectorHttp {
  request(request: HttpRequest): Promise<Result<HttpResponse, PlatformFailure>>;
}
