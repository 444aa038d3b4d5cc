import type { Json, JsonObject } from "@postd/contracts";
import type { z } from "zod";
import type { World } from "./world.ts";

/** A change from outside the API. */
export type Act = (world: World, input: JsonObject) => Json | Promise<Json>;
export type Acts = Readonly<Record<string, Act>>;

/** An act with its input checked; a ZodError names the wrong field. */
export const act =
  <T>(schema: z.ZodType<T>, run: (world: World, input: T) => Json | Promise<Json>): Act =>
  (world, input) =>
    run(world, schema.parse(input));
