import { z } from "zod";
import type { JsonObject } from "./json.ts";

const earliest = Date.UTC(2000, 0, 1);
const latest = Date.UTC(2100, 0, 1);
const example = "2030-03-01T09:00:00Z or 2030-03-01T10:00:00+01:00";

/** A point in time people send: with its zone, and in years that a database, a calendar and a person can mean. */
export const InstantInput = z.iso
  .datetime({ offset: true, abort: true, error: `must be a time with its zone, such as ${example}` })
  .max(40, { abort: true, error: "must be written with at most 40 characters" })
  .refine((text) => {
    const at = Date.parse(text);
    return at >= earliest && at < latest;
  }, "must lie between the years 2000 and 2100");

/**
 * A time zone by the name of its place, as machines and databases know it. Offsets and abbreviations mean different things to
 * them: PostgreSQL counts +05:30 to the west, takes CET without its summer and BST for London, and does not know VST.
 * @source https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-TIMEZONES (2026-11)
 */
export const TimeZoneInput = z
  .string()
  .max(64)
  .refine((zone) => {
    try {
      return /^(UTC|GMT|[A-Za-z]+\/.+)$/i.test(zone) && new Intl.DateTimeFormat("en", { timeZone: zone }) !== undefined;
    } catch {
      return false;
    }
  }, "must be a time zone such as Europe/Oslo");

/** Bytes of a value as it is stored and sent. */
export const jsonBytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value) ?? "").byteLength;

const sizeName = (bytes: number): string => `${Math.floor(bytes / 1_000)} KB`;

/** Named JSON values of a caller's own, at most `maxBytes` in all. Bodies are parsed JSON, so values are not walked again. */
export const boundedJson = (maxBytes: number) =>
  z
    .record(z.string(), z.unknown())
    .refine((value) => jsonBytes(value) <= maxBytes, `must be at most ${sizeName(maxBytes)} as JSON`)
    .transform((value) => value as JsonObject) as unknown as z.ZodType<JsonObject, JsonObject>;
