import type { Operation } from "@postd/contracts";
import type { CallOptions, ClientOptions } from "./options.ts";

interface Parts {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
}

/** The HTTP request of one call. Pure. */
export function prepareRequest(
  operation: Operation,
  input: Parts,
  client: Pick<ClientOptions, "baseUrl" | "apiKey" | "tenantId">,
  options: CallOptions,
): Request {
  const headers = new Headers({ accept: "application/json" });
  if (client.apiKey !== undefined) headers.set("authorization", `Bearer ${client.apiKey}`);
  if (client.tenantId !== undefined) headers.set("x-postd-tenant", client.tenantId);
  if (options.idempotencyKey !== undefined) headers.set("idempotency-key", options.idempotencyKey);
  const body = bodyOf(input.body, options, headers);
  return new Request(addressOf(operation, input, client.baseUrl), {
    method: operation.method,
    headers,
    redirect: "manual",
    ...(body === undefined ? {} : { body }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

function addressOf(operation: Operation, { params, query }: Parts, baseUrl: string): string {
  const path = entries(params).reduce(
    (filled, [name, value]) => filled.replace(`:${name}`, encodeURIComponent(String(value))),
    operation.path,
  );
  const search = new URLSearchParams(entries(query).map(([name, value]): [string, string] => [name, String(value)]));
  return `${baseUrl.replace(/\/+$/, "")}${path}${search.size > 0 ? `?${search}` : ""}`;
}

function bodyOf(body: unknown, { upload }: CallOptions, headers: Headers): string | FormData | undefined {
  if (upload) {
    const form = new FormData();
    // Before the file: the server reads the parts as they come.
    if (upload.altText !== undefined) form.set("altText", upload.altText);
    form.set("file", upload.file, upload.fileName ?? "file");
    return form;
  }
  if (body === undefined) return undefined;
  headers.set("content-type", "application/json");
  return JSON.stringify(body);
}

const entries = (value: unknown): [string, unknown][] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).filter(([, item]) => item !== undefined && item !== null)
    : [];
