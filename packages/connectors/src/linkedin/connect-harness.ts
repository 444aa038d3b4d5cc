import assert from "node:assert/strict";
import { secret } from "@postd/connector-kit";
import type { Connected, World } from "@postd/connector-kit/conformance";
import { provider } from "./provider.ts";
import { simulators } from "./simulator.ts";

const [only] = simulators;
assert.ok(only);
export const simulator = only;

/** A member, or a page with the person who administers it, as its sign-in finds it. */
export async function connect(world: World, signIn: string): Promise<Connected> {
  const kind = signIn === "linkedin_page" ? "page" : "member";
  const made = world.sim.simulator.createAccount({ kind, name: kind === "page" ? "Nordlys Coffee" : "Ida Holm" });
  const auth = provider.signIns.find(({ id }) => id === signIn);
  assert.ok(auth);
  const scopes = [...auth.scopes.required, ...auth.scopes.optional];
  const credentials = {
    accessToken: secret(made.accessToken),
    ...(made.refreshToken && { refreshToken: secret(made.refreshToken) }),
    scopes,
    expiresAt: new Date(world.clock.now().getTime() + 60 * 86_400_000),
  };
  const granted = { subject: { externalId: "1", name: "Ida Holm" }, credentials, scopes };
  const found = await auth.accounts(granted, world.authContext(signIn), "linkedin");
  assert.ok(found.ok, JSON.stringify(found));
  const account = found.value.find(({ externalId }) => externalId === made.id);
  assert.ok(account, JSON.stringify(found.value));
  const { externalId, name, extras } = account;
  return { account: { externalId, kind, authKind: signIn, name, extras }, credentials };
}

/** Another member writes under a post, as any member's app may; who that is. */
export async function commentAsMember(world: World, post: string, text: string): Promise<string> {
  const { account, credentials } = await connect(world, "linkedin_member");
  const told = await world.sim.handle({
    method: "POST",
    host: "api.linkedin.com",
    path: `/v2/socialActions/${encodeURIComponent(post)}/comments`,
    query: new URLSearchParams(),
    rawQuery: "",
    headers: {
      authorization: `Bearer ${credentials.accessToken.reveal()}`,
      "content-type": "application/json",
      "x-restli-protocol-version": "2.0.0",
    },
    rawBody: new TextEncoder().encode(JSON.stringify({ actor: account.externalId, object: post, message: { text } })),
  });
  assert.ok(typeof told === "object" && told.status === 201, JSON.stringify(told));
  return account.externalId;
}
