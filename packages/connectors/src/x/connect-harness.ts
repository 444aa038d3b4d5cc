import assert from "node:assert/strict";
import {
  type ConnectorContext,
  checkPost,
  type HttpRequest,
  type HttpResponse,
  type OutgoingPost,
  secret,
} from "@postd/connector-kit";
import {
  type Connected,
  createWorld,
  type RunFormatOptions,
  runFormat,
  sampleMedia,
  samplePng,
  type World,
} from "@postd/connector-kit/conformance";
import { sampleMp4 } from "@postd/connector-kit/media-samples";
import type { Json, JsonObject } from "@postd/contracts";
import { x } from "./platform.ts";
import { provider } from "./provider.ts";
import { scopes, xSignIn } from "./sign-in.ts";
import { simulators } from "./simulator.ts";

const [only] = simulators;
assert.ok(only);
export const simulator = only;

/** An account as the sign-in finds it. */
export async function connect(
  world: World,
  kind = "premium",
  all: readonly string[] = [...scopes.required, ...scopes.optional],
): Promise<Connected> {
  const made = world.sim.simulator.createAccount({ kind, name: "Ida Holm", scopes: all });
  const credentials = {
    accessToken: secret(made.accessToken),
    ...(made.refreshToken && { refreshToken: secret(made.refreshToken) }),
    scopes: all,
    expiresAt: new Date(world.clock.now().getTime() + 7_200_000),
  };
  const granted = { subject: { externalId: made.id, name: "Ida Holm" }, credentials, scopes: all };
  const found = await xSignIn.accounts(granted, world.authContext("x"), "x");
  assert.ok(found.ok, JSON.stringify(found));
  const [account] = found.value;
  assert.ok(account?.externalId === made.id, JSON.stringify(found.value));
  const { externalId, name, extras, handle } = account;
  return {
    account: { externalId, kind: account.kind, authKind: "x", name, extras, ...(handle && { handle }) },
    credentials,
  };
}

export const picture = samplePng();
export const film = sampleMedia(sampleMp4({ width: 640, height: 360, durationMs: 5_000, payloadBytes: 2_400_000 }), {
  ...{ kind: "video", mimeType: "video/mp4", width: 640, height: 360, durationMs: 5_000 },
});

/** An account at a simulated X of its own. */
export async function setUp(
  kind = "premium",
  granted: readonly string[] = [...scopes.required, ...scopes.optional],
  app: Readonly<Record<string, string>> = {},
) {
  const world = createWorld({ provider, platform: x }, simulator, { x: { ...simulator.appCredentials.x, ...app } });
  for (const one of [picture, film]) world.add(one);
  const connected = await connect(world, kind, granted);
  const publish = (post: Partial<OutgoingPost>, more: Partial<RunFormatOptions> = {}) =>
    runFormat({
      world,
      connected,
      post: { format: "text", text: "Fresh beans", media: [], options: {}, ...post },
      ...more,
    });
  const sent = (method: string, path: RegExp) =>
    world.sim.requests().filter((one) => one.method === method && path.test(one.path));
  const ctx = (who: Connected = connected) => world.context(who, "visible");
  const act = (action: string, about: Readonly<Record<string, Json>>) => world.sim.simulator.act?.(action, about);
  return { world, connected, publish, sent, ctx, act, live: () => world.sim.simulator.posts() };
}
/** Calls that make a post. */
export const makes = /\/2\/tweets$/;
/** What keeps a post from being sent, as `field code`. */
export const problemsOf = (post: Partial<OutgoingPost>, { account }: Pick<Connected, "account">) =>
  checkPost(x, { format: "text", text: "", media: [], options: {}, ...post }, account)
    .filter(({ severity }) => severity === "error")
    .map(({ field, code }) => `${field} ${code}`);

/** An answer written by hand. */
export const answer = (status: number, json: JsonObject): HttpResponse => ({
  ...{ status, headers: {}, text: JSON.stringify(json), json, effect: "visible" },
});

/** A context whose calls are answered so, the last answer again and again, with what was asked. */
export function answering(ctx: ConnectorContext, ...answers: readonly HttpResponse[]) {
  const asked: HttpRequest[] = [];
  const request: ConnectorContext["http"]["request"] = async (one) => {
    const res = answers[Math.min(asked.push(one), answers.length) - 1];
    assert.ok(res);
    return { ok: true, value: { ...res, effect: one.effect ?? res.effect } };
  };
  return { asked, ctx: { ...ctx, http: { request } } };
}
