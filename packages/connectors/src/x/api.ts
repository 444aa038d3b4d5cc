import { type ApiContext, apiClient, type ConnectorContext, type PlatformFailure, rowsOf } from "@postd/connector-kit";
import { z } from "zod";
import { failures, mediaFailures } from "./failures.ts";

const base = "https://api.x.com/2";
export const api = apiClient({ base, failures });
export const mediaApi = apiClient({ base, failures: mediaFailures });
/** Webhooks belong to the app and are kept with its own token. */
export const appApi = apiClient({ base, failures, bearer: ({ app }: ApiContext) => app.secret("bearer_token") });

export const Id = z.string().regex(/^\d{1,19}$/);

/** `tweet.fields` gives the older names, `post.fields` the newer ones; both are read. @source platforms/x.md section 1 */
export const either = <T>(older: T | undefined, newer: T | undefined): T | undefined => older ?? newer;

/** A list: X leaves `data` out where it is empty, and tells of single rows it cannot give in `errors`. */
export const listOf = <T extends z.ZodType>(row: T) =>
  z.object({
    data: rowsOf(row).default([]),
    meta: z.object({ next_token: z.string().optional() }).optional(),
  });

export const permalinkOf = (ctx: Pick<ConnectorContext, "account">, id: string): string =>
  addressOf(ctx.account.handle, id);
/** By name where it is known; the other form always leads there. @source platforms/x.md section 5 */
export const addressOf = (handle: string | undefined, id: string): string =>
  handle ? `https://x.com/${encodeURIComponent(handle)}/status/${id}` : `https://x.com/i/web/status/${id}`;

/** The number and, where an address says it, the author of a post a person names. */
export function postNamed(named: string): { readonly id: string; readonly handle?: string } | undefined {
  if (/^\d{1,19}$/.test(named)) return { id: named };
  const found = /^https:\/\/(?:www\.|mobile\.)?(?:x|twitter)\.com\/(i\/web|i|\w{1,15})\/status\/(\d{1,19})/i.exec(
    named,
  );
  const [, whose = "", id] = found ?? [];
  if (id === undefined) return undefined;
  return whose.toLowerCase().startsWith("i/") || whose === "i" ? { id } : { id, handle: whose };
}

/**
 * "Not permitted" may mean a permission or the post. Where every permission the call needs was granted it is the post, and
 * nobody is asked to connect again. @source platforms/x.md sections 11 and 15
 */
export function withGrant(
  failure: PlatformFailure,
  { credentials }: Pick<ConnectorContext, "credentials">,
  needs: readonly string[],
): PlatformFailure {
  const isGranted = needs.every((scope) => credentials.scopes?.includes(scope));
  if (failure.kind !== "scope_missing" || failure.platformCode !== "not-permitted" || !isGranted) return failure;
  const { scopes: _, ...detail } = failure;
  const message = `X does not permit this, though the sign-in may${failure.cause ? `: ${failure.cause}` : "."}`;
  return { ...detail, kind: "content_rejected", field: "text", reason: "not_permitted", message };
}
