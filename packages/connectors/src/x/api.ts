import { type ApiContext, apiClient, type ConnectorContext, type PlatformFailure, rowsOf } from "@postd/connector-kit";
import { z } from "zod";
import { failures, mediaFailures } from "./failures.ts";

const base = "https://api.x.com/2";
export const api = apiClient({ base, failures });
export const mediaApi = apiClient({ base, failures: mediaFailures });
/** Webhooks belong to the app and are kept with its own token. */
export const appApi = apiClient({ base, failures, bearer: ({ app }: ApiContext) => app.secret("bearer_token") });

export const Id = z.string().regex(/^\d{1,19}$/);

/** What there is nothing of is left out, or told as null: a row that is not read is a post nobody sees. */
export const orNone = <T extends z.ZodType>(value: T) => value.nullish().transform((given) => given ?? undefined);

/** `tweet.fields` gives the older names, `post.fields` the newer ones; both are read. @source platforms/x.md section 1 */
export const either = <T>(older: T | undefined, newer: T | undefined): T | undefined => older ?? newer;

/** A list: where it is empty X leaves `data` out and counts none in `meta`; an answer without both is no list. */
export const listOf = <T extends z.ZodType>(row: T) =>
  z
    .object({ data: rowsOf(row).optional(), meta: z.object({ next_token: z.string().optional() }).optional() })
    .refine(({ data, meta }) => data !== undefined || meta !== undefined, "has neither data nor meta")
    .transform(({ data = [], meta }) => ({ data, next: meta?.next_token }));

/** Why X does not give one of the things it was asked for by name. @source platforms/x.md section 11 */
const Missing = z.object({ type: z.string(), resource_id: z.string().optional(), value: z.string().optional() });
/** Things asked for by name: those there are, and of the others why not. */
export const namedOf = <T extends z.ZodType>(row: T) =>
  z.object({ data: rowsOf(row).default([]), errors: rowsOf(Missing).default([]) });

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
 * nobody is asked to connect again, which would change nothing. @source platforms/x.md sections 11 and 15
 */
export function withGrant(
  failure: PlatformFailure,
  { credentials }: Pick<ConnectorContext, "credentials">,
  needs: readonly string[],
  field = "text",
): PlatformFailure {
  const isGranted = needs.every((scope) => credentials.scopes?.includes(scope));
  if (failure.kind !== "scope_missing" || !isGranted) return failure;
  const { scopes: _, ...detail } = failure;
  const message = `X does not permit this, though the sign-in may${failure.cause ? `: ${failure.cause}` : "."}`;
  return { ...detail, kind: "content_rejected", field, reason: "not_permitted", message };
}

/** An answer of success that says something else than what was asked for: whether it was done nobody knows. */
export const unsaid = (what: string): PlatformFailure => ({
  kind: "outcome_unknown",
  message: `X did not say that it ${what}.`,
});
