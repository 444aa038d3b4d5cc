import { hmacSha256Hex, type SignDelivery } from "@postd/connector-kit/simulator";

/** The made-up app (fact sheet, section 2); it opens nothing outside of the simulator. */
export const app = {
  app_id: "4102938475610293",
  app_secret: "e7a1c05d9b3f4826a0d4c97be1f35028",
  webhook_verify_token: "simulated-verify-token",
} as const;

/** X-Hub-Signature-256 over the raw body (section 10); a signed_request carries its own. */
export const signEvent: SignDelivery = ({ body, secret }) =>
  body.startsWith("signed_request=") ? {} : { "x-hub-signature-256": `sha256=${hmacSha256Hex(secret, body)}` };
