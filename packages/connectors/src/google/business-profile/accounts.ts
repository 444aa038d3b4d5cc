import {
  type AuthContext,
  type ConnectorContext,
  type Credentials,
  grantHealth,
  type HealthAnswer,
  type PlatformResult,
  rowsOf,
} from "@postd/connector-kit";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { ACCOUNTS, api, Link, LOCATIONS, MANAGE } from "./api.ts";
import { notApproved } from "./failures.ts";
import { readPlace } from "./gone.ts";
import { AccountName, escaped, LocationName } from "./names.ts";
import { readVoice, unverified, type Voice } from "./voice.ts";

type Token = Pick<Credentials, "accessToken">;
const asked = ({ accessToken }: Token) => ({ bearer: accessToken, about: "account", needs: [MANAGE] }) as const;

const Account = z.object({
  name: AccountName,
  accountName: z.string().default(""),
  type: z.string().optional(),
  role: z.string().optional(),
});
export type Account = z.output<typeof Account>;
const Accounts = z.object({ accounts: rowsOf(Account).default([]), nextPageToken: z.string().optional() });

const nextPage = (size: number) => (page: { readonly nextPageToken?: string | undefined }) =>
  page.nextPageToken ? { query: { pageSize: size, pageToken: page.nextPageToken } } : undefined;

/**
 * Everything the person reaches: their own account and groups they were let into. The first call there is, so one too many
 * means that no call is allowed at all: Google mostly words both alike.
 */
export async function readAccounts(ctx: AuthContext, token: Token): PlatformResult<readonly Account[]> {
  const call = { method: "GET", base: ACCOUNTS, path: "accounts", query: { pageSize: 20 }, ...asked(token) } as const;
  const read = await api.readAll(ctx, call, Accounts, { rows: ({ accounts }) => accounts, next: nextPage(20) });
  if (read.ok || read.error.kind !== "rate_limited") return read;
  const { what, link, say } = notApproved(new URL(ACCOUNTS).hostname);
  return fail({
    kind: "operator_must_act",
    message: `${say} Where it has been approved, try again in a minute.`,
    what,
    link,
  });
}

/** Nothing is told of a location that is not asked for. `canOperateLocalPost` is no longer filled, so nobody asks for it. */
const readMask = "name,title,storefrontAddress,metadata,websiteUri";
const Location = z
  .object({
    name: LocationName,
    title: z.string().default(""),
    storefrontAddress: z
      .object({
        regionCode: z.string().optional(),
        locality: z.string().optional(),
        addressLines: z.array(z.string()).optional(),
      })
      .optional()
      .catch(undefined),
    metadata: z.object({ mapsUri: Link, hasVoiceOfMerchant: z.boolean().optional() }).optional().catch(undefined),
  })
  .transform(({ name, title, storefrontAddress = {}, metadata }) => ({
    name,
    title: title || name,
    /** Locations of one business mostly share their title. */
    place: [storefrontAddress.addressLines?.[0], storefrontAddress.locality].filter(Boolean).join(", "),
    region: storefrontAddress.regionCode,
    mapsUri: metadata?.mapsUri,
    hasVoice: metadata?.hasVoiceOfMerchant,
  }));
export type Location = z.output<typeof Location>;
const Locations = z.object({ locations: rowsOf(Location).default([]), nextPageToken: z.string().optional() });

export const readLocations = (ctx: AuthContext, account: string, token: Token): PlatformResult<readonly Location[]> => {
  const path = `${escaped(account)}/locations`;
  const query = { readMask, pageSize: 100 };
  const call = { method: "GET", base: LOCATIONS, path, query, ...asked(token) } as const;
  return api.readAll(ctx, call, Locations, { rows: ({ locations }) => locations, next: nextPage(100) });
};

/** What a connection keeps of its location, as far as Google tells it. */
export const told = ({ region }: Location, { isVerified, lacks }: Voice): JsonObject => ({
  ...(region && { region }),
  ...(isVerified !== undefined && { isVerified }),
  ...(lacks && { lacks }),
});

/**
 * v4 names a location by its account, and locations are moved between accounts: where the one that is kept leads there no
 * longer, the one that does takes its place. Nothing: it still leads there, or nobody knows.
 */
async function movedTo(ctx: ConnectorContext): PlatformResult<JsonObject> {
  const { account, credentials } = ctx;
  const place = await readPlace(ctx);
  if (place.ok || place.error.kind !== "scope_missing") return ok({});
  const read = await readAccounts(ctx, credentials);
  if (!read.ok) return read;
  for (const { name, role } of read.value) {
    const locations = await readLocations(ctx, name, credentials);
    // Where the same account still lists it, something else bars it from v4, which is told when it matters.
    if (locations.ok && locations.value.some((one) => one.name === account.externalId))
      return ok(name === account.extras.account ? {} : { account: name, ...(role && { role }) });
  }
  return place;
}

/** The sign-in reaches the location, and whether Google lets the business speak for it. */
export async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const { account, credentials } = ctx;
  const query = { readMask };
  const read = await api.get(ctx, escaped(account.externalId), Location, {
    base: LOCATIONS,
    query,
    ...asked(credentials),
  });
  if (!read.ok) return read;
  if (read.value.name !== account.externalId)
    return fail({ kind: "unexpected_response", status: 200, message: "Google answered for another location." });
  const moved = await movedTo(ctx);
  if (!moved.ok) return moved;
  const voice = await readVoice(ctx, read.value, credentials);
  if (!voice.ok) return voice;
  return ok({
    ...grantHealth(credentials, [MANAGE]),
    name: read.value.title,
    extras: { ...told(read.value, voice.value), ...moved.value },
    ...(voice.value.isVerified === false && { notes: [unverified(voice.value)] }),
  });
}
