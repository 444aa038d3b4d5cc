import type { AppCredentials } from "@postd/connector-kit";
import type { TenantAppId, TenantId } from "@postd/contracts";
import type { SealedSecret } from "./vault.ts";

/** An app a tenant registered at a provider itself; its secrets are in the vault under its id. */
export interface TenantApp {
  readonly id: TenantAppId;
  readonly provider: string;
  readonly setId: string;
  /** Fields that are no secrets. */
  readonly values: Readonly<Record<string, string>>;
  readonly secretNames: readonly string[];
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** One tenant's apps; one of another tenant is simply not there. */
export interface TenantApps {
  add(app: TenantApp, sealed: readonly SealedSecret[]): Promise<"added" | "key_gone">;
  /** Newest first. */
  list(): Promise<readonly TenantApp[]>;
  find(id: string): Promise<TenantApp | undefined>;
  /** With its secrets, unless live connections were signed in to with it. */
  remove(id: TenantAppId): Promise<"removed" | "in_use" | "missing">;
}

export interface TenantAppsRepo {
  forTenant(tenantId: TenantId): TenantApps;
  /** Whose an app is: what a provider sends names the app and no tenant. */
  ownerOf(id: string): Promise<TenantId | undefined>;
}

/** Opens a tenant's app for one call; undefined: it is gone, or its secrets are. */
export type OpenTenantApp = (tenantId: TenantId, id: string) => Promise<OpenedApp | undefined>;

export interface OpenedApp {
  readonly app: TenantApp;
  readonly credentials: AppCredentials;
}
