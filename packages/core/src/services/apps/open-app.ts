import { type AppCredentials, type Secret, secret } from "@postd/connector-kit";
import type { TenantId } from "@postd/contracts";
import { instanceApp } from "../../ports/sign-ins.ts";
import type { OpenTenantApp, TenantAppsRepo } from "../../ports/tenant-apps.ts";
import type { Vault } from "../../ports/vault.ts";

/** Opens apps of tenants: values from their row, secrets from the vault, for one call. */
export function tenantAppOpener(deps: {
  readonly apps: Pick<TenantAppsRepo, "forTenant">;
  readonly vault: Pick<Vault, "open">;
}): OpenTenantApp {
  return async (tenantId, id) => {
    const app = await deps.apps.forTenant(tenantId).find(id);
    if (!app) return undefined;
    const secrets = new Map<string, Secret>();
    for (const name of app.secretNames) {
      const value = await deps.vault.open({ tenantId, ownerId: app.id, name });
      if (!value) return undefined;
      secrets.set(name, value);
    }
    for (const [name, value] of Object.entries(app.values)) secrets.set(name, secret(value));
    return {
      app,
      credentials: {
        value: (field) => (Object.hasOwn(app.values, field) ? app.values[field] : undefined),
        secret: (field) => secrets.get(field),
      },
    };
  };
}

/** The app a sign-in was made with, where it is a tenant's own; `gone`: it is not there any more. */
export async function ownApp(
  { tenantApp }: { readonly tenantApp?: OpenTenantApp },
  { tenantId, appId }: { readonly tenantId: TenantId; readonly appId: string },
): Promise<AppCredentials | undefined | "gone"> {
  if (appId === instanceApp) return undefined;
  return (await tenantApp?.(tenantId, appId))?.credentials ?? "gone";
}
