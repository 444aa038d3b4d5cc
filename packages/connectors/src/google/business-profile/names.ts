import type { AccountRef, ConnectorContext } from "@postd/connector-kit";
import { z } from "zod";

/** One name, which neither ends a path nor leads up in it. */
const part = (kind: string) => `${kind}/(?!\\.{1,2}(?:/|$))[^/?#\\s]{1,200}`;
const formOf = (kinds: readonly string[]) => new RegExp(`^${kinds.map(part).join("/")}$`);
const named = (...kinds: string[]) => z.string().regex(formOf(kinds));

export const AccountName = named("accounts");
export const LocationName = named("locations");

/**
 * Google's v4 names a thing by the account it was asked through, and one location may be reached through several. Here
 * things are called by their location alone, so that they keep their names whoever signs in.
 */
const short = (name: string): string => name.replace(/^accounts\/[^/]+\//, "");
export const PostName = named("accounts", "locations", "localPosts").transform(short);
export const ReviewName = named("accounts", "locations", "reviews").transform(short);
export const PhotoName = named("accounts", "locations", "media").transform(short);

/** A name a person gives, with the account or without it, where it lies at this location. */
export function ownName(ctx: Pick<ConnectorContext, "account">, name: string, kind: string): string | undefined {
  const given = short(name.trim());
  const isOwn = given.startsWith(`${ctx.account.externalId}/`) && formOf(["locations", kind]).test(given);
  return isOwn ? given : undefined;
}

/** What a connection keeps of its location beside the name. */
export const Extras = z
  .object({
    /** The account whose list named the location; nothing tells it later. */
    account: AccountName,
    role: z.string().optional(),
    /** ISO 3166 code of the country, for telephone numbers. */
    region: z.string().optional(),
  })
  .catchall(z.json());

export const accountNameOf = ({ extras }: Pick<AccountRef, "extras">): string => Extras.parse(extras).account;

/** The path v4 takes: account, then location. @source platforms/google-business-profile.md "Accounts & locations" */
export const v4Path = (ctx: Pick<ConnectorContext, "account">, name = ctx.account.externalId, more = ""): string =>
  `${escaped(accountNameOf(ctx.account))}/${escaped(name)}${more}`;

export const escaped = (name: string): string => name.split("/").map(encodeURIComponent).join("/");
