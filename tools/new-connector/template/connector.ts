import {
  type ConnectorContext,
  countGraphemes,
  defaultFingerprint,
  defineConnector,
  type FoundAccount,
  type Granted,
  type HealthAnswer,
  type KeysAuth,
  type PlatformResult,
  parseJson,
  type TextLimit,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { type Caller, call } from "./call.ts";
import { startState, textSteps } from "./publish.ts";

const Me = z.object({ id: z.string().min(1), name: z.string() });

async function whoAmI(caller: Caller): PlatformResult<z.output<typeof Me>> {
  const answer = await call(caller, { method: "GET", path: "/v1/me", effect: "none" });
  return answer.ok ? parseJson(answer.value, Me) : answer;
}

/** A token the owner copies from the platform's settings. A platform with a sign-in page has an `OAuth2Auth` instead. */
const accessToken: KeysAuth = {
  kind: "keys",
  id: "access_token",
  label: "Access token",
  scopes: { required: [], optional: [] },
  fields: [{ name: "accessToken", label: "Access token", secret: true, required: true }],
  async connect({ accessToken: token }, ctx) {
    if (!token) {
      const message = "Paste an access token from the platform's settings.";
      return fail({ kind: "content_rejected", field: "accessToken", reason: "required", message });
    }
    const me = await whoAmI({ ...ctx, credentials: { accessToken: token } });
    if (!me.ok) return me;
    return ok({
      subject: { externalId: me.value.id, name: me.value.name },
      credentials: { accessToken: token },
      scopes: [],
    });
  },
  accounts: async ({ subject, credentials }: Granted): PlatformResult<readonly FoundAccount[]> =>
    ok([{ ...subject, platform: "sample_platform", kind: "profile", extras: {}, credentials, missingScopes: [] }]),
};

/** The token works and belongs to this account. */
async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const me = await whoAmI(ctx);
  if (!me.ok) return me;
  if (me.value.id !== ctx.account.externalId)
    return fail({ kind: "auth_revoked", message: "The token belongs to another account. Connect again." });
  return ok({ missingScopes: [], name: me.value.name });
}

const textLimit: TextLimit = { max: 500, unit: "graphemes", rule: "graphemes", count: countGraphemes };

export const samplePlatform = defineConnector({
  id: "sample_platform",
  name: "Sample platform",
  family: "sample_platform",
  icon: "icon.svg",
  color: "#4B5563",
  previewKind: "short",
  auth: [accessToken],
  appCredentials: [],
  hosts: ["api.sample-platform.example"],
  apiVersion: { current: "v1" },
  accountKinds: [{ id: "profile", label: "Profile" }],
  options: z.strictObject({}),
  extras: z.object({}),
  limits: { text: textLimit },
  publish: {
    text: { label: "Text", media: { min: 0, max: 0 }, start: startState, steps: textSteps },
  },
  defaultFormat: ({ media }) => (media.length === 0 ? "text" : undefined),
  fingerprint: defaultFingerprint,
  health,
});

export const connectors = [samplePlatform];
