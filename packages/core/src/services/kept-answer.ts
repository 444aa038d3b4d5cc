import { createHash } from "node:crypto";
import type { ServiceError } from "@postd/contracts";

/** What an idempotency key protects: a request whose names may stand in any order. */
export const hashBody = (body: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(sorted(body)))
    .digest("hex");

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}

export const keyUsed = (key: string): ServiceError => ({
  code: "idempotency_conflict",
  detail: `The idempotency key ${key} was used for another body.`,
  next: "Use a new key for a new request.",
  field: "idempotencyKey",
});
