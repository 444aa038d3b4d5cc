import type { Json, JsonObject } from "@postd/contracts";
import { z } from "zod";
import type { SimTokens } from "./tokens.ts";

/** A change from outside the API: by a person, by an audience, by the platform. */
export type Act<W> = (world: W, input: JsonObject) => Json | Promise<Json>;
export type Acts<W> = Readonly<Record<string, Act<W>>>;

/** `act(schema, run)` for a world of this type; a ZodError names a wrong field. */
export function actsOf<W>() {
  return <S extends z.ZodType>(schema: S, run: (world: W, input: z.output<S>) => Json | Promise<Json>): Act<W> =>
    (world, input) =>
      run(world, schema.parse(input));
}

/** What every platform with sign-ins has: a person withdraws an app's access in the platform's own settings. */
export const tokenActs = (tokens: () => SimTokens): Acts<unknown> => ({
  withdraw: actsOf<unknown>()(z.strictObject({ subject: z.string(), app: z.string().optional() }), (_, input) => ({
    withdrawn: tokens().endSubject(input.subject, input.app),
  })),
});

/** Throws a RangeError that names the known actions. */
export async function runAct<W>(acts: Acts<W>, world: W, action: string, input: JsonObject): Promise<Json> {
  const run = Object.hasOwn(acts, action) ? acts[action] : undefined;
  if (run === undefined) throw new RangeError(`action must be one of ${Object.keys(acts).join(", ")}`);
  return run(world, input);
}
