import type { ApiSession } from "./api.ts";
import type { System } from "./system.ts";

/** A connected Bluesky account of its own, made on the simulator and signed in with its app password. */
export async function connectBluesky(
  system: Pick<System, "sim">,
  session: Pick<ApiSession, "must">,
  name = "Northfold",
): Promise<{
  readonly id: string;
  /** DID. */
  readonly account: string;
  readonly handle: string;
  readonly appPassword: string;
  /** Tokens of another sign-in at this account. */
  readonly accessToken: string;
  readonly refreshToken: string;
}> {
  const made = await system.sim("POST", "bluesky/accounts", { name });
  const appPassword: string = made.extra.appPassword;
  const { connections } = await session.must("POST", "/api/connections", {
    platform: "bluesky",
    keys: { identifier: made.handle, appPassword },
  });
  return {
    id: connections[0].id,
    account: made.id,
    handle: made.handle,
    appPassword,
    accessToken: made.accessToken,
    refreshToken: made.refreshToken,
  };
}
