import assert from "node:assert/strict";
import type { OutgoingPost } from "@postd/connector-kit";
import { createWorld, type RunFormatOptions, runFormat, sampleMedia } from "@postd/connector-kit/conformance";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import type { JsonObject } from "@postd/contracts";
import { connect, simulator } from "./connect-harness.ts";
import { mailchimp } from "./platform.ts";
import { provider } from "./provider.ts";

export const photo = sampleMedia(sampleJpeg({ width: 720, height: 960, seed: 1 }), {
  kind: "image",
  mimeType: "image/jpeg",
  width: 720,
  height: 960,
});
export const options = { subject: "Roasting day" };

/** An account with two audiences, the second empty, and what is asked of it. */
export async function setUp(signIn = "api_key") {
  const world = createWorld({ provider, platform: mailchimp }, simulator);
  world.add(photo);
  const connected = await connect(world, signIn);
  const ctx = () => world.context(connected, "visible");
  const lists = await mailchimp.publishing.destinations?.list(undefined, ctx());
  assert.ok(lists?.ok, JSON.stringify(lists));
  const [audience, empty] = lists.value;
  assert.ok(audience && empty);
  const post = (over: Partial<OutgoingPost> = {}): OutgoingPost => ({
    format: "campaign",
    text: "Fresh beans",
    media: [],
    options,
    destination: audience.id,
    ...over,
  });
  const publish = (over: Partial<OutgoingPost> = {}, more: Partial<RunFormatOptions> = {}) =>
    runFormat({ world, connected, post: post(over), ...more });
  const act = (name: string, about: JsonObject = {}) => world.sim.simulator.act?.(name, about);
  const calls = (method: string, path: RegExp) =>
    world.sim.requests().filter((one) => one.method === method && path.test(one.path)).length;
  const live = () => world.sim.simulator.posts();
  const campaignIds = () => {
    const known = world.sim.simulator.inspect?.();
    return (known as { readonly campaigns: readonly { readonly id: string }[] }).campaigns.map(({ id }) => id);
  };
  return { campaignIds, world, connected, ctx, audience, empty, post, publish, act, calls, live };
}
export const sends = /\/actions\/send$/;
export const creations = /\/campaigns$/;
