import type { Call } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { invalid } from "./words.ts";
import type { World } from "./world.ts";

export const Id = z.string().regex(/^\d{1,19}$/, "does not match the regex pattern ^[0-9]{1,19}$");

/** Several in one parameter. */
export const Ids = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(Id).min(1).max(100));

/** The id in a path. */
export function idOf({ params }: Pick<Call<World>, "params">): string {
  const parsed = Id.safeParse(params.id);
  if (!parsed.success)
    throw invalid(`The \`id\` query parameter value [${params.id}] is not valid`, { id: [params.id ?? ""] });
  return parsed.data;
}
