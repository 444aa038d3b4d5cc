import {
  exactJson,
  type InboundAnswer,
  sha256Hex,
  type VerifyInput,
  type Webhooks,
  webhookEvents,
  webhookSignature,
} from "@postd/connector-kit";
import { z } from "zod";
import { Id } from "./api.ts";

const signature = webhookSignature({
  header: "tiktok-signature",
  form: /^t=(?<t>\d{1,12}),\s*s=(?<digest>[0-9a-fA-F]{64})$/,
  encoding: "hex",
  prefix: (t) => `${t}.`,
});

function verify({ request, keys, now }: VerifyInput): InboundAnswer {
  if (keys.length === 0)
    return { kind: "refused", status: 403, reason: "no client secret is set; set POSTD_TIKTOK_CLIENT_SECRET" };
  const verdict = signature(request, keys, now);
  if (verdict === "genuine") return { kind: "accepted" };
  return { kind: "refused", status: 401, reason: `the TikTok-Signature header is ${verdict}` };
}

/** The content is JSON within text. @source platforms/tiktok.md section 10 */
const Content = z.object({
  publish_id: z.string().optional().catch(undefined),
  post_id: Id.optional().catch(undefined),
  publish_type: z.string().optional().catch(undefined),
  reason: z.union([z.string(), z.number()]).transform(String).optional().catch(undefined),
});
const Event = z
  .object({
    event: z.string(),
    create_time: z.number(),
    user_openid: z.string().min(1).max(200),
    content: z.union([z.string(), z.record(z.string(), z.json())]).default(""),
  })
  .transform(({ event, create_time, user_openid, content }) => {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    const told = Content.safeParse(exactJson(text)).data ?? {};
    return [
      {
        name: event,
        accountExternalId: user_openid,
        // TikTok's events have no id, and come more than once.
        key: sha256Hex(new TextEncoder().encode(JSON.stringify([event, create_time, user_openid, text]))),
        atMs: create_time * 1000,
        data: {
          event,
          publishId: told.publish_id,
          post: told.post_id,
          publishType: told.publish_type,
          reason: told.reason,
        },
      },
    ];
  });

const parse = webhookEvents({
  platform: "tiktok",
  body: Event,
  types: {
    "authorization.removed": "account.deauthorized",
    "post.publish.failed": "post.changed",
    "post.publish.complete": "post.changed",
    "post.publish.inbox_delivered": "post.changed",
    "post.publish.publicly_available": "post.changed",
    "post.publish.publicaly_available": "post.changed",
    "post.publish.no_longer_publicaly_available": "post.changed",
    "post.publish.no_longer_publicly_available": "post.changed",
    // Older names that may stand in for failed and complete.
    "video.upload.failed": "post.changed",
    "video.publish.completed": "post.changed",
  },
});

/** One address for each app, set by hand in TikTok's portal; there is no handshake. */
export const tiktokWebhooks: Webhooks = { verify, parse };
