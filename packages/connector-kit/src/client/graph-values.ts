import { z } from "zod";

/** Ids of nodes are kept as text; some answers write them as numbers. */
export const GraphId = z
  .union([z.string(), z.number().int().safe().transform(String)])
  .pipe(z.string().regex(/^[\w.:-]{1,200}$/));
/** What a call that makes something answers. */
export const GraphNode = z.object({ id: GraphId });
/** `{success: true}`; anything else is an answer we do not know. */
export const GraphSuccess = z.object({ success: z.literal(true) });

/** Meta writes instants as `2026-11-20T10:00:00+0000`; undefined where it is absent or unreadable. */
export function graphInstant(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const at = new Date(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() > 9999 || at.getTime() < 0 ? undefined : at;
}

/** Seconds since 1970 as an instant; undefined where there are none, or none that can be stored. */
export function atSeconds(seconds: number | undefined): Date | undefined {
  if (!seconds || seconds < 0 || seconds > 253_402_300_799) return undefined;
  return new Date(seconds * 1000);
}

export const unixSeconds = (at: Date): number => Math.floor(at.getTime() / 1000);
