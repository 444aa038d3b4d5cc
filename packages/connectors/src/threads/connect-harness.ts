import assert from "node:assert/strict";
import { secret } from "@postd/connector-kit";
import type { Connected, World } from "@postd/connector-kit/conformance";
import { scopes, threadsSignIn } from "./sign-in.ts";
import { simulators } from "./simulator.ts";

const [only] = simulators;
assert.ok(only);
export const simulator = only;

const DAY_MS = 86_400_000;

/** A profile as the sign-in finds it, two days after: Threads renews no token younger than a day. */
export async function connect(world: World): Promise<Connected> {
  const made = world.sim.simulator.createAccount({ name: "Ida Holm" });
  const all = [...scopes.required, ...scopes.optional];
  const expiresAt = new Date(world.clock.now().getTime() + 60 * DAY_MS);
  const credentials = { accessToken: secret(made.accessToken), scopes: all, expiresAt };
  world.advance(2 * DAY_MS);
  const granted = { subject: { externalId: made.id, name: "Ida Holm" }, credentials, scopes: all };
  const found = await threadsSignIn.accounts(granted, world.authContext("threads"), "threads");
  assert.ok(found.ok, JSON.stringify(found));
  const [account] = found.value;
  assert.ok(account?.externalId === made.id, JSON.stringify(found.value));
  const { externalId, name, extras, handle, kind } = account;
  return { account: { externalId, kind, authKind: "threads", name, extras, ...(handle && { handle }) }, credentials };
}
