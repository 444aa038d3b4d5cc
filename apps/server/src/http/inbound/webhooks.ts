import type { InboundRequest } from "@postd/connector-kit";
import { type ErrorCode, fail, ok, operationsById as op, type Result, type ServiceError } from "@postd/contracts";
import type { FastifyRequest } from "fastify";
import type { HttpDeps } from "../deps.ts";
import { type Answer, route } from "../handler.ts";

export const webhookRoutes = [
  route(op.webhookHandshake, async ({ deps, params, request }) => {
    const answer = asText(await receive(deps, params, request));
    const { deletion } = request.query as { readonly deletion?: unknown };
    return answer.ok && typeof deletion === "string" && deletion !== ""
      ? ok({ ...answer.value, body: `${answer.value.body}\n${await deletionState(deps, deletion)}` })
      : answer;
  }),
  route(op.receiveWebhook, ({ deps, params, request }) => receive(deps, params, request)),
  route(op.appWebhookHandshake, async ({ deps, params, request }) => asText(await receive(deps, params, request))),
  route(op.receiveAppWebhook, ({ deps, params, request }) => receive(deps, params, request)),
];

const asText = (result: Result<Answer<unknown>, ServiceError>): Result<Answer<string>, ServiceError> =>
  result.ok ? ok({ ...result.value, body: String(result.value.body) }) : result;

/** What the page says that a platform's answer to a deletion points people to. The code is all anybody has to know. */
async function deletionState(deps: HttpDeps, code: string): Promise<string> {
  const done = await deps.services.erasures.deletionDone(code.slice(0, 100));
  return done
    ? `Done at ${done.toISOString()}: nothing that describes your accounts is left here.`
    : "Not done yet, or there was nothing of yours here. Look again in a few minutes.";
}

async function receive(
  deps: HttpDeps,
  { provider, app }: { readonly provider: string; readonly app?: string },
  request: FastifyRequest,
): Promise<Result<Answer<unknown>, ServiceError>> {
  const received = await deps.services.inbound.receive(provider, inboundRequest(request), app);
  switch (received.kind) {
    case "handshake":
      return ok({
        body: received.body,
        status: received.status,
        headers: { "content-type": received.contentType, "x-content-type-options": "nosniff" },
      });
    case "accepted":
      return ok({
        body: received.answer?.json ?? { received: true },
        status: received.answer?.status ?? 200,
      });
    case "refused":
      return fail({
        code: refusals[received.status] ?? "forbidden",
        detail: received.reason,
        actor: "platform",
        ...(received.status === 503 ? { retryAfterMs: 5_000 } : {}),
      });
    case "wrong_type":
      return fail({
        code: "unsupported_media",
        detail: `${provider} sends ${received.takes.join(" or ")} here, and this is something else.`,
        actor: "platform",
      });
    case "unavailable":
      return fail({
        code: "unavailable",
        detail: "The database cannot be reached, and this request can be neither checked nor kept without it.",
        next: "Send it again shortly.",
        retryAfterMs: received.retryAfterMs,
      });
    case "unknown_provider":
      return fail({ code: "not_found", detail: `No provider called ${provider} sends anything here.` });
    case "unknown_app":
      return fail({ code: "not_found", detail: `Nobody here has an app ${app} at ${provider}.` });
    case "not_configured":
      return fail({
        code: "not_configured",
        detail: `The app credentials of ${provider} are not set, so what it sends cannot be checked.`,
        next: "Set them as described in the platform's notes.",
      });
    default:
      return received satisfies never;
  }
}

const refusals: Readonly<Record<number, ErrorCode>> = {
  400: "invalid_input",
  401: "unauthenticated",
  503: "unavailable",
};

function inboundRequest(request: FastifyRequest): InboundRequest {
  const query = Object.entries(request.query as Readonly<Record<string, string | string[]>>);
  return {
    method: request.method,
    query: Object.fromEntries(query.map(([name, value]) => [name, first(value)])),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, first(value)])),
    rawBody: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
  };
}

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
