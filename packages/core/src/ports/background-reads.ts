import type { ConnectionId, TenantId } from "@postd/contracts";

/** A read that nobody waits for: numbers, lists. */
export interface BackgroundRead {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
  /** Calls it takes at least. */
  readonly calls: number;
}

/** What an account's calls are kept for: publishing and what a person waits for come before what is read by the clock. */
export interface BackgroundReads {
  /** false: not now; the read is put off and asked about again. Spends nothing by itself. */
  mayRead(read: BackgroundRead): Promise<boolean>;
}

/** Where nobody counts calls. */
export const alwaysRead: BackgroundReads = { mayRead: async () => true };
