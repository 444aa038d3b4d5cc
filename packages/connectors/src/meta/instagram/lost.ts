import type { ConnectorContext, PlatformFailure } from "@postd/connector-kit";
import { instagramHealth } from "../health.ts";
import { brokenForGood } from "./state.ts";

export const lostAgain: PlatformFailure = {
  kind: "unavailable",
  message: "Instagram lost the prepared post again and again. Send it again later.",
};

/**
 * What to say where Instagram loses one container after the other. A right or a sign-in that is gone may stand behind
 * it, so these are asked first; only if they are well it is this post that does not go through.
 * @source platforms/meta.md section 12 (24/2207006)
 */
export async function lostForGood(ctx: ConnectorContext, failure: PlatformFailure): Promise<PlatformFailure> {
  const health = await instagramHealth(ctx);
  if (!health.ok) return health.error;
  const { missingScopes: scopes } = health.value;
  const message = `This sign-in lacks a permission that publishing needs: ${scopes.join(", ")}. Sign in again and allow it.`;
  return scopes.length > 0 ? { kind: "scope_missing", scopes, message } : brokenForGood(failure);
}
