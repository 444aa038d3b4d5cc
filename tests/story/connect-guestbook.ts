import { allProviders } from "@postd/connectors";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { type ApiSession, randomPassword } from "@postd/testkit/api";
import type { System, SystemOptions } from "@postd/testkit/system";
import { guestbookProvider } from "./guestbook-provider.ts";
import { guestbookSimulator } from "./guestbook-simulator.ts";

/** All there is, and a provider to whose accounts people write whatever a test needs. */
export const withGuestbook: SystemOptions = {
  providers: [...allProviders, guestbookProvider],
  simulators: [...simulatorDefinitions, guestbookSimulator],
};

/** An account people write to, connected with its key at one of the provider's two platforms. */
export async function connectGuestbook(
  system: Pick<System, "sim">,
  session: Pick<ApiSession, "must">,
  platform: "guestbook" | "stars" = "guestbook",
): Promise<{ readonly id: string; readonly account: string }> {
  const name = `nord${randomPassword()}`;
  const { id: account, accessToken: key } = await system.sim("POST", "guestbook/accounts", { name });
  const { connections } = await session.must("POST", "/api/connections", { platform, keys: { key } });
  return { id: connections[0].id, account };
}
