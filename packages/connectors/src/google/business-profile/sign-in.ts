import {
  type AccountPermissions,
  type AccountRef,
  type AuthContext,
  type FoundAccount,
  type Granted,
  missingScopes,
  type OAuthSubject,
  type PlatformFailure,
  type PlatformResult,
  type TokenAnswer,
} from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import { googleSignIn } from "../sign-in.ts";
import { readAccounts, readLocations, told } from "./accounts.ts";
import { MANAGE } from "./api.ts";
import { failures } from "./failures.ts";
import { Extras } from "./names.ts";
import { readVoice, unverified, Voice } from "./voice.ts";

const nothing = (message: string) =>
  fail({ kind: "content_rejected" as const, field: "account", reason: "no_locations", message });

/** Everybody has one account of their own, which carries their name; so no further scope has to be asked for. */
async function subject(token: TokenAnswer, ctx: AuthContext): PlatformResult<OAuthSubject> {
  if (!token.scopes.includes(MANAGE))
    return fail({
      kind: "scope_missing",
      scopes: [MANAGE],
      message: "Google's consent page was not ticked for managing business profiles. Connect again and tick it.",
    });
  const read = await readAccounts(ctx, token);
  if (!read.ok) return read;
  const own = read.value.find(({ type }) => type === "PERSONAL") ?? read.value[0];
  if (!own)
    return nothing("This Google account manages no business profile. Ask its owner for a role, then connect again.");
  return ok({ externalId: own.name, name: own.accountName || "a Google account" });
}

const endsSignIn = ({ kind }: PlatformFailure): boolean => kind === "auth_expired" || kind === "auth_revoked";

/** Every location once, by the first account whose list names it; each is a connection of its own. */
async function accounts({ credentials, scopes }: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]> {
  const read = await readAccounts(ctx, credentials);
  if (!read.ok) return read;
  const found = new Map<string, FoundAccount>();
  let unread: PlatformFailure | undefined;
  let mayAsk = true;
  for (const { name: account, role } of read.value) {
    const locations = await readLocations(ctx, account, credentials);
    if (!locations.ok && endsSignIn(locations.error)) return locations;
    // One account that may not be read hides no other.
    if (!locations.ok) {
      ctx.log.warn({ account, kind: locations.error.kind }, "the locations of a Google account cannot be read");
      unread ??= locations.error;
      continue;
    }
    for (const location of locations.value) {
      const { name, title, place, mapsUri } = location;
      if (found.has(name)) continue;
      const asked: Result<Voice, PlatformFailure> = mayAsk ? await readVoice(ctx, location, credentials) : ok({});
      if (!asked.ok && endsSignIn(asked.error)) return asked;
      // Of hundreds the check of each account asks later.
      mayAsk &&= asked.ok || asked.error.kind !== "rate_limited";
      const voice = asked.ok ? asked.value : {};
      found.set(name, {
        platform: "google_business_profile",
        externalId: name,
        kind: "location",
        name: title,
        ...(place && { handle: place }),
        ...(mapsUri && { profileUrl: mapsUri }),
        extras: { account, ...(role && { role }), ...told(location, voice) },
        credentials,
        missingScopes: missingScopes(scopes, [MANAGE]),
      });
    }
  }
  if (found.size === 0 && unread) return fail(unread);
  if (found.size === 0)
    return nothing("This Google account manages no location. Ask the owner of one for a role, then connect again.");
  return ok([...found.values()]);
}

/** @source platforms/google-business-profile.md "OAuth (Google)" */
export const businessSignIn = googleSignIn({
  id: "google_business",
  label: "Google Business Profile",
  platforms: ["google_business_profile"],
  scopes: { required: [MANAGE], optional: [] },
  failures,
  subject: (token, _at, ctx) => subject(token, ctx),
  accounts,
});

/** Whether Google lets the business speak for its location; what Google does not tell is no reason to refuse. */
export function permissions({ extras }: Pick<AccountRef, "extras">): AccountPermissions | undefined {
  const { data } = Extras.extend(Voice.shape).safeParse(extras);
  if (data?.isVerified === undefined) return undefined;
  const missing = (["publishing", "inbox"] as const).map((facet) => ({
    name: "hasVoiceOfMerchant",
    facet,
    message: unverified(data),
  }));
  return { granted: data.role ? [data.role] : [], missing: data.isVerified ? [] : missing };
}
