import type { ConnectorContext, PlatformFailure } from "@postd/connector-kit";
import { z } from "zod";
import { graph } from "../graph.ts";
import { hostFor } from "../graph-url.ts";
import { instagramNeeds } from "../scopes.ts";

const Limit = z.object({
  data: z.array(
    z.object({
      quota_usage: z.number().optional(),
      config: z.object({ quota_total: z.number().optional(), quota_duration: z.number().optional() }).optional(),
    }),
  ),
});

const HOUR_MS = 3_600_000;

/**
 * The failure of a used-up allowance, or undefined while there is room. Meta's pages disagree on the number (50, 100),
 * so the account's own is read. The window rolls: how soon a place frees is not told, so it is looked at hourly. When
 * the number cannot be had for want of a right, the post goes on: publishing itself says no where it must.
 * @source platforms/meta.md section 13
 */
export async function usedUp(ctx: ConnectorContext): Promise<PlatformFailure | undefined> {
  const read = await graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId, "content_publishing_limit"],
    params: { fields: "quota_usage,config" },
    answer: Limit,
    needs: instagramNeeds(ctx.account.authKind, "publish"),
    mayWait: true,
  });
  if (!read.ok) {
    const passing = read.error.kind === "content_rejected" || read.error.kind === "unexpected_response";
    return passing ? undefined : read.error;
  }
  const { quota_usage: used, config } = read.value.data[0] ?? {};
  const total = config?.quota_total;
  if (used === undefined || total === undefined || used < total) return undefined;
  return {
    kind: "rate_limited",
    quota: true,
    retryAfterMs: Math.min(HOUR_MS, (config?.quota_duration ?? 86_400) * 1000),
    message: `This account has published ${used} of ${total} posts that Instagram allows in 24 hours.`,
  };
}
