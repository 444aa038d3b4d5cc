import type { ConnectionId, InboundEventView, InboundRequestView, TenantId } from "@postd/contracts";
import type { Caller, Page, PageInput, ServiceResult } from "./services.ts";
import type { Slice } from "./slice.ts";

/** A request of a platform that was put aside. */
export interface DeadRequest {
  readonly id: string;
  readonly provider: string;
  readonly appId: string;
  readonly receivedAt: Date;
  readonly deadAt: Date;
  readonly tries: number;
  readonly error: string | undefined;
  readonly sizeBytes: number;
}

export interface StoredEvent {
  readonly id: string;
  readonly platform: string;
  readonly type: string;
  readonly occurredAt: Date | undefined;
  readonly receivedAt: Date;
  readonly data: InboundEventView["data"];
}

/** Which requests are worked on again. */
export interface ReplayFilter {
  readonly provider?: string;
  readonly from?: Date;
  readonly to?: Date;
  /** Those that were worked on too, and not only those put aside. */
  readonly all: boolean;
}

/** Requests of platforms as operators look at them, and events as tenants do. */
export interface InboundDesk {
  /** Newest first; `before`: an id. */
  dead(page: {
    readonly limit: number;
    readonly before?: string;
    readonly provider?: string;
  }): Promise<Slice<DeadRequest>>;
  /** `waiting`: it is to be worked on anyway. */
  replay(id: string): Promise<"replayed" | "waiting" | "missing">;
  /** As if they had just come; `limit` at most, oldest first. Answers how many. */
  replayMany(filter: ReplayFilter, limit: number): Promise<number>;
  /** Newest first; `before`: an id. */
  eventsOf(
    tenantId: TenantId,
    page: { readonly connectionId: ConnectionId; readonly limit: number; readonly before?: string },
  ): Promise<Slice<StoredEvent>>;
}

/** What operators do about requests of platforms, and what a tenant sees of them. Others than operators are refused. */
export interface InboundDeskService {
  dead(caller: Caller, page: PageInput & { readonly provider?: string }): ServiceResult<Page<InboundRequestView>>;
  replay(caller: Caller, id: string): ServiceResult<{ readonly replayed: number }>;
  replayMany(
    caller: Caller,
    input: { readonly provider?: string; readonly from?: string; readonly to?: string; readonly all: boolean },
  ): ServiceResult<{ readonly replayed: number; readonly more: boolean }>;
  events(caller: Caller, id: ConnectionId, page: PageInput): ServiceResult<Page<InboundEventView>>;
}
