import type { InboundEvent } from "@postd/connector-kit";

export interface InboxItem {
  readonly id: string;
  readonly platform: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface EventReceiver {
  readonly tenantId: string;
  readonly connectionId: string;
}

/** What platforms sent, raw until it was fanned out. */
export interface Inbox {
  /** Committed before the platform gets its answer. */
  store(item: InboxItem): Promise<void>;
  /** Oldest unprocessed items, locked for this worker until `done`; one transaction around `handle`. */
  processNext(
    handle: (item: InboxItem) => Promise<{ readonly events: number; readonly error?: string }>,
  ): Promise<boolean>;
  /** Connections of all tenants to the account, or whose sign-in is the person's of this id; live ones unless told. */
  receivers(about: {
    readonly platforms: readonly string[];
    readonly accountExternalId: string;
    readonly disconnected?: boolean;
  }): Promise<readonly EventReceiver[]>;
  /** False: this event was already there. */
  keepEvent(receiver: EventReceiver, event: InboundEvent): Promise<boolean>;
  /** Kept for the operator. */
  keepUnmatched(event: InboundEvent): Promise<void>;
}
