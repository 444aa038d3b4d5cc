import assert from "node:assert/strict";
import { secret } from "@postd/connector-kit";
import type { Connected, World } from "@postd/connector-kit/conformance";
import { scopes, tiktokSignIn } from "./sign-in.ts";
import { simulators } from "./simulator.ts";

const [only] = simulators;
assert.ok(only);
export const simulator = only;

/** A creator as the sign-in finds it. */
export async function connect(world: World, kind = "public"): Promise<Connected> {
  const made = world.sim.simulator.createAccount({ kind, name: "Ida Holm" });
  const all = [...scopes.required, ...scopes.optional];
  const credentials = {
    accessToken: secret(made.accessToken),
    ...(made.refreshToken && { refreshToken: secret(made.refreshToken) }),
    scopes: all,
    expiresAt: new Date(world.clock.now().getTime() + 7_200_000),
  };
  const granted = { subject: { externalId: made.id, name: "Ida Holm" }, credentials, scopes: all };
  const found = await tiktokSignIn.accounts(granted, world.authContext("tiktok"), "tiktok");
  assert.ok(found.ok, JSON.stringify(found));
  const [account] = found.value;
  assert.ok(account?.externalId === made.id, JSON.stringify(found.value));
  const { externalId, name, extras, handle } = account;
  return {
    account: { externalId, kind: account.kind, authKind: "tiktok", name, extras, ...(handle && { handle }) },
    credentials,
  };
}
