import type { ConnectorContext, PlatformResult, PublishedRef } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { meaningOf } from "../failures.ts";
import { graph, Success } from "../graph.ts";

/**
 * Deletes media; through Facebook Login only, since 2025-12-03. Already gone counts as removed. Meta's own passing
 * failure (2207085) may be sent again: deleting twice deletes once.
 * @source platforms/meta.md section 8
 */
export async function removeMedia(ref: PublishedRef, ctx: ConnectorContext): PlatformResult<void> {
  const gone = await graph(ctx, ctx.credentials.accessToken, {
    method: "DELETE",
    path: [ref.externalId],
    answer: Success,
    about: "object",
    needs: ["instagram_basic", "instagram_manage_contents"],
  });
  return gone.ok || meaningOf(gone.error) === "missing" ? ok(undefined) : gone;
}
