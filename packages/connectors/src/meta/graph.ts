import {
  type AuthContext,
  type GraphContext,
  graphApi,
  type HttpResponse,
  hmacSha256Hex,
  type Secret,
  secret,
  versionPart,
} from "@postd/connector-kit";
import { failures } from "./failures.ts";
import type { GraphHost } from "./graph-url.ts";

/** Calls to Facebook's and Instagram's own hosts, with Meta's errors. Where the app's secret is at hand they carry its proof. */
export const metaGraph = graphApi<GraphHost>({
  hosts: ["graph.facebook.com", "graph.instagram.com"],
  failures,
  proof: (ctx, host, token) => ({ appsecret_proof: proofFor(ctx, host, token) }),
  watch(res, ctx, host) {
    const served = otherVersion(ctx, res);
    if (served)
      ctx.log.warn({ served, asked: ctx.apiVersion, host }, "Meta answered in another version than POSTD asked for");
  },
});
export const { graph, graphList } = metaGraph;

/** The version that served a call, where it is not the one asked for. @source platforms/meta.md section 1 */
export function otherVersion(ctx: Pick<GraphContext, "apiVersion">, res: HttpResponse): string | undefined {
  const served = res.headers["facebook-api-version"];
  return served && /^v\d+\.\d+$/.test(served) && served !== versionPart(ctx.apiVersion) ? served : undefined;
}

/**
 * Proves that the caller has the app's secret; Meta asks for it only where the app's settings say so, and takes it always.
 * @source platforms/meta.md section 3a.7
 */
export function proofFor(ctx: Pick<AuthContext, "app">, host: GraphHost, token: Secret): Secret | undefined {
  const key = ctx.app.secret("app_secret");
  if (!key || host !== "graph.facebook.com") return undefined;
  return secret(hmacSha256Hex(key, token.reveal()));
}
