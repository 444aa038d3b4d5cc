import {
  type AppCredentials,
  type ConnectorContext,
  constantTimeEqual,
  hmacSha256Hex,
  type InboundAnswer,
  type InboundEvent,
  type InboundRequest,
  type PlatformResult,
  type Secret,
  sha256Hex,
  type Webhooks,
} from "@postd/connector-kit";
import { type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { graph, Success } from "./graph.ts";
import { hostFor, instant } from "./graph-url.ts";
import { confirmationCode, payloadBytes, signedRequestIn, verifiedRequest } from "./signed-request.ts";

type Platform = "facebook" | "instagram";

/**
 * Secrets a signature may be made with. Instagram Login signs with its own secret or the Meta app's, Meta does not say
 * which, so every set of the connector is tried; `set.field` names a field of a set other than the default.
 * @source platforms/meta.md section 11
 */
const secretsOf = (app: AppCredentials): readonly Secret[] =>
  ["app_secret", "meta.app_secret", "instagram.app_secret"].flatMap((field) => app.secret(field) ?? []);

const verifyTokenOf = (app: AppCredentials): Secret | undefined =>
  app.secret("webhook_verify_token") ?? app.secret("meta.webhook_verify_token");

const refused = (status: number, reason: string): InboundAnswer => ({ kind: "refused", status, reason });
const text = (body: string): InboundAnswer => ({ kind: "handshake", status: 200, body, contentType: "text/plain" });

/** Handshake, signed events, and the two callbacks Meta sends a `signed_request` to: deauthorise and data deletion. */
function verify(platform: Platform, request: InboundRequest, app: AppCredentials): InboundAnswer {
  if (request.method === "GET") return handshake(request, app);
  const signed = signedRequestIn(request);
  if (signed !== undefined) return signedCallback(platform, request, signed, app);
  const header = /^sha256=([0-9a-f]{64})$/.exec(request.headers["x-hub-signature-256"] ?? "")?.[1];
  if (!header) return refused(401, "the X-Hub-Signature-256 header is missing or not of its form");
  const genuine = secretsOf(app).some((key) => constantTimeEqual(hmacSha256Hex(key, request.rawBody), header));
  return genuine ? { kind: "accepted" } : refused(401, "the signature does not fit the body");
}

function handshake({ query }: InboundRequest, app: AppCredentials): InboundAnswer {
  // The address a deletion answer points people to.
  if (query.deletion)
    return text(`Your data is being deleted. Confirmation code: ${query.deletion.replace(/[^0-9a-f]/g, "")}`);
  const expected = verifyTokenOf(app);
  if (query["hub.mode"] !== "subscribe" || !query["hub.challenge"]) return refused(400, "not a handshake");
  if (!expected) return refused(403, "no verify token is set; set POSTD_META_WEBHOOK_VERIFY_TOKEN");
  const right = constantTimeEqual(expected.reveal(), query["hub.verify_token"] ?? "");
  return right ? text(query["hub.challenge"]) : refused(403, "the verify token differs");
}

function signedCallback(
  platform: Platform,
  request: InboundRequest,
  signed: string,
  app: AppCredentials,
): InboundAnswer {
  const verified = secretsOf(app).flatMap((key) => verifiedRequest(signed, key) ?? [])[0];
  if (!verified) return refused(401, "the signed request is not genuine");
  if (request.query.event !== "data_deletion")
    return { kind: "accepted", answer: { status: 200, json: { success: true } } };
  const code = confirmationCode(signed);
  const host = request.headers["x-forwarded-host"] ?? request.headers.host ?? "";
  const url = `https://${host}/api/webhooks/${platform}?deletion=${code}`;
  return { kind: "accepted", answer: { status: 200, json: { url, confirmation_code: code } } };
}

const Change = z.object({ field: z.string(), value: z.unknown().optional() });
const Entry = z.object({
  id: z.union([z.string(), z.number().int().safe().transform(String)]),
  time: z.number().optional(),
  changes: z.array(z.unknown()).optional(),
  changed_fields: z.array(z.string()).optional(),
});
const Body = z.object({ object: z.string(), entry: z.array(z.unknown()) });
/** @source platforms/meta.md section 11, "Value shapes"; unverified for v25, so every part may be missing */
const Value = z.looseObject({
  item: z.string().optional(),
  verb: z.string().optional(),
  post_id: z.string().optional(),
  comment_id: z.string().optional(),
  id: z.string().optional(),
  text: z.string().optional(),
  message: z.string().optional(),
  parent_id: z.string().optional(),
  media: z.object({ id: z.string() }).optional(),
  media_id: z.string().optional(),
  from: z
    .object({ id: z.string().optional(), name: z.string().optional(), username: z.string().optional() })
    .optional(),
  created_time: z.union([z.number(), z.string()]).optional(),
});
type Value = z.output<typeof Value>;

/** Events of a verified body, for the platform each one is about; what we do not know is left out. */
export function parseEvents(platform: Platform, request: Parameters<Webhooks["parse"]>[0]): readonly InboundEvent[] {
  const signed = signedRequestIn(request);
  if (signed !== undefined) return signedEvents(platform, signed, request.query.event);
  const body = Body.safeParse(bodyJson(request.rawBody)).data;
  if (!body) return [];
  return body.entry.flatMap((raw): InboundEvent[] => {
    const entry = Entry.safeParse(raw).data;
    if (!entry) return [];
    const changes = (entry.changes ?? []).flatMap((it) => Change.safeParse(it).data ?? []);
    const named = changes.length > 0 ? changes : (entry.changed_fields ?? []).map((field) => ({ field, value: {} }));
    return named.flatMap((change) => eventOf(platform, body.object, entry, change) ?? []);
  });
}

function eventOf(
  platform: Platform,
  object: string,
  entry: z.output<typeof Entry>,
  { field, value: raw }: { readonly field: string; readonly value?: unknown },
): InboundEvent | undefined {
  const value = Value.safeParse(raw ?? {}).data;
  const type = value && typeOf(object, field, value);
  if (!type) return undefined;
  const about = object === "page" ? "facebook" : object === "instagram" ? "instagram" : platform;
  const occurredAt = timeOf(value, entry.time);
  // The value tells itself apart by ids and times; where it has none, the entry's time does.
  const own = value.created_time ?? value.comment_id ?? value.id ?? entry.time ?? "";
  return {
    type,
    platform: about,
    accountExternalId: entry.id,
    dedupeKey: sha256Hex(JSON.stringify([object, entry.id, field, own, sorted(raw ?? {})])),
    ...(occurredAt && { occurredAt }),
    data: dataOf(field, value),
  };
}

function typeOf(object: string, field: string, value: Value): string | undefined {
  if (object === "permissions" || object === "user") return "permissions.changed";
  if (field === "comments" || field === "live_comments") return "comment.created";
  if (field === "mention" || field === "mentions") return "mention.created";
  if (field !== "feed") return field === "story_insights" ? "post.changed" : undefined;
  if (value.item !== "comment") return "post.changed";
  return value.verb === "add" ? "comment.created" : value.verb === "remove" ? "comment.removed" : "comment.changed";
}

function dataOf(field: string, value: Value): JsonObject {
  const postId = value.post_id ?? value.media?.id ?? value.media_id;
  const commentId = value.comment_id ?? (field.endsWith("comments") ? value.id : undefined);
  const said = value.message ?? value.text;
  const given = {
    field,
    item: value.item,
    verb: value.verb,
    postId,
    commentId,
    parentId: value.parent_id,
    text: said?.slice(0, 4000),
    authorId: value.from?.id,
    authorName: value.from?.name ?? value.from?.username,
  };
  return Object.fromEntries(Object.entries(given).flatMap(([key, it]) => (it === undefined ? [] : [[key, it]])));
}

/** Values carry seconds or a text, entries seconds or, in some objects, milliseconds. */
function timeOf(value: Value, entryTime: number | undefined): Date | undefined {
  if (typeof value.created_time === "string") return instant(value.created_time);
  const at = value.created_time ?? entryTime;
  return at === undefined ? undefined : new Date(at > 100_000_000_000 ? at : at * 1000);
}

const Signed = z.object({
  user_id: z.union([z.string(), z.number()]).transform(String),
  issued_at: z.number().optional(),
});

/** Both name the person, by the id the sign-in had; connections keep it as `extras.personId`. */
function signedEvents(platform: Platform, signed: string, event: string | undefined): readonly InboundEvent[] {
  const payload = Signed.safeParse(bodyJson(payloadBytes(signed))).data;
  if (!payload) return [];
  const deletion = event === "data_deletion";
  return [
    {
      type: deletion ? "data_deletion.requested" : "account.deauthorized",
      platform,
      accountExternalId: payload.user_id,
      dedupeKey: sha256Hex(`${deletion}:${signed}`),
      ...(payload.issued_at && { occurredAt: new Date(payload.issued_at * 1000) }),
      data: { personId: payload.user_id, ...(deletion && { confirmationCode: confirmationCode(signed) }) },
    },
  ];
}

function bodyJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // Not JSON: no events, and the caller has stored the bytes.
  }
}

