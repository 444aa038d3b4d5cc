import { type SimLimit, SimRefusal } from "@postd/connector-kit/simulator";
import { type Called, personOf } from "../call.ts";
import { manage } from "../sign-in.ts";
import { denied, notFound, quotaExceeded } from "../words.ts";
import type { Account, Location } from "./model.ts";

/** Its APIs, each with a host of its own. */
export const hosts = {
  accounts: "mybusinessaccountmanagement.googleapis.com",
  information: "mybusinessbusinessinformation.googleapis.com",
  v4: "mybusiness.googleapis.com",
  performance: "businessprofileperformance.googleapis.com",
  notifications: "mybusinessnotifications.googleapis.com",
  verifications: "mybusinessverifications.googleapis.com",
} as const;

export const managed = { scopes: [manage] } as const;
/** v4 names a location with its account only; anything shorter is no path at all. */
export const v4 = (path: string): string => `${hosts.v4}/v4/accounts/:account/locations/:location${path}`;

/** Another person's account does not exist for the caller; one where the caller lost the role is forbidden. */
export function accountOf(call: Called): Account {
  const person = personOf(call).id;
  const account = call.world.profiles.accounts.get(call.params.account ?? "");
  if (account?.members.has(person)) return account;
  throw account?.former.has(person) ? denied() : notFound();
}

export function locationOf(call: Called): Location {
  const account = accountOf(call);
  const location = call.world.profiles.locations.get(call.params.location ?? "");
  if (!location?.accounts.has(account.id)) throw notFound();
  return location;
}

/** Where only `locations/{l}` is named: through any account of the caller. */
export function bareLocationOf(call: Called): Location {
  const { profiles } = call.world;
  const location = profiles.locations.get(call.params.location ?? "");
  const mine = profiles.accountsOf(personOf(call).id);
  if (!location || !mine.some(({ id }) => location.accounts.has(id))) throw notFound();
  return location;
}

/** Ten a minute and profile, which nobody can have raised; every change counts. */
const editLimit: SimLimit = { name: "edits", points: 10, seconds: 60 };

export function takeEdit({ world }: Called, { id }: Location): void {
  const { retryAfterSeconds } = world.limits.take([editLimit], id);
  if (retryAfterSeconds !== undefined && world.settings.limitsRequests) throw new SimRefusal(quotaExceeded(hosts.v4));
}
