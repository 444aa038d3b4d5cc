import assert from "node:assert/strict";
import { secret } from "../secret.ts";
import type { Connected, World } from "./world.ts";

/** Signs in with typed fields and takes the first account, as a person would. Throws where that does not work. */
export async function connectWithKeys(
  world: World,
  authKind: string,
  fields: Readonly<Record<string, string>>,
): Promise<Connected> {
  const auth = world.provider.signIns.find(({ id }) => id === authKind);
  assert.ok(auth?.kind === "keys", `${authKind} is not a sign-in with keys`);
  for (const { name, secret: isSecretField } of auth.fields)
    if (isSecretField && fields[name]) world.secrets.add(fields[name]);
  const typed = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, secret(value)]));
  const granted = await auth.connect(typed, world.authContext(authKind));
  assert.ok(granted.ok, JSON.stringify(granted));
  const found = await auth.accounts(granted.value, world.authContext(authKind), world.platform.id);
  assert.ok(found.ok, JSON.stringify(found));
  const [account] = found.value;
  assert.ok(account && !account.blocked, "no account that can be connected");
  const { externalId, kind, name, handle, credentials } = account;
  const extras = world.platform.extras.parse(account.extras);
  const signIn = { subject: granted.value.subject.externalId, extras: granted.value.extras ?? {} };
  return { account: { externalId, kind, authKind, name, ...(handle && { handle }), extras }, signIn, credentials };
}
