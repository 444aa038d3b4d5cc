import type { Config } from "../config.ts";

/** Address people and platforms use; `port` where another one than the configured was taken. */
export function publicUrlOf(config: Pick<Config, "publicUrl" | "host" | "port">, port: number = config.port): string {
  return config.publicUrl ?? `http://${config.host === "0.0.0.0" ? "127.0.0.1" : config.host}:${port}`;
}
