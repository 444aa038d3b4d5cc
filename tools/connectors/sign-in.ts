import type { TryOut } from "@postd/connector-kit";
import type { PlatformView } from "@postd/contracts";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";

type SignIn = PlatformView["auth"][number];

/** An account a sign-in opened, as the API lists it. */
export interface OpenedAccount {
  readonly platform: string;
  readonly externalId: string;
  readonly name: string;
  readonly blocked?: string;
}

/** What a sign-in at a simulated platform opened, and how one of its accounts is connected. */
export interface SignedIn {
  readonly accounts: readonly OpenedAccount[];
  /** Answers the connection's id. */
  connect(account: OpenedAccount): Promise<string>;
}

/**
 * Signs in at a simulated platform as a person would: agrees on its page, or types what its ready account is known by.
 * `makeAccount` makes one at the simulator, for keys. Throws with the API's own words.
 */
export async function signInSimulated(input: {
  readonly session: ApiSession;
  readonly platform: Pick<PlatformView, "id" | "name">;
  readonly signIn: SignIn;
  readonly tryOut: TryOut;
  readonly makeAccount: () => Promise<unknown>;
}): Promise<SignedIn> {
  const { session, platform, signIn, tryOut } = input;
  if (signIn.kind === "keys") {
    const places = tryOut.keys?.[signIn.id];
    if (!places) throw new Error(`try-out.ts of ${platform.id} does not say what is typed for ${signIn.id}`);
    const made = await input.makeAccount();
    const keys = Object.fromEntries(Object.entries(places).map(([field, place]) => [field, textAt(made, place)]));
    const body = { platform: platform.id, authKind: signIn.id, keys };
    const { connections } = await session.must("POST", "/api/connections", body);
    return { accounts: connections, connect: async ({ externalId }) => idOf(connections, externalId) };
  }
  const { grantId } = await grantThroughBrowser(session, platform.id, signIn.id);
  const grant = await session.must("GET", `/api/grants/${grantId}`);
  const accounts = grant.accounts.filter((account: OpenedAccount) => account.platform === platform.id);
  return {
    accounts,
    async connect({ externalId }) {
      const body = { grantId, accounts: [{ platform: platform.id, externalId }] };
      const { connections } = await session.must("POST", "/api/connections", body);
      return idOf(connections, externalId);
    },
  };
}

function idOf(
  connections: readonly { readonly id: string; readonly externalId: string }[],
  externalId: string,
): string {
  const found = connections.find((one) => one.externalId === externalId);
  if (!found) throw new Error(`${externalId} was chosen and is not among the connections that were made`);
  return found.id;
}

/** A text inside JSON by its path, `extra.appPassword` for instance. */
function textAt(value: unknown, place: string): string {
  let at = value;
  for (const name of place.split(".")) at = typeof at === "object" && at !== null ? Reflect.get(at, name) : undefined;
  if (typeof at !== "string") throw new Error(`the simulator's account has no ${place}`);
  return at;
}
