import assert from "node:assert/strict";
import { secret } from "@postd/connector-kit";
import type { Connected, World } from "@postd/connector-kit/conformance";
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
