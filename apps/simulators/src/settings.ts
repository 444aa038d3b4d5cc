import { parseArgs } from "node:util";
import { z } from "zod";

export interface Settings {
  readonly port: number;
  readonly strict: boolean;
  readonly address: string;
  readonly latencyMs?: readonly [number, number];
}

const Port = z.coerce.number("must be a number").int().min(0).max(65_535);
const Latency = z
  .string()
  .regex(/^\d{1,6}(-\d{1,6})?$/, "must be milliseconds as 80 or 50-300")
  .transform((text): [number, number] => {
    const [min = 0, max = min] = text.split("-").map(Number);
    return [min, max];
  })
  .refine(([min, max]) => min <= max, "must go from the smaller to the larger number");

/** Reads flags and environment; flags win. Throws an Error that names the setting and the way out. */
export function readSettings(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string" },
      strict: { type: "boolean" },
      address: { type: "string" },
      latency: { type: "string" },
    },
  });
  const port = setting(Port, values.port ?? env.POSTD_SIMULATOR_PORT ?? "4100", "POSTD_SIMULATOR_PORT (--port)");
  const latency = values.latency ?? env.POSTD_SIMULATOR_LATENCY_MS;
  return {
    port,
    strict: values.strict ?? false,
    address: values.address ?? "127.0.0.1",
    ...(latency === undefined || latency === ""
      ? {}
      : { latencyMs: setting(Latency, latency, "POSTD_SIMULATOR_LATENCY_MS (--latency)") }),
  };
}

function setting<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`${name} ${parsed.error.issues[0]?.message ?? "is not valid"}; it is "${String(value)}"`);
}
