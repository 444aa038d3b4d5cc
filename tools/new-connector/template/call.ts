import type { AuthContext, ConnectorContext, HttpRequest, HttpResponse, PlatformResult } from "@postd/connector-kit";
import { fail } from "@postd/contracts";
import { failureOf } from "./failures.ts";

const API = "https://api.sample-platform.example";

/** What one call needs: a way out, a clock and a token. */
export type Caller = Pick<AuthContext, "http" | "clock"> & {
  readonly credentials: Pick<ConnectorContext["credentials"], "accessToken">;
};

/** One call to the platform; an error answer is already the failure it means. */
export async function call(
  { http, clock, credentials }: Caller,
  { path, ...request }: Omit<HttpRequest, "url" | "bearer"> & { readonly path: string },
): PlatformResult<HttpResponse> {
  const sent = await http.request({ ...request, url: `${API}${path}`, bearer: credentials.accessToken });
  if (!sent.ok || sent.value.status < 400) return sent;
  return fail(failureOf(sent.value, clock));
}
