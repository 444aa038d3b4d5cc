import type { Readable } from "node:stream";
import { type AnalyticsLine, analyticsColumns } from "@postd/core";
import { csvTable } from "../csv.ts";

export const csvOf = (lines: AsyncIterable<AnalyticsLine>): Readable => csvTable(analyticsColumns, lines);

/** Whether a caller would rather have a table than JSON; `format` says it beyond doubt. */
export const wantsCsv = (format: "json" | "csv" | undefined, accept: string | undefined): boolean =>
  format === undefined ? /^\s*text\/csv\b/i.test(accept ?? "") : format === "csv";
