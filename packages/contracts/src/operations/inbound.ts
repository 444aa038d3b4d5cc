import { z } from "zod";
import { InstantInput } from "../bounded.ts";
import { idSchema, ProviderId } from "../ids.ts";
import { InboundEventView, InboundRequestView } from "../inbound-views.ts";
import { defineOperation } from "../operation.ts";
import { pageOf, pageQuery } from "../paging.ts";
import { at, ids, later } from "./examples.ts";

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
    "The signature is checked over the raw bytes; a good request is stored before the answer and worked on afterwards. While the database is away it is kept in a sealed file on this machine, which counts as stored; what cannot be checked without the database is answered 503 with Retry-After.",
  tags: ["inbound"],
  auth: { kind: "public" },
  unlimited: true,
  query,
  bodyKind: "raw",
  response: z.unknown(),
  errors: ["not_found", "not_configured", "payload_too_large", "unsupported_media", "unauthenticated", "forbidden"],
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

const dead = {
  id: ids.inboundRequest,
  provider: "meta",
  app: "instance",
  receivedAt: at,
  deadAt: later,
  tries: 6,
  error: "no connector takes requests of meta",
  sizeBytes: 412,
} as const;

export const listDeadInbound = defineOperation({
  id: "listDeadInbound",
  method: "GET",
  path: "/api/inbound/dead",
  summary: "What platforms sent and nobody could work on",
  description:
    "For operators: requests of platforms that failed too often and were put aside, newest first, with the last error. What was sent is not shown.",
  tags: ["inbound"],
  auth: { kind: "caller", by: ["session"], scope: "operations:read" },
  query: z.strictObject({ ...pageQuery, provider: ProviderId.optional() }),
  response: pageOf(InboundRequestView),
  errors: [],
  example: { query: { provider: "meta" }, response: { items: [dead], simulated: true } },
});

export const replayInboundRequest = defineOperation({
  id: "replayInboundRequest",
  method: "POST",
  path: "/api/inbound/:id/replay",
  summary: "Work on one request of a platform again",
  description:
    "For operators: one that was put aside, or one that was worked on before. Events that are known already are not told twice. One that still waits is a 409.",
  tags: ["inbound"],
  auth: { kind: "caller", by: ["session"], scope: "operations:write" },
  params: z.strictObject({ id: idSchema("webhookEvent") }),
  response: z.object({ replayed: z.number().int() }),
  errors: ["not_found", "state_conflict"],
  example: { params: { id: ids.inboundRequest }, response: { replayed: 1 } },
});

export const replayInbound = defineOperation({
  id: "replayInbound",
  method: "POST",
  path: "/api/inbound/replay",
  summary: "Work on many requests of platforms again",
  description:
    "For operators: those that were put aside, or with all: true those that were worked on as well; of one provider, and of the time they arrived in, where said. At most 10,000 at once, oldest first; more: true where there are further ones.",
  tags: ["inbound"],
  auth: { kind: "caller", by: ["session"], scope: "operations:write" },
  body: z
    .strictObject({
      provider: ProviderId.optional(),
      from: InstantInput.optional(),
      to: InstantInput.optional(),
      all: z.boolean().default(false),
    })
    .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
      path: ["to"],
      error: "must be after from",
    }),
  response: z.object({ replayed: z.number().int(), more: z.boolean() }),
  errors: [],
  example: { body: { provider: "meta", from: at }, response: { replayed: 12, more: false } },
});

export const connectionEvents = defineOperation({
  id: "connectionEvents",
  method: "GET",
  path: "/api/connections/:id/events",
  summary: "What a platform told about an account",
  description: "Every event that arrived for the account, newest first, each once however often the platform sent it.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:read" },
  params: z.strictObject({ id: idSchema("connection") }),
  query: z.strictObject(pageQuery),
  response: pageOf(InboundEventView),
  errors: ["not_found"],
  example: {
    params: { id: ids.connection },
    response: {
      items: [
        {
          id: ids.inboundRequest,
          platform: "facebook",
          type: "comment.created",
          occurredAt: at,
          receivedAt: at,
          data: { postId: "123_456", commentId: "456_789" },
        },
      ],
      simulated: true,
    },
  },
});
