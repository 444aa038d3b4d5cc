import { z } from "zod";

/** Query of every list: a page size and the opaque cursor of the previous page. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[A-Za-z0-9_-]+$/, "must be a cursor from an earlier answer")
    .optional(),
};

/** A page of a list. `nextCursor` is absent on the last page; `simulated` is true when any item is. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional(), simulated: z.boolean() });

/** `true` and `false` as query values. */
export const queryFlag = z.enum(["true", "false"]).transform((value) => value === "true");
