import {
  type ConnectorContext,
  countGraphemes,
  defaultFingerprint,
  type HealthAnswer,
  type PlatformResult,
  type PublishingPlatform,
  type TextLimit,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { whoAmI } from "./api.ts";
import { startState, textSteps } from "./publish.ts";

/** The token works and belongs to this account. */
async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const me = await whoAmI(ctx);
  if (!me.ok) return me;
  if (me.value.id !== ctx.account.externalId)
    return fail({ kind: "auth_revoked", message: "The token belongs to another account. Connect again." });
  return ok({ missingScopes: [], name: me.value.name });
}

const textLimit: TextLimit = { max: 500, unit: "graphemes", rule: "graphemes", count: countGraphemes };

export const samplePlatform: PublishingPlatform = {
  id: "sample_platform",
  provider: "sample_platform",
  name: "Sample platform",
  icon: "icon.svg",
  color: "#4B5563",
  previewKind: "short",
  accountKinds: [{ id: "profile", label: "Profile" }],
  extras: z.object({}),
  publishing: {
    formats: { text: { label: "Text", media: { min: 0, max: 0 }, start: startState, steps: textSteps } },
    options: z.strictObject({}),
    limits: { text: textLimit },
    defaultFormat: ({ media }) => (media.length === 0 ? "text" : undefined),
    fingerprint: defaultFingerprint,
  },
  health,
};
