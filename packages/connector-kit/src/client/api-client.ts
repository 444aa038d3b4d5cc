import { fail, ok, type Result } from "@postd/contracts";
import type { z } from "zod";
import type { AuthContext, ConnectorContext, PlatformResult } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { HttpRequest, HttpResponse } from "../http.ts";
import type { Secret } from "../secret.ts";
import { parseJson } from "../server-failure.ts";
import { type FailureHint, unsure } from "./failure-rule.ts";
import type { FailureTable } from "./failure-table.ts";

/** A connector's context, or the authorising one that has neither account nor credentials yet. */
export type ApiContext = AuthContext & Partial<Pick<ConnectorContext, "account" | "credentials">>;

export interface ApiFacts<C extends ApiContext> {
  /** Where paths begin, without a slash at the end. */
  readonly base: string | ((ctx: C) => string);
  /** Headers of every call: versions, protocol marks. */
  readonly headers?: (ctx: C) => HttpRequest["headers"];
  /** What signs calls; default the connection's access token. Undefined: nothing does. */
  readonly bearer?: (ctx: C) => Secret | undefined;
  readonly failures: FailureTable;
  /**
   * Looks at every answer that came, for what stands beside success and failure: versions, used allowance. One it
   * answers counts in its place, where a platform says one thing in the shape of another.
   */
  readonly watch?: (res: HttpResponse, ctx: C, call: ApiCall) => HttpResponse | undefined;
}

export interface ApiCall extends Omit<HttpRequest, "url">, FailureHint {
  /** Parts are escaped, so an id from outside cannot leave its place; one text is sent as written, query included. */
  readonly path: string | readonly string[];
  /** Another base than the client's: an upload host, a second API. */
  readonly base?: string;
  /** Sent without the token: to an upload address that carries its own right. */
  readonly unsigned?: true;
}

/** Pages of a list: `rows` of one, and what the next is asked with; undefined: it was the last. */
export interface Paging<A, R> {
  readonly rows: (page: A) => readonly R[];
  readonly next: (page: A) => Pick<ApiCall, "query"> | Pick<ApiCall, "path"> | undefined;
  readonly maxPages?: number;
}

/**
 * Nothing is left to be done where the platform no longer has it: what deletes and ends may be repeated. Of what an audience
 * may see it has to say so in its own words; a 404 of what stands before it leaves open whether anything is gone.
 */
export const unlessGone = (sent: Result<unknown, PlatformFailure>): Result<void, PlatformFailure> =>
  sent.ok || (sent.error.status === 404 && sent.error.kind !== "outcome_unknown") ? ok(undefined) : sent;

/** Whether what was read is there: an answer is yes, 404 is no, all else is no answer. */
export const isThere = (read: Result<unknown, PlatformFailure>): Result<boolean, PlatformFailure> =>
  read.ok ? ok(true) : read.error.status === 404 ? ok(false) : read;

export interface ApiClient<C extends ApiContext> {
  /** One call; an error answer is already the failure it means. For answers that are headers, or nothing. */
  send(ctx: C, call: ApiCall): PlatformResult<HttpResponse>;
  /** `send`, with the body read by a schema. */
  read<T extends z.ZodType>(
    ctx: C,
    call: ApiCall,
    answer: T,
    /** false: it is of that shape and about something else, which is an answer nobody knows. */
    isRight?: (value: z.output<T>) => boolean,
  ): PlatformResult<z.output<T>>;
  /** `read` of a GET. */
  get<T extends z.ZodType>(
    ctx: C,
    path: ApiCall["path"],
    answer: T,
    more?: Omit<ApiCall, "method" | "path">,
  ): PlatformResult<z.output<T>>;
  /** All rows of a list, page by page, 50 pages at most. */
  readAll<T extends z.ZodType, R>(
    ctx: C,
    call: ApiCall,
    answer: T,
    paging: Paging<z.output<T>, R>,
  ): PlatformResult<readonly R[]>;
}

/** A GET changes nothing, whatever the step it is made in does, unless the call itself says otherwise. */
const isRead = ({ method, effect }: ApiCall): boolean => (effect ? effect === "none" : /^(GET|HEAD)$/.test(method));

/** An answer's body by a schema; of unknown shape on a call an audience may see it is `outcome_unknown`. */
export function readAnswer<T extends z.ZodType>(
  res: HttpResponse,
  answer: T,
  isRight?: (value: z.output<T>) => boolean,
): Result<z.output<T>, PlatformFailure> {
  const parsed = parseJson(res, answer, isRight);
  return parsed.ok || res.effect !== "visible" ? parsed : fail(unsure(parsed.error));
}

/**
 * The way to one platform's API. Failures are as the table says. An answer that is too long, or of unknown shape on a
 * call an audience may see, is `outcome_unknown`: the call was taken.
 */
export function apiClient<C extends ApiContext = ApiContext>(facts: ApiFacts<C>): ApiClient<C> {
  const addressOf = (ctx: C, { base, path }: ApiCall): string => {
    const start = base ?? (typeof facts.base === "string" ? facts.base : facts.base(ctx));
    const rest = typeof path === "string" ? path : path.map(encodeURIComponent).join("/");
    return rest === "" ? start : `${start}/${rest.replace(/^\//, "")}`;
  };

  const send: ApiClient<C>["send"] = async (ctx, call) => {
    const { path: _path, base: _base, unsigned, about, needs, field, did, ...request } = call;
    const bearer = unsigned ? undefined : facts.bearer ? facts.bearer(ctx) : ctx.credentials?.accessToken;
    const sent = await ctx.http.request({
      ...(bearer && { bearer }),
      ...request,
      ...(isRead(call) && { effect: "none" as const }),
      url: addressOf(ctx, call),
      headers: { ...facts.headers?.(ctx), ...request.headers },
    });
    if (!sent.ok) return isRead(call) || sent.error.kind !== "unexpected_response" ? sent : fail(unsure(sent.error));
    const res = facts.watch?.(sent.value, ctx, call) ?? sent.value;
    const hint = { ...(about && { about }), ...(needs && { needs }), ...(field && { field }), ...(did && { did }) };
    const failure = facts.failures.failureOf(res, ctx.clock, hint);
    return failure ? fail(failure) : ok(res);
  };

  const read: ApiClient<C>["read"] = async (ctx, call, answer, isRight) => {
    const sent = await send(ctx, call);
    return sent.ok ? readAnswer(sent.value, answer, isRight) : sent;
  };

  return {
    send,
    read,
    get: (ctx, path, answer, more) => read(ctx, { method: "GET", path, ...more }, answer),
    async readAll(ctx, call, answer, { rows, next, maxPages = 50 }) {
      const all: ReturnType<typeof rows>[number][] = [];
      let following: Partial<ApiCall> | undefined = {};
      for (let page = 0; page < maxPages && following; page++) {
        const query: HttpRequest["query"] = { ...call.query, ...following.query };
        const got = await read(ctx, { ...call, ...following, query }, answer);
        if (!got.ok) return got;
        all.push(...rows(got.value));
        following = next(got.value);
      }
      return ok(all);
    },
  };
}
