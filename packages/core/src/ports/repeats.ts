import type { TenantId } from "@postd/contracts";

/** A post that is about to be written, for one account. */
export interface PostForAccount {
  readonly connectionId: string;
  /** What it says, as its platform compares posts; empty: not known, so nothing is the same. */
  readonly fingerprint: string;
  /** When it would go out. */
  readonly at: Date;
}

export interface EarlierAlike {
  /** When the same went out to the account last. */
  readonly publishedAt: Date | undefined;
  /** The planned post of the account nearest to that time, where one is within the asked time before or after. */
  readonly nearestAt: Date | undefined;
}

/** What an account got before and will get around a time. Reads only, and only where a check asks. */
export interface RepeatsReader {
  /** One answer for each of `posts`, in their order. Another tenant's accounts answer nothing. */
  alike(tenantId: TenantId, posts: readonly PostForAccount[], withinMs: number): Promise<readonly EarlierAlike[]>;
}
