import assert from "node:assert/strict";
import { secret } from "@postd/connector-kit";
import { type Connected, connectWithKeys, type World } from "@postd/connector-kit/conformance";
import { mailchimpSignIn } from "./sign-in.ts";
import { simulators } from "./simulator.ts";

const [only] = simulators;
assert.ok(only);
export const simulator = only;

/** An account as its sign-in finds it: by a typed key, or by a token whose data centre is asked for. */
export async function connect(world: World, signIn: string, kind = "account"): Promise<Connected> {
  const made = world.sim.simulator.createAccount({ kind, name: "Nordlys Coffee" });
  if (signIn === "api_key") return connectWithKeys(world, signIn, { apiKey: made.accessToken });
  const token = secret(String(made.extra?.oauthToken));
  const signInCredentials = { accessToken: token, scopes: [] };
  const ctx = world.authContext("mailchimp");
  const found = await mailchimpSignIn.refresh?.({
    ...ctx,
    credentials: signInCredentials,
    signIn: { subject: made.id, extras: {} },
  });
  assert.ok(found?.ok, JSON.stringify(found));
  const credentials = found.value;
  const granted = { subject: { externalId: made.id, name: "Ida" }, credentials, scopes: [] };
  const accounts = await mailchimpSignIn.accounts(granted, ctx, "mailchimp");
  assert.ok(accounts.ok, JSON.stringify(accounts));
  const [account] = accounts.value;
  assert.ok(account?.externalId === made.id, JSON.stringify(accounts.value));
  const { externalId, name, extras } = account;
  return { account: { externalId, kind: account.kind, authKind: "mailchimp", name, extras }, credentials };
}
