import {
  type ConnectorContext,
  defaultFingerprint,
  type HealthAnswer,
  type PlatformResult,
  type PublishingPlatform,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { budgets, usage } from "./budgets.ts";
import { accountTrouble } from "./failures.ts";
import { lookUp } from "./look-up.ts";
import { BlueskyOptions, PICTURE_MAX_BYTES, pictureTypes, THUMB_MAX_BYTES, textLimit, validate } from "./options.ts";
import { accountMetrics, postNumbers, readProfile } from "./profile.ts";
import { imageSteps, textSteps } from "./publish.ts";
import { recent } from "./recent.ts";
import { partsOf, removePost } from "./remove.ts";
import { getSession } from "./session.ts";
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

export const bluesky: PublishingPlatform = {
  id: "bluesky",
  provider: "bluesky",
  name: "Bluesky",
  icon: "icon.svg",
  color: "#1185FE",
  previewKind: "short",
  accountKinds: [{ id: "profile", label: "Profile" }],
  extras: z.object({ pds: z.url(), did: Did, handle: z.string() }),
  budgets,
  usage,
  publishing: {
    formats: {
      text: { label: "Text", media: { min: 0, max: 0 }, start: startState, steps: textSteps },
      image: {
        label: "Pictures",
        media: { min: 1, max: 4, image: { mimeTypes: pictureTypes, maxBytes: PICTURE_MAX_BYTES } },
        start: startState,
        steps: imageSteps,
      },
    },
    options: BlueskyOptions,
    limits: { text: textLimit },
    defaultFormat: ({ media }) => {
      if (media.length === 0) return "text";
      return media.every(({ kind }) => kind === "image") ? "image" : undefined;
    },
    validate,
    fingerprint: defaultFingerprint,
    aliases: { article: "text" },
    parts: { max: 20, text: { ...textLimit, required: true } },
    link: { formats: ["text"], thumb: { mimeTypes: pictureTypes, maxBytes: THUMB_MAX_BYTES } },
    mentions: { write: (handle) => `@${handle.replace(/^@/, "")}` },
    hashtags: {},
    remove: { formats: ["text", "image"], run: removePost, parts: partsOf },
    lookUp,
  },
  numbers: { delayMs: 60_000, batchSize: 25, posts: postNumbers, recent, account: accountMetrics },
  health,
};
