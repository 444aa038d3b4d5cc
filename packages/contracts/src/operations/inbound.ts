import { z } from "zod";
import { ProviderId } from "../ids.ts";
import { defineOperation } from "../operation.ts";

const providerParam = z.strictObject({ provider: ProviderId });

/** `instance`, or the id of a tenant's own app. */
const appParam = z.strictObject({
  provider: ProviderId,
  app: z.string().regex(/^(instance|app_[0-9a-z]{8,40})$/, "must be instance, or an app's id such as app_0190ab..."),
});
const meta = { provider: "meta" };
const metaInstance = { ...meta, app: "instance" };
/** Each provider has its own parameters; the connector reads them. */
const query = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

const handshake = {
  method: "GET",
  summary: "A platform checks our webhook address",
  description: "Answers the platform's handshake as it demands, after checking its token.",
  tags: ["inbound"],
  auth: { kind: "public" },
  unlimited: true,
  query,
  response: z.string(),
  answer: "text",
  errors: ["not_found", "not_configured", "unauthenticated", "forbidden"],
} as const;
const challenge = {
  query: { "hub.mode": "subscribe", "hub.challenge": "1158201444" },
  response: "1158201444",
};

const receive = {
  method: "POST",
  summary: "A platform tells us something",
  description:
    "The signature is checked over the raw bytes; a good request is stored before the answer and worked on afterwards.",
  tags: ["inbound"],
  auth: { kind: "public" },
  unlimited: true,
  query,
  bodyKind: "raw",
  response: z.unknown(),
  errors: ["not_found", "not_configured", "payload_too_large", "unauthenticated", "forbidden"],
} as const;

export const webhookHandshake = defineOperation({
  ...handshake,
  id: "webhookHandshake",
  path: "/api/webhooks/:provider",
  params: providerParam,
  example: { params: meta, ...challenge },
});

export const receiveWebhook = defineOperation({
  ...receive,
  id: "receiveWebhook",
  path: "/api/webhooks/:provider",
  params: providerParam,
  example: { params: meta, response: { received: true } },
});

export const appWebhookHandshake = defineOperation({
  ...handshake,
  id: "appWebhookHandshake",
  path: "/api/webhooks/:provider/:app",
  summary: "A platform checks the webhook address of one app",
  params: appParam,
  example: { params: metaInstance, ...challenge },
});

export const receiveAppWebhook = defineOperation({
  ...receive,
  id: "receiveAppWebhook",
  path: "/api/webhooks/:provider/:app",
  summary: "A platform tells one app something",
  params: appParam,
  example: { params: metaInstance, response: { received: true } },
});
