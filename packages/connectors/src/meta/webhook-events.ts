import { type InboundEvent, sha256Hex, type Webhooks } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { z } from "zod";
import { instant } from "./graph-url.ts";
import { confirmationCode, payloadBytes, signedRequestIn } from "./signed-request.ts";

export type Platform = "facebook" | "instagram";

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
