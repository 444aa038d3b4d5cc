import {
  type Connector,
  type ConnectorContext,
  defaultFingerprint,
  defineConnector,
  type HealthAnswer,
  type PlatformResult,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { accountTrouble } from "./failures.ts";
import { lookUp } from "./look-up.ts";
import { BlueskyOptions, PICTURE_MAX_BYTES, pictureTypes, textLimit, validate } from "./options.ts";
import { accountMetrics, postMetrics, readProfile } from "./profile.ts";
import { imageSteps, textSteps } from "./publish.ts";
import { removePost } from "./remove.ts";
import { appPassword, getSession } from "./session.ts";
import { startState } from "./state.ts";
import { Did, handlePattern, pdsOf } from "./xrpc.ts";

/** The session works and belongs to this account; name and picture where somebody tells them. */
async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const session = await getSession(ctx, pdsOf(ctx.account), ctx.credentials.accessToken);
  if (!session.ok) return session;
  if (session.value.did !== ctx.account.externalId)
    return fail({ kind: "auth_revoked", message: "The session belongs to another account. Connect again." });
  const trouble = accountTrouble(session.value);
  if (trouble) return fail({ kind: "account_blocked", message: trouble });
  const profile = await readProfile(ctx, session.value.did);
  const { displayName, avatar } = profile.ok ? profile.value : {};
  const handle = handlePattern.test(session.value.handle) ? session.value.handle.toLowerCase() : ctx.account.handle;
  return ok({
    missingScopes: [],
    ...(handle && { handle }),
    name: displayName || handle || ctx.account.name,
    ...(avatar && { pictureUrl: avatar }),
  });
}

export const bluesky: Connector = defineConnector({
  id: "bluesky",
  name: "Bluesky",
  family: "bluesky",
  icon: "icon.svg",
  color: "#1185FE",
  previewKind: "short",
  auth: [appPassword],
  appCredentials: [],
  hosts: ["bsky.social", "*.host.bsky.network", "public.api.bsky.app", "plc.directory"],
  customHosts: true,
  apiVersion: { current: "xrpc" },
  accountKinds: [{ id: "profile", label: "Profile" }],
  options: BlueskyOptions,
  extras: z.object({ pds: z.url(), did: Did, handle: z.string() }),
  limits: { text: textLimit },
  publish: {
    text: { label: "Text", media: { min: 0, max: 0 }, start: startState, steps: textSteps },
    image: {
      label: "Pictures",
      media: { min: 1, max: 4, image: { mimeTypes: pictureTypes, maxBytes: PICTURE_MAX_BYTES } },
      start: startState,
      steps: imageSteps,
    },
  },
  defaultFormat: ({ media }) => {
    if (media.length === 0) return "text";
    return media.every(({ kind }) => kind === "image") ? "image" : undefined;
  },
  validate,
  fingerprint: defaultFingerprint,
  remove: { formats: ["text", "image"], run: removePost },
  lookUp,
  analytics: { delayMs: 60_000, post: postMetrics, account: accountMetrics },
  health,
});

export const connectors = [bluesky] as const;
