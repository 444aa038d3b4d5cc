import type { z } from "zod";
import type { Scope } from "./access.ts";
import type { ErrorCode } from "./errors.ts";

/** Who may call: everybody, or a signed-in caller by session or API key with a scope. */
export type OperationAuth =
  | { readonly kind: "public" }
  | {
      readonly kind: "caller";
      readonly by: readonly ("session" | "key")[];
      /** Absent: any caller. A session has the scopes of its role. */
      readonly scope?: Scope;
      /** The caller needs no tenant yet (choosing or making the first one). */
      readonly tenantless?: true;
      /** Nobody signed in may call too; the service decides by something else, such as an unguessable state. */
      readonly optional?: true;
    };

/** What a body may be besides JSON. */
export type BodyKind = "json" | "upload" | "raw";

/** A worked example; the test suite checks it against the schemas. */
export interface OperationExample {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly response: unknown;
}

/**
 * One operation of the HTTP API: the server registers it, the SDK infers from it, OpenAPI is made of it.
 * Input schemas are strict, `response` is tolerant. Errors every operation may answer are not repeated in `errors`.
 */
export interface Operation {
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `:name` parameters. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly auth: OperationAuth;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly bodyKind?: BodyKind;
  readonly response: z.ZodType;
  /** Status of success; default 200. */
  readonly status?: number;
  /** Further statuses of success with the same body, such as 202 where what was asked has to wait. */
  readonly also?: readonly number[];
  /** `json` unless said: a redirect carries no body, text is the raw string. */
  readonly answer?: "json" | "redirect" | "text";
  readonly errors: readonly ErrorCode[];
  /** Not rate limited: a probe or a platform that is turned away would be a false alarm or a lost event. */
  readonly unlimited?: true;
  /**
   * A creating operation takes `Idempotency-Key`. `bodyKey` names where the body may carry the key too. `by: service`
   * where the service keeps its own record with the row, `by: http` where the answer is stored by the HTTP layer;
   * `secretFields` are left out of what is stored, so that a replay never shows them again.
   */
  readonly creates?: {
    readonly by: "service" | "http";
    readonly bodyKey?: string;
    readonly secretFields?: readonly string[];
  };
  readonly example: OperationExample;
}

/** Keeps the exact types of one operation. */
export const defineOperation = <const O extends Operation>(operation: O): O => operation;

/** Errors any operation may answer; the second row where it takes a body. */
const anyMayAnswer: readonly ErrorCode[] = ["invalid_input", "rate_limited", "internal", "unavailable", "too_slow"];
const bodiesMayAnswer: readonly ErrorCode[] = ["payload_too_large", "unsupported_media"];

/** Every error an operation may answer, by code: the one list for its description and for what is really answered. */
export const errorsOf = ({ auth, params, body, creates, errors }: Operation): ReadonlySet<ErrorCode> =>
  new Set([
    ...anyMayAnswer,
    ...(body ? bodiesMayAnswer : []),
    ...(auth.kind === "caller" ? (["unauthenticated", "forbidden"] as const) : []),
    ...(params ? (["not_found"] as const) : []),
    ...(creates ? (["idempotency_conflict", "idempotency_keys_differ", "state_conflict"] as const) : []),
    ...errors,
  ]);

/** Statuses of success. */
export const successesOf = ({ status, also }: Operation): readonly number[] => [status ?? 200, ...(also ?? [])];

/** Whether this answer is one the description names. */
export const isDeclared = (operation: Operation, answer: { readonly status: number } | { readonly code: ErrorCode }) =>
  "code" in answer ? errorsOf(operation).has(answer.code) : successesOf(operation).includes(answer.status);

type InputOf<S> = S extends z.ZodType ? z.input<S> : undefined;
type OutputOf<S> = S extends z.ZodType ? z.output<S> : undefined;
type Field<O, K extends string> = O extends { readonly [P in K]: infer S } ? S : undefined;

/** Parsed input as a handler gets it. */
export interface ParsedInput<O extends Operation> {
  readonly params: OutputOf<Field<O, "params">>;
  readonly query: OutputOf<Field<O, "query">>;
  readonly body: OutputOf<Field<O, "body">>;
}

/** What a client sends. */
export interface RequestInput<O extends Operation> {
  readonly params: InputOf<Field<O, "params">>;
  readonly query: InputOf<Field<O, "query">>;
  readonly body: InputOf<Field<O, "body">>;
}

/** What an operation answers on success. */
export type OperationResponse<O extends Operation> = z.output<O["response"]>;
