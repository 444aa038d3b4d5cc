import { type AppCredentials, type Credentials, type SignInMethod, scopesFor } from "@postd/connector-kit";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { signInOf } from "../connector-context.ts";

/** How a connection signs in, its scopes as the connection's platform needs them. */
export function authFor(
  registry: ConnectorRegistry,
  { platform, authKind }: Pick<ConnectionRecord, "platform" | "authKind">,
): SignInMethod | undefined {
  const provider = registry.providerOf(platform);
  const signIn = provider && signInOf(provider, authKind);
  const own = registry.get(platform);
  return signIn && own && { ...signIn, scopes: scopesFor(signIn, own) };
}

/**
 * Whether what a connection acts with is renewed without a person: its method renews, it acts with the sign-in's tokens, and
 * these hold what renewing needs.
 */
export function canRenew(
  registry: ConnectorRegistry,
  record: Pick<ConnectionRecord, "platform" | "authKind" | "ownSecret">,
  credentials: Credentials,
): boolean {
  const method = authFor(registry, record);
  if (!method?.refresh || record.ownSecret) return false;
  return method.canRefresh?.(credentials) ?? true;
}

/** What the provider calls the app a sign-in is made with; keys are of no app. */
export const clientIdOf = (signIn: SignInMethod, app: AppCredentials): string | undefined =>
  (signIn.kind === "oauth2" && app.value(signIn.clientIdField ?? "client_id")?.trim()) || undefined;
