import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import type { AuthContext, PlatformResult } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Effect, HttpBody, HttpResponse, MultipartPart } from "../http.ts";
import type { Secret } from "../secret.ts";
import { type ApiCall, type ApiClient, apiClient, readAnswer } from "./api-client.ts";
import { exactJson } from "./exact-json.ts";
import type { FailureHint } from "./failure-rule.ts";
import type { FailureTable } from "./failure-table.ts";
import { regainAccessMs, usedPercent } from "./graph-usage.ts";

/** What a Graph call needs of a context; the authorising one has it too. */
export type GraphContext = AuthContext;

type Value = string | number | boolean | Secret | undefined;
type Params = Readonly<Record<string, Value>>;

export interface GraphCall<T extends z.ZodType, H extends string = string> extends FailureHint {
  readonly method: "GET" | "POST" | "DELETE";
  /** Default: the first of the platform's hosts. */
  readonly host?: H;
  /** Parts after the version: `["123", "feed"]`. */
  readonly path: readonly string[];
  /** Query of a GET or DELETE, form of a POST. */
  readonly params?: Params;
  /** Makes a POST multipart; the file goes last. */
  readonly file?: { readonly name: string; readonly filename: string; readonly body: HttpBody };
  readonly answer: T;
  /** For reads inside an effect step. */
  readonly effect?: Effect;
  /** A read the work may wait for: nearly at the end of Meta's allowance its answer is put off, and the work with it. */
  readonly mayWait?: boolean;
  readonly timeoutMs?: number;
  /** Looks at every answer that came, for what stands beside success and failure. */
  readonly look?: (res: HttpResponse) => void;
}

export interface GraphFacts<H extends string> {
  readonly hosts: readonly [H, ...H[]];
  readonly failures: FailureTable;
  /** Parameters that sign a call, besides the token itself. */
  readonly proof?: (ctx: GraphContext, host: H, token: Secret) => Params;
  /** Sees every answer. */
  readonly watch?: (res: HttpResponse, ctx: GraphContext, host: string) => void;
}

export interface GraphListCall<T extends z.ZodType, H extends string = string>
  extends Omit<GraphCall<z.ZodType, H>, "answer" | "method"> {
  readonly row: T;
  readonly maxPages?: number;
}

/** A page of a list; `after`: what the next one is asked with, absent at the end. */
export interface GraphPage<R> {
  readonly rows: readonly R[];
  readonly after?: string;
}

export interface GraphApi<H extends string = string> {
  /** Below the rest, for addresses that are built otherwise. */
  readonly client: ApiClient<GraphContext>;
  /**
   * One Graph call signed with `token`. Failures are as the table says; a success of unknown shape is `outcome_unknown` on
   * a call an audience may see.
   */
  graph<T extends z.ZodType>(ctx: GraphContext, token: Secret, call: GraphCall<T, H>): PlatformResult<z.output<T>>;
  /**
   * One page of a list. Rows of unknown shape are left out. `paging.next` itself is not followed: it carries the token in
   * its address; without it there is no further page, whatever cursors say.
   */
  graphPage<T extends z.ZodType>(
    ctx: GraphContext,
    token: Secret,
    call: Omit<GraphListCall<T, H>, "maxPages"> & { readonly after?: string | undefined },
  ): PlatformResult<GraphPage<z.output<T>>>;
  /** All rows of a list, following its cursors for at most `maxPages`, 50 by default. */
  graphList<T extends z.ZodType>(
    ctx: GraphContext,
    token: Secret,
    call: GraphListCall<T, H>,
  ): PlatformResult<readonly z.output<T>[]>;
}

/** Path parts are escaped, so an id from outside cannot leave its place. */
export const graphUrl = (host: string, apiVersion: string, ...path: readonly string[]): string =>
  `https://${host}/${[versionPart(apiVersion), ...path].map(encodeURIComponent).join("/")}`;

export const versionPart = (apiVersion: string): string => (apiVersion.startsWith("v") ? apiVersion : `v${apiVersion}`);

/**
 * Calls go on below this share. It is told on reads alone: what has been changed must not be forgotten.
 * @source platforms/meta.md section 13
 */
const STOP_PERCENT = 95;

const Page = z.object({
  data: z.array(z.unknown()),
  paging: z
    .object({ cursors: z.object({ after: z.string().optional() }).optional(), next: z.string().optional() })
    .optional(),
});

/**
 * The way to one of Meta's Graph hosts: the token among the parameters, answers read with ids of any length, what an
 * answer says beside its error, how much of the allowance is used, and lists by their cursors.
 * @source platforms/meta.md section 1b
 */
