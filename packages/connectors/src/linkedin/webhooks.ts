import {
  type ConnectorContext,
  hmacSha256Hex,
  isThere,
  type PlatformResult,
  rowsOf,
  signedRequests,
  unlessGone,
  type WebhookSubscription,
  type Webhooks,
  webhookEvents,
  withChallenge,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, authorOf } from "./api.ts";

/** @source platforms/linkedin.md "Webhooks" */
const verify = withChallenge(
  {
    parameter: "challengeCode",
    keyName: "POSTD_LINKEDIN_PAGE_CLIENT_SECRET",
    answer: (challengeCode, key) => ({ challengeCode, challengeResponse: hmacSha256Hex(key, challengeCode) }),
  },
  signedRequests({
    header: "x-li-signature",
    form: /^(?<digest>[0-9a-f]{64})$/,
    encoding: "hex",
    prefix: () => "hmacsha256=",
  }),
);

const isComment = (urn: string | undefined): boolean => urn?.startsWith("urn:li:comment:") === true;
const Notification = z
  .object({
    notificationId: z.union([z.number(), z.string().max(100)]),
    organizationalEntity: z.string().regex(/^urn:li:organization:\d{1,30}$/),
    action: z.string(),
    sourcePost: z.string().optional(),
    generatedActivity: z.string().optional(),
    lastModifiedAt: z.number().optional(),
  })
  .transform((told) => ({
    name: told.action,
    accountExternalId: told.organizationalEntity,
    key: told.notificationId,
    atMs: told.lastModifiedAt,
    data: {
      action: told.action,
      postId: told.sourcePost,
      ...(isComment(told.generatedActivity)
        ? { commentId: told.generatedActivity }
        : { activity: told.generatedActivity }),
    },
  }));

const parse = webhookEvents({
  platform: "linkedin",
  body: z.object({ notifications: rowsOf(Notification) }).transform(({ notifications }) => notifications),
  types: {
    LIKE: "reaction.created",
    COMMENT: "comment.created",
    ADMIN_COMMENT: "comment.created",
    COMMENT_EDIT: "comment.changed",
    COMMENT_DELETE: "comment.removed",
    SHARE: "post.shared",
    SHARE_MENTION: "mention.created",
  },
});

/** Key of a page's subscription; it ends with the role or the sign-in of the person who made it. */
function keyOf(ctx: ConnectorContext): string | undefined {
  const app = ctx.app.value("app_id");
  const { administrator } = ctx.account.extras;
  if (!app || typeof administrator !== "string" || ctx.account.kind !== "page") return undefined;
  const name = (urn: string) => encodeURIComponent(urn);
  return `(developerApplication:${name(`urn:li:developerApplication:${app}`)},user:${name(administrator)},entity:${name(authorOf(ctx))},eventType:ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS)`;
}

const Subscribed = z.object({ expiresAt: z.number().optional() });

/**
 * The same person's subscription to a page is one at LinkedIn, however many workspaces have it, and is signed with the app's
 * key alone: what names one account in the address is left out.
 */
async function subscribe(ctx: ConnectorContext, to: { address: string }): PlatformResult<WebhookSubscription> {
  const [address = ""] = to.address.split("?");
  const key = keyOf(ctx);
  if (!key)
    return fail({
      kind: "operator_must_act",
      what: "LinkedIn's events need the number of the page app",
      message: "Events of LinkedIn pages need POSTD_LINKEDIN_PAGE_APP_ID, the number of the page app.",
    });
  const path = `eventSubscriptions/${key}`;
  const made = await api.send(ctx, { method: "PUT", path, json: { webhook: address }, about: "account" });
  if (!made.ok) return made;
  const told = await api.get(ctx, path, Subscribed, { about: "account" });
  const endsAt = told.ok ? told.value.expiresAt : undefined;
  return ok({ id: key, ...(endsAt !== undefined && { expiresAt: new Date(endsAt) }) });
}

export const linkedinWebhooks: Webhooks = {
  verify,
  parse,
  accountKinds: ["page"],
  subscribe,
  renew: (ctx, { address }) => subscribe(ctx, { address }),
  isSubscribed: async (ctx, { id }) =>
    isThere(await api.get(ctx, `eventSubscriptions/${id}`, Subscribed, { about: "account" })),
  async unsubscribe(ctx, { id = keyOf(ctx) }) {
    if (!id) return ok(undefined);
    const path = `eventSubscriptions/${id}`;
    return unlessGone(await api.send(ctx, { method: "DELETE", path, about: "account" }));
  },
};