/** The same value gives the same text whatever the order its parts came in. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, it]) => [key, sorted(it)]),
  );
}

/** Instagram behind a Page hears through the Page, so it is the Page that is subscribed. */
function subscription(ctx: ConnectorContext): { readonly id: string; readonly fields: string } {
  const pageId = ctx.account.extras.pageId;
  if (ctx.account.authKind === "instagram_login") return { id: ctx.account.externalId, fields: "comments,mentions" };
  return { id: typeof pageId === "string" ? pageId : ctx.account.externalId, fields: "feed,mention" };
}

async function subscribe(ctx: ConnectorContext): PlatformResult<void> {
  const { id, fields } = subscription(ctx);
  const done = await graph(ctx, ctx.credentials.accessToken, {
    method: "POST",
    host: hostFor(ctx.account),
    path: [id, "subscribed_apps"],
    params: { subscribed_fields: fields },
    answer: Success,
    needs:
      ctx.account.authKind === "instagram_login" ? ["instagram_business_manage_comments"] : ["pages_manage_metadata"],
  });
  return done.ok ? ok(undefined) : done;
}

/** An Instagram account behind a Page leaves the Page subscribed: the Page may be a connection of its own. */
async function unsubscribe(ctx: ConnectorContext): PlatformResult<void> {
  if (ctx.account.kind === "professional" && ctx.account.authKind === "facebook_login") return ok(undefined);
  const done = await graph(ctx, ctx.credentials.accessToken, {
    method: "DELETE",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId, "subscribed_apps"],
    answer: Success,
  });
  return done.ok ? ok(undefined) : done;
}

export const metaWebhooks = (platform: Platform): Webhooks => ({
  verify: (request, app) => verify(platform, request, app),
  parse: (request) => parseEvents(platform, request),
  subscribe,
  unsubscribe,
});
