import type { Readable } from "node:stream";
import type { Operation, OperationResponse, ParsedInput, Result, ServiceError } from "@postd/contracts";
import type { Caller, Principal, SessionPrincipal } from "@postd/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { HttpDeps } from "./deps.ts";

/** Read-only all the way down, so that what services answer fits what schemas say. */
export type Frozen<T> = T extends (...args: never) => unknown
  ? T
  : T extends readonly (infer U)[]
    ? readonly Frozen<U>[]
    : T extends object
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : T;

/** A successful answer; `status` where it differs from the operation's. */
export interface Answer<T> {
  readonly body: T;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent instead of the body, as it comes. */
  readonly stream?: { readonly type: string; readonly from: Readable };
  /** The same key and body were seen before. */
  readonly replayed?: boolean;
}

export interface HandlerInput<O extends Operation> extends ParsedInput<O> {
  readonly deps: HttpDeps;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** From header or body, checked to be the same where both are given. */
  readonly idempotencyKey: string | undefined;
  /** Throws for an operation everybody may call. */
  principal(): Principal;
  /** Throws where an API key may call too. */
  session(): SessionPrincipal;
  /** Throws where no tenant is needed. */
  caller(): Caller;
  /** For operations whose caller is optional. */
  maybeCaller(): Caller | undefined;
}

export type Handler<O extends Operation> = (
  input: HandlerInput<O>,
) => Promise<Result<Answer<Frozen<OperationResponse<O>>>, ServiceError>>;

/** An operation with its handler, types forgotten after they were checked against each other. */
export interface Route {
  readonly operation: Operation;
  readonly handle: (input: HandlerInput<Operation>) => Promise<Result<Answer<unknown>, ServiceError>>;
}

/** Pairs an operation with the function that answers it. */
export const route = <O extends Operation>(operation: O, handle: Handler<O>): Route => ({
  operation,
  // The registrar parses with this operation's own schemas before it calls the handler.
  handle: handle as unknown as Route["handle"],
});

/** Maps a service's value into an answer and leaves its refusal as it is. */
export function answer<T, U>(result: Result<T, ServiceError>, shape: (value: T) => U): Result<Answer<U>, ServiceError> {
  return result.ok ? { ok: true, value: { body: shape(result.value) } } : result;
}

/** 202 where what was asked is kept and not all of it is done yet. */
export const wished = <T>(
  result: Result<{ readonly view: T; readonly waits: boolean }, ServiceError>,
): Result<Answer<T>, ServiceError> =>
  result.ok ? { ok: true, value: { body: result.value.view, status: result.value.waits ? 202 : 200 } } : result;

export const same = <T>(value: T): T => value;

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out what is undefined: an absent field and an undefined one are different types here. */
export const defined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>;

/** A list answer that says whether anything in it is simulated. */
export const paged = <T>(
  page: { readonly items: readonly T[]; readonly nextCursor?: string },
  isSimulated: (item: T) => boolean,
) => ({ ...page, simulated: page.items.some(isSimulated) });
