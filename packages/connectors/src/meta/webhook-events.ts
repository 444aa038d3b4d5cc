import {
  atSeconds,
  graphInstant,
  type InboundEvent,
  jsonIn,
  sha256Hex,
  signedRequestEvents,
  storableRemark,
  type Webhooks,
} from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { z } from "zod";

const Change = z.object({ field: z.string(), value: z.unknown().optional() });
const Entry = z.object({
  id: z.union([z.string(), z.number().int().safe().transform(String)]),
  time: z.number().optional(),
  changes: z.array(z.unknown()).optional(),
  changed_fields: z.array(z.string()).optional(),
});
const Body = z.object({ object: z.string(), entry: z.array(z.unknown()) });
/** @source platforms/meta.md section 11, "Value shapes"; unverified for v25, so every part may be missing */
const Words = z.string().optional().catch(undefined);
/** Old samples and the test button write ids as numbers. */
const Key = z
  .union([z.string(), z.number().transform(String)])
  .optional()
  .catch(undefined);
const Value = z.looseObject({
  item: Words,
  verb: Words,
  post_id: Key,
  comment_id: Key,
  id: Key,
  text: Words,
  message: Words,
  parent_id: Key,
  media: z.object({ id: Key }).optional().catch(undefined),
  media_id: Key,
  from: z.object({ id: Key, name: Words, username: Words }).optional().catch(undefined),
  sender_id: Key,
  sender_name: Words,
  published: z
    .union([z.number(), z.boolean().transform(Number)])
    .optional()
    .catch(undefined),
  open_graph_story_id: Key,
  reviewer_id: Key,
  reviewer_name: Words,
  review_text: Words,
  recommendation_type: Words,
  leadgen_id: Key,
  form_id: Key,
  created_time: z.union([z.number(), z.string()]).optional().catch(undefined),
});
type Value = z.output<typeof Value>;

/** Settings of a Page; each is a field of its own, with or without its value. @source platforms/meta.md section 11 */
export const pageSettings = ["name", "picture", "description", "phone", "hours", "website"] as const;
const isSetting = (object: string, field: string): boolean =>
  object === "page" && pageSettings.some((one) => one === field);

/** Events of a verified body, for the platform each one is about; what we do not know is left out. */
export function parseEvents(request: Parameters<Webhooks["parse"]>[0]): readonly InboundEvent[] {
  const signed = signedRequestEvents(request, "facebook");
  if (signed !== undefined) return signed;
  const body = Body.safeParse(jsonIn(request.rawBody)).data;
  if (!body) return [];
  return body.entry.flatMap((raw): InboundEvent[] => {
    const entry = Entry.safeParse(raw).data;
    if (!entry) return [];
    const changes = (entry.changes ?? []).flatMap((it) => Change.safeParse(it).data ?? []);
    const named = changes.length > 0 ? changes : (entry.changed_fields ?? []).map((field) => ({ field, value: {} }));
    return named.flatMap((change) => eventOf(body.object, entry, change) ?? []);
  });
}

function eventOf(
  object: string,
  entry: z.output<typeof Entry>,
  { field, value: raw }: { readonly field: string; readonly value?: unknown },
): InboundEvent | undefined {
  // A setting may come as a bare value, of which nothing is kept but that it changed.
  const value = isSetting(object, field) ? {} : Value.safeParse(raw ?? {}).data;
  const type = value && typeOf(object, field, value);
  if (!type) return undefined;
  const isNewPost = type === "post.changed" && field === "feed" && value.verb === "add" && value.published !== 0;
  // Permissions and the like are told of the person, whose sign-in is Facebook's.
  const about = object === "instagram" ? "instagram" : "facebook";
  const occurredAt = timeOf(value, entry.time);
  // The value tells itself apart by ids and times; where it has none, the entry's time does.
  const own = value.created_time ?? value.comment_id ?? value.id ?? entry.time ?? "";
  return {
    type,
    platform: about,
    accountExternalId: entry.id,
    dedupeKey: sha256Hex(JSON.stringify([object, entry.id, field, own, sorted(raw ?? {})])),
    ...(occurredAt && { occurredAt }),
    ...(isNewPost && { isNewPost }),
    data: dataOf(field, value),
  };
}

function typeOf(object: string, field: string, value: Value): string | undefined {
  if (object === "permissions" || object === "user") return "permissions.changed";
  if (isSetting(object, field)) return "account.changed";
  if (field === "leadgen") return value.leadgen_id === undefined ? undefined : "lead.created";
  if (field === "ratings") return ratingType(value);
  if (field === "comments" || field === "live_comments") return "comment.created";
  if (field === "mention" || field === "mentions") return "mention.created";
  if (field !== "feed") return field === "story_insights" ? "post.changed" : undefined;
  if (value.item === "reaction" || value.item === "like") return `reaction.${happened(value)}`;
  return value.item === "comment" ? `comment.${happened(value)}` : "post.changed";
}

/** One change for each recommendation, and for each comment on it or reaction to it. */
function ratingType(value: Value): string {
  if (value.item === "reaction" || value.item === "like") return `reaction.${happened(value)}`;
  return `${value.comment_id !== undefined || value.item === "comment" ? "comment" : "review"}.${happened(value)}`;
}

const happened = ({ verb }: Value): "created" | "removed" | "changed" =>
  verb === "add" ? "created" : verb === "remove" ? "removed" : "changed";

function dataOf(field: string, value: Value): JsonObject {
  const postId = value.post_id ?? value.media?.id ?? value.media_id ?? value.open_graph_story_id;
  const commentId = value.comment_id ?? (field.endsWith("comments") ? value.id : undefined);
  // Of a lead only its name: what the person wrote is read at the platform by who may.
  const lead = { field, leadId: value.leadgen_id, formId: value.form_id };
  const change = {
    field,
    item: value.item,
    verb: value.verb,
    postId,
    commentId,
    // A comment on the post itself names the post as what it answers.
    parentId: value.parent_id === postId ? undefined : value.parent_id,
    text: value.message ?? value.text ?? value.review_text,
    authorId: value.from?.id ?? value.sender_id ?? value.reviewer_id,
    authorName: value.from?.name ?? value.from?.username ?? value.sender_name ?? value.reviewer_name,
    recommends: value.recommendation_type?.toLowerCase(),
  };
  const given = field === "leadgen" ? lead : change;
  const most = (key: string) => (key === "text" ? 4000 : 300);
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, it]) => (it === undefined ? [] : [[key, storableRemark(it, most(key))]])),
  );
}

/** Values carry seconds or a text, entries seconds or, in some objects, milliseconds. */
function timeOf(value: Value, entryTime: number | undefined): Date | undefined {
  if (typeof value.created_time === "string") return graphInstant(value.created_time);
  const at = value.created_time ?? entryTime;
  return at === undefined ? undefined : atSeconds(at > 100_000_000_000 ? at / 1000 : at);
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
