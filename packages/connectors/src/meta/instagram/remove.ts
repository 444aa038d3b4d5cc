import type { ConnectorContext, PlatformResult, PublishedRef } from "@postd/connector-kit";
import { fail, type JsonObject } from "@postd/contracts";
import { deleteNode } from "../remove.ts";

/**
 * Deletes media with its items and comments; through Facebook Login only, since 2025-12-03. Already gone counts as
 * removed. Meta's own passing failure (2207085) may be sent again: deleting twice deletes once.
 * @source platforms/meta.md section 8
 */
export async function removeMedia(
  ref: PublishedRef & { readonly state?: JsonObject },
  ctx: ConnectorContext,
): PlatformResult<void> {
  if (ref.state?.isUnnamed === true)
    return fail({
      kind: "content_rejected",
      field: "post",
      reason: "unnamed",
      message: "Instagram never named this post, so POSTD cannot delete it. Delete it in the Instagram app.",
    });
  return deleteNode(ctx, ref.externalId, { needs: ["instagram_basic", "instagram_manage_contents"] });
}
