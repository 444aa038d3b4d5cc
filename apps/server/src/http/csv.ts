import { Readable } from "node:stream";
import { stringify } from "csv-stringify";

/**
 * A table as RFC 4180 says, with the mark by which spreadsheets know UTF-8. What a spreadsheet would run as a formula begins with
 * an apostrophe; numbers stay numbers, those below nought too. Read line by line as it is sent.
 */
export function csvTable(columns: readonly string[], lines: AsyncIterable<object>): Readable {
  const table = stringify({
    bom: true,
    header: true,
    columns: [...columns],
    record_delimiter: "windows",
    escape_formulas: true,
    cast: { boolean: String },
  });
  const source = Readable.from(lines);
  source.on("error", (error) => table.destroy(error));
  // Whoever stops listening ends the reading too.
  table.on("close", () => source.destroy());
  return source.pipe(table);
}
