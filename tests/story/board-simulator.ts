import { createHmac } from "node:crypto";
import { base64UrlEncode, sha256 } from "@postd/connector-kit";
import type { SimAnswer, SimRequest, SimulatorDefinition } from "@postd/connector-kit/simulator";
import { z } from "zod";

const Pushed = z.object({
  code_challenge: z.string(),
  redirect_uri: z.string(),
  state: z.string(),
  client_id: z.string(),
});
const hourMs = 3_600_000;

/**
 * The board platform. Every instance is one person, named after it. Consents by `act("consent")`, which answers where the
 * browser goes; `act("emit")` signs and sends events to a subscription, with an older secret or another key where told.
 */
export const boardSimulator: SimulatorDefinition = {
  id: "board",
  platforms: ["board", "shelf"],
  hosts: ["*.board.example"],
  appCredentials: { board: { client_id: "board-client", client_secret: "board-secret-5f4e3d2c" } },
  create(env) {
    const pushed = new Map<string, z.output<typeof Pushed> & { readonly locale: string | null }>();
    const codes = new Map<string, string>();
    const tokens = new Map<string, string>();
    const slots = new Set<string>();
    const refreshing = new Map<string, string>();
    const posts: { id: string; instance: string; board: string; text: string; createdAt: string }[] = [];
    const hooks = new Map<string, { instance: string; address: string; secrets: string[] }>();
    const changes = new Map<string, object[]>();
    const json = (status: number, body: unknown): SimAnswer => ({ status, json: body });
    const hookAnswer = (id: string) => {
      const secret = `hook-secret-${env.randomId()}`;
      hooks.get(id)?.secrets.unshift(secret);
      return json(200, { id, secret, expiresAt: new Date(env.now().getTime() + 48 * hourMs) });
    };

    function token(form: URLSearchParams, instance: string): SimAnswer {
      if (form.get("client_secret") !== "board-secret-5f4e3d2c") return json(401, { error: "invalid_client" });
      const proof = base64UrlEncode(sha256(form.get("code_verifier") ?? ""));
      const isCode = form.get("grant_type") === "authorization_code" && codes.get(form.get("code") ?? "") === proof;
      const isRenewal = refreshing.delete(form.get("refresh_token") ?? "");
      if (!isCode && !isRenewal) return json(400, { error: "invalid_grant" });
      const [access, refresh] = [`access-${env.randomId()}`, `refresh-${env.randomId()}`];
      tokens.set(access, instance);
      refreshing.set(refresh, instance);
      const user = { id: `person-${instance}`, name: instance === "mute" ? "Unheard" : instance };
      return json(200, { access_token: access, token_type: "bearer", refresh_token: refresh, expires_in: 7_200, user });
    }

    function authorised(request: SimRequest, instance: string, body: Record<string, unknown>): SimAnswer {
      const [, kind, id = ""] = request.path.split("/");
      switch (`${request.method} ${kind}`) {
        case "GET me":
          return json(200, { id: `person-${instance}` });
        case "GET boards": {
          const boards = ["Coffee", "Tea"].map((name) => ({ id: name.toLowerCase(), name }));
          const query = request.query.get("query")?.toLowerCase() ?? "";
          return json(
            200,
            boards.filter((board) => board.id.includes(query)),
          );
        }
        case "GET limits":
          return json(200, { textMax: 700 });
        case "GET posts":
          return json(
            200,
            posts.filter((post) => post.instance === instance),
          );
        case "POST slots": {
          const slot = `slot-${env.randomId()}`;
          slots.add(slot);
          return json(201, { slot });
        }
        case "POST posts": {
          if (!slots.delete(String(body.slot))) return json(404, { error: "gone" });
          if (!["coffee", "tea"].includes(String(body.board))) return json(422, { error: "unknown_board" });
          const made = { id: env.randomId(), instance, board: String(body.board), text: String(body.text) };
          posts.push({ ...made, createdAt: env.now().toISOString() });
          return json(201, posts.at(-1));
        }
        case "POST hooks": {
          if (id !== "") return hooks.has(id) ? hookAnswer(id) : json(404, { error: "gone" });
          const hookId = env.randomId();
          hooks.set(hookId, { instance, address: String(body.address), secrets: [] });
          return hookAnswer(hookId);
        }
        case "DELETE hooks":
          return json(hooks.delete(id) ? 200 : 404, {});
        case "GET changes": {
          const all = changes.get(instance) ?? [];
          const from = Number(request.query.get("cursor") ?? 0);
          const events = all.slice(from, from + 1);
          return json(200, { events, cursor: String(from + events.length), more: from + 1 < all.length });
        }
        default:
          return json(404, { error: "gone" });
      }
    }

    return {
      async handle(request) {
        const instance = request.host.split(".")[0] ?? "";
        const form = new URLSearchParams(new TextDecoder().decode(request.rawBody));
        if (request.path === "/par") {
          const uri = `urn:request:${env.randomId()}`;
          pushed.set(uri, { ...Pushed.parse(Object.fromEntries(form)), locale: form.get("ui_locales") });
          return json(201, { request_uri: uri, expires_in: 60 });
        }
        if (request.path === "/token") return token(form, instance);
        const bearer = request.headers.authorization?.replace("Bearer ", "") ?? "";
        if (tokens.get(bearer) !== instance) return json(401, { error: "ended" });
        const body = request.rawBody.length > 0 ? JSON.parse(new TextDecoder().decode(request.rawBody)) : {};
        return authorised(request, instance, body);
      },
      posts: () =>
        posts.map(({ id, instance, board, text, createdAt }) => ({
          ...{ id, text, createdAt, platform: "board", kind: "text", media: [] },
          ...{ accountId: `person-${instance}`, accountName: instance, details: { board } },
        })),
      orphans: () => 0,
      createAccount: () => ({ platform: "board", id: "x", kind: "profile", name: "x", accessToken: "x" }),
      reset: () => {},
      inspect: () =>
        [...hooks].map(([id, { instance, address, secrets }]) => ({ id, instance, address, secrets: secrets.length })),
      async act(action, input) {
        if (action === "consent") {
          const { authUrl, more } = z
            .object({ authUrl: z.string(), more: z.record(z.string(), z.string()) })
            .parse(input);
          const asked = new URL(authUrl).searchParams;
          const request = pushed.get(asked.get("request_uri") ?? "");
          if (!request) throw new RangeError("no such request was pushed");
          const code = `code-${env.randomId()}`;
          codes.set(code, request.code_challenge);
          const back = new URL(request.redirect_uri);
          back.search = new URLSearchParams({ code, state: request.state, ...more }).toString();
          return { back: back.href, locale: request.locale, asked: [...asked.keys()] };
        }
        if (action === "change") {
          const { instance, events } = z
            .object({ instance: z.string(), events: z.array(z.looseObject({})) })
            .parse(input);
          changes.set(instance, [...(changes.get(instance) ?? []), ...events]);
          return {};
        }
        const Emit = z.object({
          instance: z.string(),
          events: z.array(z.unknown()),
          secret: z.number().optional(),
          key: z.string().optional(),
        });
        const { instance, events, secret = 0, key } = Emit.parse(input);
        const hook = [...hooks.values()].find((it) => it.instance === instance);
        const body = JSON.stringify(events);
        const at = Math.floor(env.now().getTime() / 1_000);
        const digest = createHmac("sha256", key ?? hook?.secrets[secret] ?? "")
          .update(`${at}.${body}`)
          .digest("hex");
        const headers = { "content-type": "application/json", "x-board-signature": `t=${at},v1=${digest}` };
        return { status: await env.deliver(hook?.address ?? "", { headers, body }) };
      },
    };
  },
};
