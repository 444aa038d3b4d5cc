import { sha256Hex } from "@postd/connector-kit";
import { fail, type Result, type ServiceError } from "@postd/contracts";
import type { ConnectionsDeps } from "./deps.ts";

const mark = "owner ";

/** What ties an authorisation to the cookie of an owner's link. No session or key has a hash that looks like it. */
export const ownerSessionHash = (hash: string): string => `${mark}${hash}`;

/** The hash of the owner's cookie that an authorisation began with; undefined: it began otherwise. */
export const ownerHashOf = (sessionHash: string): string | undefined =>
  sessionHash.startsWith(mark) ? sessionHash.slice(mark.length) : undefined;

/** Whether a cookie is the one an authorisation began with. */
export const isOwnersCookie = (sessionHash: string, cookie: string | undefined): boolean =>
  cookie !== undefined && ownerHashOf(sessionHash) === sha256Hex(cookie);

/** States of such authorisations, so that the page they end at is known whatever comes of them. */
const statePrefix = "owner-";
export const ownerState = (random: string): string => `${statePrefix}${random}`;
export const isOwnerState = (state: string): boolean => state.startsWith(statePrefix);

/** The cookie works once: of two who come back at once one connects, and it works again only where nothing came of it. */
export async function onceForOwner<T>(
  { ownerLinks, clock }: Pick<ConnectionsDeps, "ownerLinks" | "clock">,
  hash: string | undefined,
  act: () => Promise<Result<T, ServiceError>>,
): Promise<Result<T, ServiceError>> {
  if (hash === undefined) return act();
  if (!(await ownerLinks.takeSession(hash, clock.now()))) return fail(linkIsUsed);
  const done = await act();
  if (!done.ok) await ownerLinks.giveSessionBack(hash);
  return done;
}

export const linkIsUsed: ServiceError = {
  code: "expired",
  detail: "This link was used already, was replaced by a newer one, or has ended. Nothing was changed.",
  next: "Ask whoever sent it for a new one.",
};
