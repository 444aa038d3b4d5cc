import { createHmac } from "node:crypto";
import { oauth2, type Webhooks, webhookSignature } from "@postd/connector-kit";
import { barePlatform, bareProvider } from "@postd/connector-kit/conformance";
import type { SimAnswer, SimulatorDefinition } from "@postd/connector-kit/simulator";
import { ok } from "@postd/contracts";
import { z } from "zod";

export const postboxHost = "api.postbox.example";
const Event = z.object({ key: z.string(), account: z.string() });
const signed = webhookSignature({ header: "x-postbox-signature", encoding: "hex" });

const webhooks: Webhooks = {
  verify({ request, keys, now }) {
    const verdict = signed(request, keys, now);
    return verdict === "genuine" ? { kind: "accepted" } : { kind: "refused", status: 401, reason: verdict };
  },
  parse({ rawBody }) {
    const { key, account } = Event.parse(JSON.parse(new TextDecoder().decode(rawBody)));
    return [{ type: "letter.came", platform: "postbox", accountExternalId: account, dedupeKey: key, data: {} }];
  },
};

/** A provider to throw away, whose app's one secret proves who exchanges a code or renews, and signs every event. */
export const postboxProvider = bareProvider([barePlatform({ id: "postbox" })], {
  hosts: [postboxHost],
  apps: [
    {
      id: "postbox",
      fields: [
        { name: "client_id", secret: false, required: true, help: "the app's" },
        { name: "client_secret", secret: true, required: true, help: "the app's", signs: true },
      ],
    },
  ],
  signIns: [
    oauth2({
      id: "postbox_login",
      label: "Postbox",
      app: "postbox",
      scopes: { required: [], optional: [] },
      pkce: "none",
      authorizeAt: `https://${postboxHost}/authorize`,
      tokenAt: `https://${postboxHost}/token`,
      subject: async ({ rest }) => ok({ externalId: z.string().parse(rest.user), name: "Ida Holm" }),
      accounts: async ({ subject, credentials }) =>
        ok([{ ...subject, platform: "postbox", kind: "profile", extras: {}, credentials, missingScopes: [] }]),
      refresh: "rotates",
    }),
  ],
  webhooks,
});

/**
 * The platform: `act("secret")` gives its app another secret, which from then on is the only one that signs in;
 * `act("emit")` sends an event signed with the one it is told.
 */
export function postboxSimulator(first: string): SimulatorDefinition {
  return {
    id: "postbox",
    platforms: ["postbox"],
    hosts: [postboxHost],
    appCredentials: {},
    create(env) {
      let clientSecret = first;
      const good = new Map<string, string>();
      const json = (status: number, body: object): SimAnswer => ({ status, json: body });
      return {
        async handle({ path, rawBody }) {
          const form = new URLSearchParams(new TextDecoder().decode(rawBody));
          if (path !== "/token") return json(404, { error: "not_found" });
          if (form.get("client_secret") !== clientSecret) return json(401, { error: "invalid_client" });
          const proof = form.get("code") ?? form.get("refresh_token") ?? "";
          const user = good.get(proof);
          if (user === undefined || !good.delete(proof)) return json(400, { error: "invalid_grant" });
          const refresh_token = `refresh-${env.randomId()}`;
          good.set(refresh_token, user);
          return json(200, {
            ...{ access_token: `access-${env.randomId()}`, token_type: "bearer", expires_in: 7_200 },
            ...{ refresh_token, user },
          });
        },
        posts: () => [],
        orphans: () => 0,
        createAccount: () => ({ platform: "postbox", id: "x", kind: "profile", name: "x", accessToken: "x" }),
        reset: () => {},
        async act(action, input) {
          const told = z.record(z.string(), z.string()).parse(input);
          if (action === "secret") {
            clientSecret = told.secret ?? "";
            return {};
          }
          if (action === "consent") {
            const code = `code-${env.randomId()}`;
            good.set(code, told.user ?? "");
            return { code };
          }
          const body = JSON.stringify({ key: env.randomId(), account: told.account });
          const signature = createHmac("sha256", told.secret ?? "")
            .update(body)
            .digest("hex");
          const answer = await fetch(told.address ?? "", {
            ...{ method: "POST", body },
            headers: { "content-type": "application/json", "x-postbox-signature": signature },
          });
          return { status: answer.status };
        },
      };
    },
  };
}
