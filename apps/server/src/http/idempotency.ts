import { createHash } from "node:crypto";
import { fail, type Operation, ok, type Result, type ServiceError } from "@postd/contracts";
import { z } from "zod";
import type { HttpDeps } from "./deps.ts";
import type { Answer } from "./handler.ts";

const Key = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\x21-\x7e]+$/);

/** The key of a creating request. Header and body may both carry it when they agree. */
export function idempotencyKeyOf(
  operation: Operation,
  header: string | string[] | undefined,
  body: unknown,
): Result<string | undefined, ServiceError> {
  if (!operation.creates) return ok(undefined);
  const inBody = operation.creates.bodyKey ? valueAt(body, operation.creates.bodyKey.split(".")) : undefined;
  const fromBody = typeof inBody === "string" ? inBody : undefined;
  if (header === undefined) return ok(fromBody);
  const parsed = Key.safeParse(header);
  if (!parsed.success)
    return fail({
      code: "invalid_input",
      detail: "Idempotency-Key: must be 1 to 200 printable ASCII characters without spaces.",
      field: "Idempotency-Key",
      next: "Send a random value such as a UUID, the same one for every repeat.",
    });
  if (fromBody !== undefined && fromBody !== parsed.data)
    return fail({
      code: "idempotency_keys_differ",
      detail: `The header Idempotency-Key and ${operation.creates.bodyKey} differ.`,
      ...(operation.creates.bodyKey === undefined ? {} : { field: operation.creates.bodyKey }),
      next: "Send one of them, or the same value in both.",
    });
  return ok(parsed.data);
}

export interface OnceInput {
  readonly operation: Operation;
  readonly tenantId: string | undefined;
  readonly key: string | undefined;
  /** What must be the same in a repeat; uploads are told apart by the key alone. */
  readonly content: unknown;
  readonly run: () => Promise<Result<Answer<unknown>, ServiceError>>;
}

/** Runs a creating request at most once per key, where its service does not see to that itself. */
export async function once(
  { operation, tenantId, key, content, run }: OnceInput,
  store: HttpDeps["idempotency"],
): Promise<Result<Answer<unknown>, ServiceError>> {
  if (key === undefined || tenantId === undefined || operation.creates?.by !== "http") return run();
  const record = { tenantId, operation: operation.id, key };
  const begun = await store.begin({ ...record, bodyHash: hashOf(content) });
  switch (begun.kind) {
    case "replay":
      return ok({ body: begun.response, status: begun.status, replayed: true });
    case "conflict":
      return fail({
        code: "idempotency_conflict",
        detail: "This Idempotency-Key was used before for a different request.",
        next: "Use a new key for a new request.",
      });
    case "busy":
      return fail({
        code: "state_conflict",
        detail: "The first request with this Idempotency-Key is still being worked on.",
        next: "Send it again in a moment.",
        retryAfterMs: 2_000,
      });
    case "fresh":
      break;
    default:
      begun satisfies never;
  }
  let done = false;
  try {
    const result = await run();
    if (result.ok) {
      // From here on the key is spent, even if its answer cannot be kept: doing it again would create twice.
      done = true;
      await store.finish({
        ...record,
        status: result.value.status ?? operation.status ?? 200,
        response: without(result.value.body, operation.creates.secretFields ?? []),
      });
    }
    return result;
  } finally {
    if (!done) await store.forget(record);
  }
}

const hashOf = (content: unknown): string => createHash("sha256").update(canonical(content)).digest("hex");

/** JSON with sorted names, so that the same request in another order is the same. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`)
      .join(",")}}`;
  return JSON.stringify(value) ?? "null";
}

function without(body: unknown, fields: readonly string[]): unknown {
  if (fields.length === 0 || typeof body !== "object" || body === null) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => !fields.includes(name)));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = Object.getOwnPropertyDescriptor(at, name)?.value;
  }
  return at;
}
