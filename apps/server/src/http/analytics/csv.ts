import type { Readable } from "node:stream";
import { type AnalyticsLine, analyticsColumns } from "@postd/core";
import { csvTable } from "../csv.ts";

export const csvOf = (lines: AsyncIterable<AnalyticsLine>): Readable => csvTable(analyticsColumns, lines);

/** How much a caller wants a type, by RFC 9110, 12.5.1; undefined: it is not named. */
function wishFor(type: string, accept: string): number | undefined {
  const [named] = accept.split(",").flatMap((entry) => {
    const [name = "", ...more] = entry.split(";").map((part) => part.trim().toLowerCase());
    const weight = more.find((part) => part.startsWith("q="));
    return name === type ? [weight === undefined ? 1 : Number(weight.slice(2)) || 0] : [];
  });
  return named;
}

/** Whether a caller would rather have a table than JSON; `format` says it beyond doubt. */
export function wantsCsv(format: "json" | "csv" | undefined, accept = ""): boolean {
  if (format !== undefined) return format === "csv";
  const csv = wishFor("text/csv", accept) ?? 0;
  return csv > 0 && csv > (wishFor("application/json", accept) ?? 0);
}
