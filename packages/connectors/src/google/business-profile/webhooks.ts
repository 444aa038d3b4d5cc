import {
  type AuthContext,
  base64UrlDecode,
  type ConnectorContext,
  type InboundAnswer,
  jsonIn,
  type PlatformResult,
  senderToken,
  type VerifyInput,
  type WebhookSubscription,
  type Webhooks,
  webhookEvents,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, NOTIFICATIONS, ofLocation } from "./api.ts";
import { accountNameOf, escaped } from "./names.ts";

/** Cloud Pub/Sub proves who it is by a token about the service account it pushes as. @source platforms/google-business-profile.md "Webhooks" */
const token = senderToken({
  keysAt: "https://www.googleapis.com/oauth2/v3/certs",
  issuers: ["https://accounts.google.com", "accounts.google.com"],
  algorithm: "RS256",
});
const Sender = z.object({ email: z.string(), email_verified: z.literal(true) });

async function verify({ request, now, publicUrl }: VerifyInput, ctx: AuthContext): Promise<InboundAnswer> {
  const refused = (status: number, reason: string): InboundAnswer => ({ kind: "refused", status, reason });
  const wanted = ctx.app.value("pubsub_push_service_account");
  if (!wanted) return refused(403, "no service account is set; set POSTD_GOOGLE_PUBSUB_PUSH_SERVICE_ACCOUNT");
  const audience = ctx.app.value("pubsub_audience") || `${publicUrl}/api/webhooks/google`;
  const verdict = await token(request, { audience, now }, ctx);
  // Pub/Sub comes again later.
  if (!verdict.ok) return refused(503, "Google's keys cannot be read now");
  if ("refused" in verdict.value) return refused(401, `the token of the request is ${verdict.value.refused}`);
  const sender = Sender.safeParse(verdict.value.claims);
  if (!sender.success || sender.data.email !== wanted)
    return refused(403, "the token is about another service account than the one that is set");
  // An envelope nobody can read is taken all the same, else it comes back for a week.
  return { kind: "accepted" };
}

/** Google publishes no sample, and clients saw three spellings. */
const Inner = z.looseObject({});
const spelled = (inner: Readonly<Record<string, unknown>>, ...names: readonly string[]): string | undefined =>
  names.map((name) => inner[name]).find((value) => typeof value === "string");

const Push = z
  .object({
    message: z.object({
      data: z.string(),
      messageId: z.union([z.string().min(1), z.number()]),
      publishTime: z.string().optional(),
    }),
  })
  .transform(({ message }) => {
    const bytes = base64UrlDecode(message.data.replaceAll("+", "-").replaceAll("/", "_"));
    const inner = Inner.safeParse(bytes && jsonIn(bytes)).data ?? {};
    const name = spelled(inner, "notificationType", "notification_type", "type");
    const review = spelled(inner, "review", "reviewName", "review_name");
    const place = spelled(inner, "location", "locationName", "location_name");
    const location = [review, place].map((text) => /locations\/[^/?#\s]+/.exec(text ?? "")?.[0]).find(Boolean);
    if (name === undefined || location === undefined) return [];
    return [
      {
        name,
        accountExternalId: location,
        key: message.messageId,
        atMs: Date.parse(message.publishTime ?? ""),
        data: { type: name, entry: review?.replace(/^accounts\/[^/]+\//, "") },
      },
    ];
  });

const types = {
  NEW_REVIEW: "review.created",
  UPDATED_REVIEW: "review.changed",
  NEW_CUSTOMER_MEDIA: "media.created",
  GOOGLE_UPDATE: "account.changed",
  DUPLICATE_LOCATION: "account.changed",
  VOICE_OF_MERCHANT_UPDATED: "permissions.changed",
};

const Setting = z.looseObject({ pubsubTopic: z.string().optional() });

/** One setting for each Google account, which all its locations hear by. */
async function setTopic(ctx: ConnectorContext, pubsubTopic: string): PlatformResult<WebhookSubscription> {
  const id = `${accountNameOf(ctx.account)}/notificationSetting`;
  const query = { updateMask: "pubsubTopic,notificationTypes" };
  const json = { name: id, pubsubTopic, notificationTypes: pubsubTopic === "" ? [] : Object.keys(types) };
  const call = { method: "PATCH", base: NOTIFICATIONS, path: escaped(id), query, json, ...ofLocation } as const;
  const sent = await api.send(ctx, call);
  return sent.ok ? ok({ id }) : sent;
}

export const businessWebhooks: Webhooks = {
  verify,
  parse: webhookEvents({ platform: "google_business_profile", body: Push, types }),
  async subscribe(ctx) {
    const topic = ctx.app.value("pubsub_topic");
    if (topic) return setTopic(ctx, topic);
    const message =
      "Google's events go through a Pub/Sub topic, and none is set; reviews are looked for now and then instead.";
    return fail({ kind: "operator_must_act", what: "set POSTD_GOOGLE_PUBSUB_TOPIC", message });
  },
  async isSubscribed(ctx, { id }) {
    const now = await api.get(ctx, escaped(id), Setting, { base: NOTIFICATIONS, ...ofLocation });
    return now.ok ? ok(now.value.pubsubTopic === ctx.app.value("pubsub_topic")) : now;
  },
  async unsubscribe(ctx) {
    const path = escaped(`${accountNameOf(ctx.account)}/notificationSetting`);
    const now = await api.get(ctx, path, Setting, { base: NOTIFICATIONS, ...ofLocation });
    if (!now.ok) return now;
    // Somebody else's program may have taken the one place there is.
    if (now.value.pubsubTopic !== ctx.app.value("pubsub_topic")) return ok(undefined);
    const ended = await setTopic(ctx, "");
    return ended.ok ? ok(undefined) : ended;
  },
};
