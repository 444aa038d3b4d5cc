import { fail, ok } from "@postd/contracts";
import type { AuthContext, Credentials } from "../context.ts";
import { decodeAnswer, encodeRequest } from "../encode-request.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Effect, HttpRequest } from "../http.ts";
import { secret } from "../secret.ts";

/** One request as it went on the wire. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
  readonly effect: Effect | undefined;
}

interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const NOW = new Date("2026-11-26T12:00:00Z");

/**
 * A context whose requests are answered one by one from a list, and what was asked. It encodes and decodes as the real
 * way out does, so a test sees the bytes a provider would.
 */
export function fakeEndpoint(
  answers: readonly (Answer | PlatformFailure)[],
  app: Readonly<Record<string, string>> = { client_id: "app-1", client_secret: "s&cret" },
) {
  const sent: Sent[] = [];
  const waiting = [...answers];
  const request = async (asked: HttpRequest) => {
    const wire = encodeRequest(asked);
    let text = "";
    for await (const bytes of wire.body?.open() ?? []) text += new TextDecoder().decode(bytes);
    const isJson = wire.headers["content-type"]?.includes("json");
    const body = isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
    sent.push({ method: wire.method, url: wire.url.href, headers: wire.headers, body, effect: asked.effect });
    const next = waiting.shift();
    if (!next) throw new Error(`nothing answers ${wire.method} ${wire.url.href}`);
    if ("kind" in next) return fail(next);
    const bytes = new TextEncoder().encode(next.json === undefined ? "" : JSON.stringify(next.json));
    const effect = asked.effect ?? "invisible";
    return ok(decodeAnswer({ status: next.status ?? 200, headers: next.headers ?? {}, bytes, effect }));
  };
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const ctx: AuthContext = {
    http: { request },
    clock: { now: () => NOW },
    log,
    apiVersion: "1",
    app: {
      value: (field) => (field.endsWith("secret") ? undefined : app[field]),
      secret: (field) => (field.endsWith("secret") && app[field] ? secret(app[field]) : undefined),
    },
  };
  const signedIn = (credentials: Credentials) => ({ ...ctx, credentials, signIn: { subject: "ida", extras: {} } });
  return { ctx, sent, signedIn };
}
