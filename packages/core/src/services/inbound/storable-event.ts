import { type InboundEvent, storableText } from "@postd/connector-kit";
import type { Json, JsonObject } from "@postd/contracts";

/** A JSON value all of whose text, names included, may be stored and shown. */
export function storableJson<T extends Json>(value: T): T;
export function storableJson(value: Json): Json {
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map((item) => storableJson(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [storableText(name), storableJson(item)]));
}

/** Times a database can keep and a person can read; anything else is a platform's mistake. */
const earliestMs = Date.UTC(1970, 0, 1);
const latestMs = Date.UTC(9999, 11, 31);

/** An event as it may be stored: text made storable, a time that is none left out. The raw request keeps what was sent. */
export function storableEvent({ occurredAt, ...event }: InboundEvent): InboundEvent {
  const ms = occurredAt?.getTime() ?? Number.NaN;
  return {
    type: storableText(event.type),
    platform: storableText(event.platform),
    accountExternalId: storableText(event.accountExternalId),
    dedupeKey: storableText(event.dedupeKey),
    data: storableJson<JsonObject>(event.data),
    ...(event.isNewPost && { isNewPost: true }),
    ...(occurredAt && ms >= earliestMs && ms <= latestMs ? { occurredAt } : {}),
  };
}
