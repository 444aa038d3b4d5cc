import type { ConnectorContext, PlatformFailure, PlatformResult } from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import { api, ofLocation } from "./api.ts";
import { v4Path } from "./names.ts";

/** The location itself, by the path of its account. */
export const readPlace = (ctx: ConnectorContext) =>
  api.send(ctx, { method: "GET", path: `${v4Path(ctx)}/localPosts`, query: { pageSize: 1 }, ...ofLocation });

/**
 * What was asked of a thing; undefined: it is gone. Google answers 404 for all of an account that no longer has the location
 * just the same, and a page for a path it cannot read, while the thing stands where it stood. So it counts as gone only
 * where its location answers. @source platforms/google-business-profile.md "Errors", 404
 */
export async function unlessGone<T>(
  ctx: ConnectorContext,
  asked: Result<T, PlatformFailure>,
): PlatformResult<T | undefined> {
  if (asked.ok) return asked;
  const { error } = asked;
  if (error.kind !== "content_rejected" || error.reason !== "missing") return asked;
  const place = await readPlace(ctx);
  if (place.ok) return ok(undefined);
  return fail({ ...place.error, ...(error.refused && { refused: error.refused }) });
}
