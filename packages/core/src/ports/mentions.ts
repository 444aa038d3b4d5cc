import type { PostMention } from "@postd/connector-kit";
import type { MentionId, MentionView, TenantId } from "@postd/contracts";
import type { Caller, Page, ServiceResult } from "./services.ts";
import type { Slice } from "./slice.ts";

/** A person or company a tenant saved to name in posts. */
export interface MentionRecord extends PostMention {
  readonly id: MentionId;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface TenantMentions {
  /** Newest first; `query` is part of a name, in any case. */
  list(page: {
    readonly limit: number;
    readonly before?: string;
    readonly query?: string;
  }): Promise<Slice<MentionRecord>>;
  add(record: MentionRecord): Promise<void>;
  change(
    id: MentionId,
    to: { readonly name?: string; readonly handles?: PostMention["handles"]; readonly at: Date },
  ): Promise<MentionRecord | undefined>;
  remove(id: MentionId): Promise<MentionRecord | undefined>;
}

export interface MentionsRepo {
  forTenant(tenantId: TenantId): TenantMentions;
}

export interface MentionsService {
  list(
    caller: Caller,
    page: { readonly limit: number; readonly cursor?: string; readonly query?: string },
  ): ServiceResult<Page<MentionView>>;
  create(
    caller: Caller,
    input: { readonly name: string; readonly handles: PostMention["handles"] },
  ): ServiceResult<MentionView>;
  update(
    caller: Caller,
    id: MentionId,
    change: { readonly name?: string; readonly handles?: PostMention["handles"] },
  ): ServiceResult<MentionView>;
  remove(caller: Caller, id: MentionId): ServiceResult<MentionView>;
}
