import { z } from "zod";
import { ProviderId } from "../ids.ts";
import { defineOperation } from "../operation.ts";

const providerParam = z.strictObject({ provider: ProviderId });

export const webhookHandshake = defineOperation({
  id: "webhookHandshake",
  method: "GET",
  path: "/api/webhooks/:provider",
  summary: "A platform checks our webhook address",
  description: "Answers the platform's handshake as it demands, after checking its token.",
  tags: ["inbound"],
  auth: { kind: "public" },
  unlimited: true,
  params: providerParam,
  /** Each platform has its own parameters; the connector reads them. */
  query: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  response: z.string(),
  answer: "text",
  errors: ["not_found", "not_configured", "unauthenticated", "forbidden"],
  example: {
    params: { provider: "meta" },
    query: { "hub.mode": "subscribe", "hub.challenge": "1158201444" },
    response: "1158201444",
  },
});

export const receiveWebhook = defineOperation({
  id: "receiveWebhook",
  method: "POST",
  path: "/api/webhooks/:provider",
  summary: "A platform tells us something",
  description:
    "The signature is checked over the raw bytes; a good request is stored before the answer and worked on afterwards.",
  tags: ["inbound"],
  auth: { kind: "public" },
  unlimited: true,
  params: providerParam,
  query: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  bodyKind: "raw",
  response: z.unknown(),
  errors: ["not_found", "not_configured", "payload_too_large", "unauthenticated", "forbidden"],
  example: { params: { provider: "meta" }, response: { received: true } },
});
