import type { ServiceError } from "@postd/contracts";
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { headersOf } from "./access.ts";
import type { HttpDeps } from "./deps.ts";
import { isStorable, parseJsonBody } from "./json-body.ts";
import { ownAddress } from "./own-address.ts";
import { sendProblem } from "./problem.ts";
import type { RateCheck } from "./rate-limits.ts";

/** What of the sign-in library is reachable; members, invitations and tenants have operations of their own. */
const open: readonly RegExp[] = [
  /^POST \/sign-up\/email$/,
  /^POST \/sign-in\/email$/,
  /^POST \/sign-out$/,
  /^POST \/request-password-reset$/,
  /^GET \/reset-password\/[A-Za-z0-9]+$/,
  /^POST \/reset-password$/,
  /^POST \/change-password$/,
  /^POST \/update-user$/,
  /^POST \/revoke-sessions$/,
];
const base = "/api/auth";
const AuthError = z.object({ code: z.string().optional(), message: z.string().optional() });
const maxBytes = 32_768;

/** Sign-up, sign-in, sign-out and passwords under `/api/auth/`. Answers carry no session token outside the cookie. */
export function registerAuthRoutes(app: FastifyInstance, deps: HttpDeps, rate: RateCheck): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "buffer", bodyLimit: maxBytes },
    async (_request: unknown, body: Buffer) => parseJsonBody(body),
  );
  app.route({
    method: ["GET", "POST"],
    url: `${base}/*`,
    handler: async (request, reply) => {
      const over = await rate(request, reply, undefined);
      if (over) return sendProblem(reply, over);
      const url = ownAddress(request, deps.config.publicUrl);
      const path = url.pathname.slice(base.length);
      if (!open.some((pattern) => pattern.test(`${request.method} ${path}`)))
        return sendProblem(reply, { code: "not_found", detail: "There is no such sign-in operation." });
      if (![...url.searchParams.values()].every(isStorable))
        return sendProblem(reply, {
          code: "invalid_input",
          detail: "The address holds characters that cannot be stored.",
        });
      const headers = headersOf(request);
      for (const name of ["content-length", "transfer-encoding", "connection", "host"]) headers.delete(name);
      // The library reads the client's address from one header, which only this line writes.
      headers.set(clientAddressHeader, request.ip);
      const hasBody = request.method === "POST";
      if (hasBody) headers.set("content-type", "application/json");
      const answer = await deps.auth.handle(
        new Request(url, {
          method: request.method,
          headers,
          ...(hasBody ? { body: JSON.stringify(request.body ?? {}) } : {}),
        }),
      );
      return forward(reply, answer);
    },
  });
}

export const clientAddressHeader = "x-postd-client-address";

async function forward(reply: FastifyReply, answer: Response): Promise<FastifyReply> {
  for (const cookie of answer.headers.getSetCookie()) reply.header("set-cookie", cookie);
  const text = await answer.text();
  if (answer.status >= 400) return sendProblem(reply, refusalOf(answer, text));
  const location = answer.headers.get("location");
  if (location !== null) return reply.code(answer.status).header("location", location).send();
  return reply.code(answer.status).type("application/json; charset=utf-8").send(withoutToken(text));
}

function refusalOf(answer: Response, text: string): ServiceError {
  const { code, message } = AuthError.safeParse(parsed(text)).data ?? {};
  const detail = `${(message ?? "Signing in did not work").replace(/\.$/, "")}.`;
  switch (answer.status) {
    case 401:
      return { code: "unauthenticated", detail, next: "Check the address and the password." };
    case 403:
      return { code: "forbidden", detail };
    case 404:
      return { code: "not_found", detail };
    case 409:
      return { code: "conflict", detail };
    case 422:
      return code?.startsWith("USER_ALREADY_EXISTS")
        ? { code: "conflict", detail: "This address has an account already.", field: "email", next: "Sign in instead." }
        : { code: "invalid_input", detail };
    case 429:
      return {
        code: "rate_limited",
        detail: "Too many tries.",
        next: "Wait a little and try again.",
        retryAfterMs: Number(answer.headers.get("x-retry-after") ?? 10) * 1_000,
      };
    default:
      return answer.status < 500
        ? { code: "invalid_input", detail }
        : {
            code: "internal",
            detail: "Signing in broke on our side.",
            next: "Try again; if it stays, tell the operator.",
          };
  }
}

/** The cookie is the session; a copy of its token in a page's reach would defeat http-only. */
function withoutToken(text: string): string {
  const value = parsed(text);
  if (typeof value !== "object" || value === null || !("token" in value)) return text || "{}";
  const { token: _token, ...rest } = value;
  return JSON.stringify(rest);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