export function graphApi<H extends string>(facts: GraphFacts<H>): GraphApi<H> {
  const client = apiClient<GraphContext>({
    base: "",
    // Signed with the token among the parameters: a call may use another than the account's.
    bearer: () => undefined,
    failures: facts.failures,
    watch(told, ctx, call) {
      const res = { ...told, json: exactJson(told.text) };
      const host = new URL(call.base ?? "").host;
      facts.watch?.(res, ctx, host);
      const { percent = 0, scope } = usedPercent(res) ?? {};
      if (percent >= 80)
        ctx.log.warn({ percent, host, scope }, "Meta's allowance for this app or account is nearly used");
      return writtenAll(res, call) ?? res;
    },
  });

  const graph: GraphApi<H>["graph"] = async (ctx, token, given) => {
    const { host = facts.hosts[0], path, params: own, file, answer, mayWait, look, ...call } = given;
    const params = { ...own, access_token: token, ...facts.proof?.(ctx, host, token) };
    const sent = await client.send(look ? seenBy(look, ctx) : ctx, {
      ...call,
      base: graphUrl(host, ctx.apiVersion, ...path),
      path: "",
      ...(call.method !== "POST" ? { query: params } : file ? { multipart: parts(params, file) } : { form: params }),
    });
    if (!sent.ok) return sent;
    const { percent = 0, scope = "account" } = usedPercent(sent.value) ?? {};
    if (percent >= STOP_PERCENT && mayWait && sent.value.effect === "none") return fail(nearlyUsed(sent.value, scope));
    return readAnswer(sent.value, answer);
  };

  const graphPage: GraphApi<H>["graphPage"] = async (ctx, token, { row, after, ...call }) => {
    const params = { ...call.params, after };
    const answer = await graph(ctx, token, { ...call, method: "GET", params, answer: Page });
    if (!answer.ok) return answer;
    const rows = answer.value.data.flatMap((given): z.output<typeof row>[] => {
      const parsed = row.safeParse(given);
      if (!parsed.success) ctx.log.warn({ path: call.path.join("/") }, "left out a row of unknown shape");
      return parsed.success ? [parsed.data] : [];
    });
    const next = nextOf(answer.value);
    return ok({ rows, ...(next !== undefined && { after: next }) });
  };

  return {
    client,
    graph,
    graphPage,
    async graphList(ctx, token, { maxPages = 50, ...call }) {
      const rows: z.output<typeof call.row>[] = [];
      let after: string | undefined;
      for (let page = 0; page < maxPages; page++) {
        const answer = await graphPage(ctx, token, { ...call, after });
        if (!answer.ok) return answer;
        rows.push(...answer.value.rows);
        after = answer.value.after;
        if (!after) break;
      }
      return ok(rows);
    },
  };
}

function nextOf({ paging }: z.output<typeof Page>): string | undefined {
  const { next, cursors } = paging ?? {};
  if (!next) return undefined;
  return cursors?.after ?? (URL.canParse(next) ? (new URL(next).searchParams.get("after") ?? undefined) : undefined);
}

const WroteAll = z.object({ error: z.object({ original_response: z.unknown() }) });

/** An error about reading back what was written: the write itself stands in it. @source platforms/meta.md section 1b */
function writtenAll(res: HttpResponse, { method }: ApiCall): HttpResponse | undefined {
  const original = method === "POST" ? WroteAll.safeParse(res.json).data?.error.original_response : undefined;
  return original === undefined ? undefined : { ...res, status: 200, json: original };
}

/** A context whose every answer `look` sees, errors included. */
const seenBy = (look: (res: HttpResponse) => void, ctx: GraphContext): GraphContext => ({
  ...ctx,
  http: {
    async request(request) {
      const answer = await ctx.http.request(request);
      if (answer.ok) look(answer.value);
      return answer;
    },
  },
});

const nearlyUsed = (res: Pick<HttpResponse, "headers">, scope: "app" | "account"): PlatformFailure => ({
  kind: "rate_limited",
  scope,
  retryAfterMs: regainAccessMs(res) ?? 5 * 60_000,
  message: "Meta's allowance for this app or account is nearly used.",
});

function parts(params: Params, file: NonNullable<GraphCall<z.ZodType>["file"]>): MultipartPart[] {
  const fields = Object.entries(params).flatMap(([name, value]): MultipartPart[] =>
    value === undefined ? [] : [{ name, value: typeof value === "object" ? value : String(value) }],
  );
  return [...fields, file];
}
