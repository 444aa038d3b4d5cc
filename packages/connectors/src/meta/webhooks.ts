import {
  type AppCredentials,
  type AuthContext,
  type ConnectorContext,
  constantTimeEqual,
  type InboundAnswer,
  type InboundRequest,
  type PlatformResult,
  type Secret,
  signedRequests,
  type VerifyInput,
  type WebhookSubscription,
  type Webhooks,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { graph, Success } from "./graph.ts";
import { hostFor } from "./graph-url.ts";
import { confirmationCode, signedRequestIn, verifiedRequest } from "./signed-request.ts";
import { parseEvents } from "./webhook-events.ts";

const verifyTokenOf = (app: AppCredentials): Secret | undefined =>
  app.secret("webhook_verify_token") ?? app.secret("meta.webhook_verify_token");

const refused = (status: number, reason: string): InboundAnswer => ({ kind: "refused", status, reason });
const text = (body: string): InboundAnswer => ({ kind: "handshake", status: 200, body, contentType: "text/plain" });

const signedEvents = signedRequests({
  header: "x-hub-signature-256",
  form: /^sha256=(?<digest>[0-9a-f]{64})$/,
  encoding: "hex",
});

/**
 * Handshake, signed events, and the two callbacks Meta sends a `signed_request` to: deauthorise and data deletion.
 * Instagram Login signs with its own secret or the Meta app's, Meta does not say which, so every key is tried.
 * @source platforms/meta.md section 11
 */
function verify(input: VerifyInput, { app }: Pick<AuthContext, "app">): InboundAnswer {
  const { request } = input;
  if (request.method === "GET") return handshake(request, app);
  const signed = signedRequestIn(request);
  if (signed !== undefined) return signedCallback(input, signed);
  return signedEvents(input);
}

function handshake({ query }: InboundRequest, app: AppCredentials): InboundAnswer {
  // The address a deletion answer points people to.
  if (query.deletion)
    return text(
      `A request to delete data is carried out within minutes of its arrival. Confirmation code of yours: ${query.deletion.replace(/[^0-9a-f]/g, "")}`,
    );
  const expected = verifyTokenOf(app);
  if (query["hub.mode"] !== "subscribe" || !query["hub.challenge"]) return refused(400, "not a handshake");
  if (!expected) return refused(403, "no verify token is set; set POSTD_META_WEBHOOK_VERIFY_TOKEN");
  const right = constantTimeEqual(expected.reveal(), query["hub.verify_token"] ?? "");
  return right ? text(query["hub.challenge"]) : refused(403, "the verify token differs");
}

function signedCallback({ request, keys, publicUrl }: VerifyInput, signed: string): InboundAnswer {
  const verified = keys.flatMap((key) => verifiedRequest(signed, key) ?? [])[0];
  if (!verified) return refused(401, "the signed request is not genuine");
  if (request.query.event !== "data_deletion")
    return { kind: "accepted", answer: { status: 200, json: { success: true } } };
  const code = confirmationCode(signed);
  const url = `${publicUrl}/api/webhooks/meta?deletion=${code}`;
  return { kind: "accepted", answer: { status: 200, json: { url, confirmation_code: code } } };
}

/** Instagram behind a Page hears through the Page, so it is the Page that is subscribed. */
function subscription(ctx: ConnectorContext): { readonly id: string; readonly fields: string } {
  const pageId = ctx.account.extras.pageId;
  if (ctx.account.authKind === "instagram_login") return { id: ctx.account.externalId, fields: "comments,mentions" };
  return { id: typeof pageId === "string" ? pageId : ctx.account.externalId, fields: "feed,mention" };
}

/** Where events are sent is set at the app and not here. */
async function subscribe(ctx: ConnectorContext): PlatformResult<WebhookSubscription> {
  const { id, fields } = subscription(ctx);
  const done = await graph(ctx, ctx.credentials.accessToken, {
    method: "POST",
    host: hostFor(ctx.account),
    path: [id, "subscribed_apps"],
    params: { subscribed_fields: fields },
    answer: Success,
    needs:
      ctx.account.authKind === "instagram_login" ? ["instagram_business_manage_comments"] : ["pages_manage_metadata"],
  });
  return done.ok ? ok({ id }) : done;
}

/** An Instagram account behind a Page leaves the Page subscribed: the Page may be a connection of its own. */
async function unsubscribe(ctx: ConnectorContext): PlatformResult<void> {
  if (ctx.account.kind === "professional" && ctx.account.authKind === "facebook_login") return ok(undefined);
  const done = await graph(ctx, ctx.credentials.accessToken, {
    method: "DELETE",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId, "subscribed_apps"],
    answer: Success,
  });
  return done.ok ? ok(undefined) : done;
}

export const metaWebhooks: Webhooks = { verify, parse: parseEvents, subscribe, unsubscribe };
