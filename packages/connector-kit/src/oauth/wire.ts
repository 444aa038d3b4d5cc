import { type CustomFetchOptions, customFetch } from "oauth4webapi";
import type { AuthContext } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Effect, HttpResponse } from "../http.ts";
import { type Secret, secret } from "../secret.ts";
import type { OAuth2Facts } from "./facts.ts";
import { errorWordOf } from "./token-failure.ts";

/** Carries a failure of the transport through the library, which only knows throws. */
export class WireTrouble extends Error {
  readonly failure: PlatformFailure;
  constructor(failure: PlatformFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface Wire {
  /** Spread it into the library's options. */
  readonly options: { readonly [customFetch]: (url: string, options: Request) => Promise<Response> };
  /** The answer to the last call, before it was put into standard form. */
  last(): HttpResponse | undefined;
}
type Request = CustomFetchOptions<"GET" | "POST", URLSearchParams | undefined>;

const wrap = (pairs: Iterable<[string, string]>): Record<string, Secret> =>
  Object.fromEntries([...pairs].map(([name, value]) => [name, secret(value)]));

/**
 * The library's way to the provider: its requests leave through `ctx.http`, with every value wrapped, under the
 * provider's names; answers come back in standard form.
 */
export function wire(
  ctx: Pick<AuthContext, "http">,
  facts: Pick<OAuth2Facts, "names" | "encoding">,
  how: {
    readonly effect?: Effect;
    /** Standard parameters that are not sent. */
    readonly without?: readonly string[];
    readonly standard?: (body: unknown) => unknown;
    /** What the library takes for success; other successes pass as it. Default 200. */
    readonly success?: number;
  } = {},
): Wire {
  let last: HttpResponse | undefined;
  const send = async (url: string, request: Request): Promise<Response> => {
    const { "content-type": _, ...headers } = request.headers;
    const fields = [...(request.body ?? [])].filter(([name]) => !how.without?.includes(name));
    const body = wrap(fields.map(([name, value]) => [facts.names?.[name] ?? name, value]));
    const encoding = facts.encoding ?? "form";
    const sent = await ctx.http.request({
      method: encoding === "query" ? "GET" : request.method,
      url,
      headers: wrap(Object.entries(headers)),
      ...(request.body && { [encoding]: body }),
      ...(how.effect && { effect: how.effect }),
    });
    if (!sent.ok) throw new WireTrouble(sent.error);
    last = sent.value;
    return responseOf(sent.value, how);
  };
  return { options: { [customFetch]: send }, last: () => last };
}

function responseOf(
  res: HttpResponse,
  {
    standard = (body) => body,
    success = 200,
  }: { readonly standard?: (body: unknown) => unknown; readonly success?: number },
): Response {
  const isError = errorWordOf(res.json) !== undefined;
  // An error is an error whatever status it came with; the library looks at the status alone.
  const status = res.status < 400 && isError ? 400 : res.status >= 200 && res.status < 300 ? success : res.status;
  const body = isError ? res.json : standard(res.json);
  const nonce = res.headers["dpop-nonce"];
  return new Response(body === undefined ? res.text : JSON.stringify(body), {
    status: status < 200 || status > 599 ? 502 : status,
    headers: { "content-type": "application/json", ...(nonce && { "dpop-nonce": nonce }) },
  });
}
