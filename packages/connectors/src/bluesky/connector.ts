import {
  type Connector,
  type ConnectorContext,
  defaultFingerprint,
  defineConnector,
  type HealthAnswer,
  type PlatformResult,
  type PublishedRef,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { BlueskyOptions, PICTURE_MAX_BYTES, pictureTypes, textLimit, validate } from "./options.ts";
import { accountMetrics, postMetrics, readProfile } from "./profile.ts";
import { imageSteps, textSteps } from "./publish.ts";
import { appPassword, getSession } from "./session.ts";
import { startState } from "./state.ts";
import { POSTS, pdsOf, xrpc } from "./xrpc.ts";

/** The session works and belongs to this account; name and picture where somebody tells them. */
async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const session = await getSession(ctx, pdsOf(ctx.account), ctx.credentials.accessToken);
  if (!session.ok) return session;
  if (session.value.did !== ctx.account.externalId)
    return fail({ kind: "auth_revoked", message: "The session belongs to another account. Connect again." });
  if (session.value.active === false)
    return fail({ kind: "auth_revoked", message: `The account is ${session.value.status ?? "not active"}.` });
  const profile = await readProfile(ctx, session.value.did);
  const { displayName, avatar } = profile.ok ? profile.value : {};
  return ok({
    missingScopes: [],
    handle: session.value.handle,
    name: displayName?.trim() || session.value.handle,
    ...(avatar && { pictureUrl: avatar }),
  });
}

/** Deletes one record; one that is gone already is answered 200 by the server. Replies of a thread stay. */
async function remove(ref: PublishedRef, ctx: ConnectorContext): PlatformResult<void> {
  const rkey = ref.externalId.split("/").at(-1) ?? "";
  const deleted = await xrpc(ctx, {
    server: pdsOf(ctx.account),
    xrpc: "com.atproto.repo.deleteRecord",
    method: "POST",
    bearer: ctx.credentials.accessToken,
    json: { repo: ctx.account.externalId, collection: POSTS, rkey },
  });
  return deleted.ok ? ok(undefined) : deleted;
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
  hosts: ["bsky.social", "*.host.bsky.network", "public.api.bsky.app"],
  customHosts: true,
  apiVersion: { current: "xrpc" },
  accountKinds: [{ id: "profile", label: "Profile" }],
  options: BlueskyOptions,
  extras: z.object({ pds: z.url(), did: z.string().startsWith("did:"), handle: z.string() }),
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
  remove: { formats: ["text", "image"], run: remove },
  analytics: { delayMs: 60_000, post: postMetrics, account: accountMetrics },
  health,
});

export const connectors = [bluesky] as const;
