import { z } from "zod";

/** A list from outside whose rows are read one by one: a row of unknown shape is left out and spoils no other. */
export const rowsOf = <T extends z.ZodType>(row: T) =>
  z.array(z.unknown()).transform((rows) =>
    rows.flatMap((given): z.output<T>[] => {
      const read = row.safeParse(given);
      return read.success ? [read.data] : [];
    }),
  );

/** The parsed text of a body; undefined where it is no JSON. */
export function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // No JSON has no rows; whoever asks for some finds none.
  }
}
