import assert from "node:assert/strict";
import { secret } from "@postd/connector-kit";
import { type Connected, type SampleMedia, sampleMedia, type World } from "@postd/connector-kit/conformance";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { simulators } from "../simulator.ts";
import { MANAGE } from "./api.ts";
import { Extras } from "./names.ts";
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
export async function connect(world: World): Promise<Connected> {
  const { found, made } = await findLocations(world);
  const all = await found();
  assert.ok(all.ok, JSON.stringify(all));
  const [one] = all.value;
  assert.ok(one && made.id.endsWith(one.externalId), JSON.stringify(all.value));
  const { externalId, kind, name, extras, credentials } = one;
  return {
    account: { externalId, kind, authKind: businessSignIn.id, name, extras: Extras.parse(extras) },
    credentials,
  };
}

/** A photo as Google takes it; another seed gives other bytes. */
export function photo(seed = 1, width = 1_200, height = 900): SampleMedia {
  const bytes = sampleJpeg({ width, height, seed, channels: 3 });
  return sampleMedia(bytes, { kind: "image", mimeType: "image/jpeg", width, height });
}

export const dates = { startDate: "2026-12-24", startTime: "19:00", endDate: "2026-12-24", endTime: "23:30" };
