import type { AuthContext, FoundAccount, Granted, KeysSignIn, PlatformResult } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { connect } from "./connect.ts";
import { accountTrouble } from "./failures.ts";
import { DEFAULT_SERVICE } from "./identity.ts";
import { readProfile } from "./profile.ts";
import { getSession, refresh, revoke } from "./session.ts";

/** The one account of a session. A profile nobody can read now (a server without AppView) does not stand in the way. */
async function accounts(granted: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]> {
  const { pds = DEFAULT_SERVICE, handle = granted.subject.name } = granted.extras ?? {};
  if (typeof pds !== "string" || typeof handle !== "string") throw new Error("a Bluesky grant lost its server");
  const session = await getSession(ctx, pds, granted.credentials.accessToken);
  if (!session.ok) return session;
  const { did } = session.value;
  const blocked = accountTrouble(session.value);
  const profile = await readProfile(ctx, did);
  const { displayName, avatar } = profile.ok ? profile.value : {};
  return ok([
    {
      platform: "bluesky",
      externalId: did,
      kind: "profile",
      name: displayName || handle,
      handle,
      ...(avatar && { pictureUrl: avatar }),
      profileUrl: `https://bsky.app/profile/${did}`,
      extras: { pds, did, handle },
      credentials: granted.credentials,
      missingScopes: [],
      ...(blocked && { blocked }),
    },
  ]);
}

export const appPassword: KeysSignIn = {
  kind: "keys",
  id: "app_password",
  label: "App password",
  scopes: { required: [], optional: [] },
  fields: [
    {
      name: "service",
      label: "Server",
      secret: false,
      required: false,
      defaultValue: DEFAULT_SERVICE,
      help: "Leave as it is, unless your account lives on a server of its own.",
    },
    { name: "identifier", label: "Handle", secret: false, required: true, help: "Such as ida.bsky.social." },
    {
      name: "appPassword",
      label: "App password",
      secret: true,
      required: true,
      help: "Make one in Bluesky under Settings, Privacy and security, App passwords. Not your main password.",
    },
  ],
  connect,
  accounts,
  refresh,
  refreshBeforeMs: 10 * 60_000,
  rotates: true,
  revoke,
};
