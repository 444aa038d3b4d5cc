import {
  type ApiCall,
  type AuthContext,
  apiClient,
  type Effect,
  type FailureHint,
  type HttpBody,
  type HttpResponse,
  hmacSha256Hex,
  type MultipartPart,
  type PlatformFailure,
  type PlatformResult,
  readAnswer,
  type Secret,
  secret,
} from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import { z } from "zod";
import { failures } from "./failures.ts";
import { type GraphHost, graphUrl, versionPart } from "./graph-url.ts";
import { regainAccessMs, usedPercent } from "./usage.ts";

/** What a Graph call needs of a context; the authorising one has it too. */
export type GraphContext = AuthContext;

type Value = string | number | boolean | Secret | undefined;

export interface GraphCall<T extends z.ZodType> extends FailureHint {
  readonly method: "GET" | "POST" | "DELETE";
  readonly host?: GraphHost;
  /** Parts after the version: `["123", "feed"]`. */
  readonly path: readonly string[];
  /** Query of a GET or DELETE, form of a POST. */
  readonly params?: Readonly<Record<string, Value>>;
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

/** `{success: true}`; anything else is an answer we do not know. */
export const Success = z.object({ success: z.literal(true) });
/** Ids are kept as text; some answers write them as numbers. */
export const NodeId = z
  .union([z.string(), z.number().int().safe().transform(String)])
  .pipe(z.string().regex(/^[\w.:-]{1,200}$/));
export const Id = z.object({ id: NodeId });

const WroteAll = z.object({ error: z.object({ original_response: z.unknown() }) });

/** An error about reading back what was written: the write itself stands in it. @source platforms/meta.md section 1b */
function writtenAll(res: HttpResponse, { method }: ApiCall): HttpResponse | undefined {
  const original = method === "POST" ? WroteAll.safeParse(res.json).data?.error.original_response : undefined;
  return original === undefined ? undefined : { ...res, status: 200, json: original };
}

/** Calls to any of Meta's hosts, with its errors. */
export const graphClient = apiClient<GraphContext>({
  base: "",
  // Signed with the token among the parameters: a call may use another than the account's.
  bearer: () => undefined,
  failures,
  watch(res, ctx, call) {
    const host = new URL(call.base ?? "").host;
    const served = otherVersion(ctx, res);
    if (served)
      ctx.log.warn({ served, asked: ctx.apiVersion, host }, "Meta answered in another version than POSTD asked for");
    const { percent = 0, scope } = usedPercent(res) ?? {};
    if (percent >= 80)
      ctx.log.warn({ percent, host, scope }, "Meta's allowance for this app or account is nearly used");
    return writtenAll(res, call);
  },
});

/**
 * One Graph call signed with `token` and, where the app's secret is at hand, its proof. Failures are as `failures` says;
 * a success of unknown shape is `outcome_unknown` on a call an audience may see.
 */
export async function graph<T extends z.ZodType>(
  ctx: GraphContext,
  token: Secret,
  { host = "graph.facebook.com", path, params: given, file, answer, mayWait, look, ...call }: GraphCall<T>,
): PlatformResult<z.output<T>> {
  const params = { ...given, access_token: token, appsecret_proof: proofFor(ctx, host, token) };
  const sent = await graphClient.send(look ? seenBy(look, ctx) : ctx, {
    ...call,
    base: graphUrl(host, ctx.apiVersion, ...path),
    path: "",
    ...(call.method !== "POST" ? { query: params } : file ? { multipart: parts(params, file) } : { form: params }),
  });
  if (!sent.ok) return sent;
  const { percent = 0, scope = "account" } = usedPercent(sent.value) ?? {};
  if (percent >= STOP_PERCENT && mayWait && sent.value.effect === "none") return fail(nearlyUsed(sent.value, scope));
  return readAnswer(sent.value, answer);
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

/** The version that served a call, where it is not the one asked for. @source platforms/meta.md section 1 */
export function otherVersion(ctx: Pick<GraphContext, "apiVersion">, res: HttpResponse): string | undefined {
  const served = res.headers["facebook-api-version"];
  return served && /^v\d+\.\d+$/.test(served) && served !== versionPart(ctx.apiVersion) ? served : undefined;
}

/**
 * Calls go on below this share. It is told on reads alone: what has been changed must not be forgotten.
 * @source platforms/meta.md section 13
 */
const STOP_PERCENT = 95;

const nearlyUsed = (res: Pick<HttpResponse, "headers">, scope: "app" | "account"): PlatformFailure => ({
  kind: "rate_limited",
  scope,
  retryAfterMs: regainAccessMs(res) ?? 5 * 60_000,
  message: "Meta's allowance for this app or account is nearly used.",
});

/**
 * Proves that the caller has the app's secret; Meta asks for it only where the app's settings say so, and takes it always.
 * @source platforms/meta.md section 3a.7
 */
export function proofFor(ctx: Pick<GraphContext, "app">, host: GraphHost, token: Secret): Secret | undefined {
  const key = ctx.app.secret("app_secret");
  if (!key || host !== "graph.facebook.com") return undefined;
  return secret(hmacSha256Hex(key, token.reveal()));
}

function parts(
  params: Readonly<Record<string, Value>>,
  file: NonNullable<GraphCall<z.ZodType>["file"]>,
): MultipartPart[] {
  const fields = Object.entries(params).flatMap(([name, value]): MultipartPart[] =>
    value === undefined ? [] : [{ name, value: typeof value === "object" ? value : String(value) }],
  );
  return [...fields, file];
}

const Paging = z.object({
  cursors: z.object({ after: z.string().optional() }).optional(),
  next: z.string().optional(),
});

/**
 * All rows of a list, following its cursors for at most `maxPages`. `paging.next` itself is not followed: it carries the
 * token in its address.
 */
export async function graphList<T extends z.ZodType>(
  ctx: GraphContext,
  token: Secret,
  call: Omit<GraphCall<z.ZodType>, "answer" | "method"> & { readonly row: T; readonly maxPages?: number },
): Promise<Result<readonly z.output<T>[], PlatformFailure>> {
  const Page = z.object({ data: z.array(z.unknown()), paging: Paging.optional() });
  const rows: z.output<T>[] = [];
  let after: string | undefined;
  for (let page = 0; page < (call.maxPages ?? 50); page++) {
    const answer = await graph(ctx, token, { ...call, method: "GET", params: { ...call.params, after }, answer: Page });
    if (!answer.ok) return answer;
    for (const row of answer.value.data) {
      const parsed = call.row.safeParse(row);
      if (parsed.success) rows.push(parsed.data);
      else ctx.log.warn({ path: call.path.join("/") }, "left out a row of unknown shape");
    }
    const next = answer.value.paging?.next;
    after = next
      ? (answer.value.paging?.cursors?.after ?? new URL(next).searchParams.get("after") ?? undefined)
      : undefined;
    if (!after) break;
  }
  return ok(rows);
}
