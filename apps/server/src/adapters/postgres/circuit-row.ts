import type { Circuit } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";

/** By platform: the extra of an account that holds the address of its own server. Platforms with one address are not in it. */
export type ServerExtras = Readonly<Record<string, string>>;

/** The host of an account's own server in SQL; empty where the platform has one address. `names`: `ServerExtras` as JSON. */
export const serverOf = (extras: SQL, platform: SQL, names: unknown): SQL =>
  sql`coalesce(lower(substring(${extras} ->> (${names}::jsonb ->> ${platform}) from '^[a-z]+://([^/?#]+)')), '')`;

const instant = z.coerce
  .date()
  .nullish()
  .transform((at) => at ?? undefined);

/** A row of `circuits` as the driver gives it, or as JSON beside another row. */
export const StoredCircuit = z.object({
  key: z.string(),
  scope: z.enum(["platform", "connection"]),
  state: z.enum(["closed", "open", "half_open"]),
  failures: z.coerce.number(),
  calls: z.coerce.number(),
  accounts: z.array(z.string()),
  window_at: instant,
  trips: z.coerce.number(),
  down_since: instant,
  opened_at: instant,
  probe_at: instant,
  closed_at: instant,
  fence: z.coerce.number(),
  probe_until: instant,
});
export type StoredCircuit = z.input<typeof StoredCircuit>;

export function circuitOf(row: unknown): Circuit {
  const { window_at, down_since, opened_at, probe_at, closed_at, probe_until, ...rest } = StoredCircuit.parse(row);
  return {
    ...rest,
    windowAt: window_at,
    downSince: down_since,
    openedAt: opened_at,
    probeAt: probe_at,
    closedAt: closed_at,
    probeUntil: probe_until,
  };
}
