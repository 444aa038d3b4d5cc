import type { EventId, EventType, JsonObject, TenantId } from "@postd/contracts";

/** That something happened, and where; what it says is read in the tenant's scope. */
export interface EventPlace {
  readonly id: EventId;
  readonly tenantId: TenantId;
  readonly position: number;
  readonly type: EventType;
}

export interface EventRecord extends EventPlace {
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly at: Date;
  readonly data: JsonObject;
}

/**
 * What happened, in the order it was committed. A position is given once all before it can be read, so whoever goes on from the
 * last one it saw skips nothing; a reader that ends before it has noted how far it came reads the same again.
 */
export interface EventFeed {
  /** Gives positions to what was committed since; answers how many. Any process may, at any time. */
  number(): Promise<number>;
  /** Of all tenants, or of those named. */
  after(position: number, limit: number, tenants?: readonly TenantId[]): Promise<readonly EventPlace[]>;
  /** The newest position. */
  head(): Promise<number>;
  /** Where a lasting reader goes on; a new one begins at the newest position. */
  cursor(name: string): Promise<number>;
  /** Notes how far it came; false: another of the same name was first. */
  moveCursor(name: string, from: number, to: number): Promise<boolean>;
  forTenant(tenantId: TenantId): {
    after(position: number, limit: number): Promise<readonly EventRecord[]>;
    /** undefined: never was, is no longer kept, or is another tenant's. */
    get(id: EventId): Promise<EventRecord | undefined>;
    /** Events are written from now on until `listener` stops, or the time. */
    listen(listener: string, until?: Date): Promise<void>;
    stopListening(listener: string): Promise<void>;
  };
}
