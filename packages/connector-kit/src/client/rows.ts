import { z } from "zod";
import { exactJson } from "./exact-json.ts";

/** A list from outside whose rows are read one by one: a row of unknown shape is left out and spoils no other. */
export const rowsOf = <T extends z.ZodType>(row: T) =>
  z.array(z.unknown()).transform((rows) =>
    rows.flatMap((given): z.output<T>[] => {
      const read = row.safeParse(given);
      return read.success ? [read.data] : [];
    }),
  );

/** The parsed text of a body, long numbers as `exactJson` keeps them; undefined where it is no JSON. */
export const jsonIn = (bytes: Uint8Array): unknown => exactJson(new TextDecoder().decode(bytes));
