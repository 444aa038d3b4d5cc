import assert from "node:assert/strict";
import { type HttpRequest, type HttpResponse, type OutgoingPost, secret } from "@postd/connector-kit";
import {
  type Connected,
  createWorld,
  type RunFormatOptions,
  runFormat,
  type SampleMedia,
  sampleMedia,
  type World,
} from "@postd/connector-kit/conformance";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import type { JsonObject } from "@postd/contracts";
import { provider } from "../provider.ts";
import { simulators } from "../simulator.ts";
import { MANAGE } from "./api.ts";
import { Extras } from "./names.ts";
import { businessProfile } from "./platform.ts";
import { businessSignIn } from "./sign-in.ts";

const [only] = simulators;
assert.ok(only);
export const simulator = only;

/** Locations of a person as the sign-in finds them. */
export async function findLocations(world: World, name = "Ida's Coffee") {
  const made = world.sim.simulator.createAccount({ name });
  const credentials = {
    accessToken: secret(made.accessToken),
    ...(made.refreshToken && { refreshToken: secret(made.refreshToken) }),
    scopes: [MANAGE],
    expiresAt: new Date(world.clock.now().getTime() + 3_599_000),
  };
  const granted = { subject: { externalId: "accounts/1", name: "Ida Holm" }, credentials, scopes: [MANAGE] };
  const found = () => businessSignIn.accounts(granted, world.authContext(businessSignIn.id), world.platform.id);
  return { made, found };
}

/** The one location of a new person. */
export async function connect(world: World): Promise<Connected & { readonly person: string }> {
  const { found, made } = await findLocations(world);
  const all = await found();
  assert.ok(all.ok, JSON.stringify(all));
  const [one] = all.value;
  assert.ok(one && made.id.endsWith(one.externalId), JSON.stringify(all.value));
  const { externalId, kind, name, extras, credentials } = one;
  return {
    account: { externalId, kind, authKind: businessSignIn.id, name, extras: Extras.parse(extras) },
    credentials,
    person: String(made.extra?.subject),
  };
}

/** A photo as Google takes it; another seed gives other bytes. */
export function photo(seed = 1, width = 1_200, height = 900): SampleMedia {
  const bytes = sampleJpeg({ width, height, seed, channels: 3 });
  return sampleMedia(bytes, { kind: "image", mimeType: "image/jpeg", width, height });
}

export const dates = { startDate: "2026-12-24", startTime: "19:00", endDate: "2026-12-24", endTime: "23:30" };

export const creations = /\/localPosts$/;

/** A connected location and what is tried on it. */
export async function setUp(media: readonly SampleMedia[] = []) {
  const world = createWorld({ provider, platform: businessProfile }, simulator);
  for (const one of media) world.add(one);
  const connected = await connect(world);
  const publish = (post: Partial<OutgoingPost>, more: Partial<RunFormatOptions> = {}) =>
    runFormat({
      world,
      connected,
      post: { format: "standard", text: "Fresh beans", media: media.map(({ info }) => info), options: {}, ...post },
      ...more,
    });
  const location = `${connected.account.extras.account}/${connected.account.externalId}`;
  const act = async (name: string, about: JsonObject) => world.sim.simulator.act?.(name, about);
  const calls = (method: string, path: RegExp) =>
    world.sim.requests().filter((one) => one.method === method && path.test(one.path)).length;
  /** A context that notes what is sent. */
  const watched = () => {
    const sent: HttpRequest[] = [];
    const ctx = world.context(connected, "visible");
    const request = async (one: HttpRequest) => {
      sent.push(one);
      return ctx.http.request(one);
    };
    return { sent, ctx: { ...ctx, http: { request } } };
  };
  return { world, connected, location, publish, act, calls, watched, live: () => world.sim.simulator.posts() };
}

/** Answers about posts in which every state reads so. */
export const inState = (state: string) => (answer: HttpResponse) => {
  const text = answer.text.replace(/"state":\s*"[A-Z]+"/g, `"state":"${state}"`);
  return text === answer.text ? answer : { ...answer, text, json: JSON.parse(text) };
};
