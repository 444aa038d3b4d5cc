import type { TenantId } from "@postd/contracts";

/** Where platforms that fetch files themselves find them. */
export interface PullPlaces {
  /** The address all files are below, ending in "/". */
  readonly address: string;
  /** What the field of the app says that the account was connected with, the instance's or the tenant's own. */
  appField(
    of: { readonly tenantId: TenantId; readonly appId: string },
    named: { readonly app: string; readonly field: string },
  ): Promise<string | undefined>;
}
