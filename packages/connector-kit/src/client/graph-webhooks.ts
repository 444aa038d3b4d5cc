import type { PlatformId } from "@postd/contracts";
import { z } from "zod";
import type { AppCredentials, AuthContext } from "../context.ts";
import { constantTimeEqual, sha256Hex } from "../crypto.ts";
import type { Secret } from "../secret.ts";
import type { InboundAnswer, InboundEvent, InboundRequest, VerifyInput, Webhooks } from "../webhooks.ts";
import { atSeconds } from "./graph-values.ts";
import { jsonIn } from "./rows.ts";
import { confirmationCode, payloadBytes, signedRequestIn, verifiedRequest } from "./signed-request.ts";
import { signedRequests } from "./webhook-signature.ts";

const refused = (status: number, reason: string): InboundAnswer => ({ kind: "refused", status, reason });
const text = (body: string): InboundAnswer => ({ kind: "handshake", status: 200, body, contentType: "text/plain" });

/** Events are JSON; the callbacks about a person are forms. @source platforms/meta.md sections 3b and 11 */
export const graphContentTypes: readonly string[] = ["application/json", "application/x-www-form-urlencoded"];

const signedEvents = signedRequests({
  header: "x-hub-signature-256",
  form: /^(?:sha256=)?(?<digest>[0-9a-f]{64})$/,
  encoding: "hex",
});

/**
 * `verify` of Meta's products: handshake, signed events, and the two callbacks they send a `signed_request` to, deauthorise
 * and data deletion. Products sign with a secret of their own or the Meta app's, Meta does not say which, so every key is
 * tried.
 * @source platforms/meta.md section 11, platforms/threads.md section 10
 */
export function graphWebhooks(facts: {
  /** The provider's id, as in the address of its webhooks. */
  readonly provider: string;
  readonly verifyToken: (app: AppCredentials) => Secret | undefined;
  /** What an operator sets it by. */
  readonly env: string;
}): Webhooks["verify"] {
  return (input, { app }: Pick<AuthContext, "app">) => {
    const { request } = input;
    if (request.method === "GET") return handshake(request, app);
    const signed = signedRequestIn(request);
    return signed === undefined ? signedEvents(input) : callback(input, signed);
  };

  function handshake({ query }: InboundRequest, app: AppCredentials): InboundAnswer {
    // The address a deletion answer points people to.
    if (query.deletion)
      return text(
        `A request to delete data is carried out within minutes of its arrival. Confirmation code of yours: ${query.deletion.replace(/[^0-9a-f]/g, "")}`,
      );
    const expected = facts.verifyToken(app);
    if (query["hub.mode"] !== "subscribe" || !query["hub.challenge"]) return refused(400, "not a handshake");
    if (!expected) return refused(403, `no verify token is set; set ${facts.env}`);
    const right = constantTimeEqual(expected.reveal(), query["hub.verify_token"] ?? "");
    return right ? text(query["hub.challenge"]) : refused(403, "the verify token differs");
  }

  function callback({ request, keys, publicUrl }: VerifyInput, signed: string): InboundAnswer {
    const verified = keys.flatMap((key) => verifiedRequest(signed, key) ?? [])[0];
    if (!verified) return refused(401, "the signed request is not genuine");
    if (!isDeletion(request)) return { kind: "accepted", answer: { status: 200, json: { success: true } } };
    const code = confirmationCode(signed);
    const url = `${publicUrl}/api/webhooks/${facts.provider}?deletion=${code}`;
    return { kind: "accepted", answer: { status: 200, json: { url, confirmation_code: code } } };
  }
}

const isDeletion = ({ query }: Pick<InboundRequest, "query">): boolean => query.event === "data_deletion";

const Signed = z.object({
  user_id: z.union([z.string(), z.number()]).transform(String),
  issued_at: z.number().optional(),
});

/**
 * The event of a verified `signed_request`; undefined: the body is none. It names the person, by the id the sign-in had,
 * and concerns every platform of the provider; one has to be named.
 */
export function signedRequestEvents(
  request: Parameters<Webhooks["parse"]>[0],
  platform: PlatformId,
): readonly InboundEvent[] | undefined {
  const signed = signedRequestIn(request);
  if (signed === undefined) return undefined;
  const payload = Signed.safeParse(jsonIn(payloadBytes(signed))).data;
  if (!payload) return [];
  const deletion = isDeletion(request);
  const occurredAt = atSeconds(payload.issued_at);
  return [
    {
      type: deletion ? "data_deletion.requested" : "account.deauthorized",
      platform,
      accountExternalId: payload.user_id,
      dedupeKey: sha256Hex(`${deletion}:${signed}`),
      ...(occurredAt && { occurredAt }),
      data: { personId: payload.user_id, ...(deletion && { confirmationCode: confirmationCode(signed) }) },
    },
  ];
}
