import { fail, ok } from "@postd/contracts";
import type { z } from "zod";
import type { AuthContext, ConnectorContext, PlatformResult } from "../context.ts";
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
  /** Looks at every answer that came, for what stands beside success and failure: versions, used allowance. */
  readonly watch?: (res: HttpResponse, ctx: C) => void;
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

export interface ApiClient<C extends ApiContext> {
  /** One call; an error answer is already the failure it means. For answers that are headers, or nothing. */
  send(ctx: C, call: ApiCall): PlatformResult<HttpResponse>;
  /** `send`, with the body read by a schema. */
  read<T extends z.ZodType>(ctx: C, call: ApiCall, answer: T): PlatformResult<z.output<T>>;
  /** All rows of a list, page by page, 50 pages at most. */
  readAll<T extends z.ZodType, R>(
    ctx: C,
    call: ApiCall,
    answer: T,
    paging: Paging<z.output<T>, R>,
  ): PlatformResult<readonly R[]>;
}

const isRead = ({ method, effect }: ApiCall): boolean => effect === "none" || method === "GET" || method === "HEAD";

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
    const { path: _path, base: _base, unsigned, about, needs, field, ...request } = call;
    const bearer = unsigned ? undefined : facts.bearer ? facts.bearer(ctx) : ctx.credentials?.accessToken;
    const sent = await ctx.http.request({
      ...(bearer && { bearer }),
      ...request,
      url: addressOf(ctx, call),
      headers: { ...facts.headers?.(ctx), ...request.headers },
    });
    if (!sent.ok) return isRead(call) || sent.error.kind !== "unexpected_response" ? sent : fail(unsure(sent.error));
    facts.watch?.(sent.value, ctx);
    const hint = { ...(about && { about }), ...(needs && { needs }), ...(field && { field }) };
    const failure = facts.failures.failureOf(sent.value, ctx.clock, hint);
    return failure ? fail(failure) : sent;
  };

  const read: ApiClient<C>["read"] = async (ctx, call, answer) => {
    const sent = await send(ctx, call);
    if (!sent.ok) return sent;
    const parsed = parseJson(sent.value, answer);
    return parsed.ok || sent.value.effect !== "visible" ? parsed : fail(unsure(parsed.error));
  };

  return {
    send,
    read,
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
