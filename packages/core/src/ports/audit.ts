import type { AuditEntryView, JsonObject, TenantId } from "@postd/contracts";
import type { Caller, Page, PageInput, ServiceResult } from "./services.ts";
import type { Slice } from "./slice.ts";

export const actingKinds = ["person", "api_key", "link", "system", "operator", "platform", "unknown"] as const;
export type ActingKind = (typeof actingKinds)[number];

/** Who makes a change, for the record of changes. `id` is of a person, an API key or a link; never a name or an address. */
export interface Acting {
  readonly kind: ActingKind;
  readonly id?: string;
  /** In the asker's own words. */
  readonly reason?: string;
  readonly requestId?: string;
}

/** One change as it was written down, with names as they are now; a name is absent once what it named is gone. */
export interface AuditRecord {
  readonly id: string;
  readonly at: Date;
  readonly actor: { readonly kind: ActingKind; readonly id: string | undefined; readonly name: string | undefined };
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string; readonly name: string | undefined };
  readonly before: JsonObject | undefined;
  readonly after: JsonObject | undefined;
  readonly reason: string | undefined;
  readonly requestId: string | undefined;
}

export interface AuditFilter {
  /** A kind, such as `member`, or one id. */
  readonly subject?: string;
  /** A kind, such as `person`, or one id. */
  readonly actor?: string;
  /** The whole word, or the part before its point with a point at its end: `connection.`. */
  readonly action?: string;
  readonly since?: Date;
  readonly until?: Date;
}

/** The record of changes. Written by the database with each change; see `Acting`. */
export interface AuditRepo {
  /** Newest first. */
  list(
    tenantId: TenantId,
    query: AuditFilter & { readonly limit: number; readonly before?: { readonly at: Date; readonly id: string } },
  ): Promise<Slice<AuditRecord>>;
}

export interface AuditQuery {
  readonly subject?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly since?: string;
  readonly until?: string;
}

export interface AuditService {
  list(caller: Caller, query: AuditQuery & PageInput): ServiceResult<Page<AuditEntryView>>;
  /** All of it, newest first, read part by part while it is sent. */
  all(caller: Caller, query: AuditQuery): AsyncIterable<AuditEntryView>;
}
