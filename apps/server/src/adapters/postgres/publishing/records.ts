import type { MediaInfo } from "@postd/connector-kit";
import { asId, type ConnectionStatus, type JsonObject, type PostStatus, VideoFactsView } from "@postd/contracts";
import type { AttemptRecord, ContentRecord, JobRecord, PostRecord, TargetRecord } from "@postd/core";
import { circuitOf } from "../circuit-row.ts";
import { type JobRow, visibleOf } from "../ledger/job-row.ts";
import { wishOf } from "../ledger/stored-wish.ts";

export interface PostRow extends Record<string, unknown> {
  readonly id: string;
  readonly status: PostStatus;
  readonly content: ContentRecord;
  readonly versions: Record<string, Partial<ContentRecord>> | null;
  readonly targets: { connectionId: string; nativeSchedule?: boolean; destination?: string }[];
  readonly scheduled_for: Date | null;
  readonly metadata: JsonObject;
  readonly created_by: string;
  readonly changed_by: string | null;
  readonly approval_asked: boolean;
  readonly decided_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
  readonly deleting: boolean;
}

export interface AttemptRow extends Record<string, unknown> {
  readonly id: string;
  readonly step: string;
  readonly kind: string;
  readonly intent_at: Date;
  readonly answered_at: Date | null;
  readonly outcome: string | null;
  readonly note: string | null;
  readonly latency_ms: number | null;
  readonly failure: JsonObject | null;
}

export interface TargetRow extends Record<string, unknown> {
  readonly id: string;
  readonly tenant_id: string;
  readonly app_id: string;
  readonly platform: string;
  readonly external_id: string;
  readonly account_kind: string;
  readonly auth_kind: string;
  readonly name: string;
  readonly handle: string | null;
  readonly extras: JsonObject;
  readonly status: ConnectionStatus;
  readonly disconnected_at: Date | null;
  readonly simulated: boolean;
}

export interface MediaRow extends Record<string, unknown> {
  readonly id: string;
  readonly kind: MediaInfo["kind"];
  readonly mime_type: string;
  readonly size_bytes: string;
  readonly sha256: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly duration_ms: number | null;
  readonly alt_text: string | null;
  readonly file_name: string | null;
  readonly video: unknown;
}

/** Facts as they were stored; an odd row says nothing. */
export function videoFacts(stored: unknown): Pick<MediaInfo, "video"> {
  const video = VideoFactsView.safeParse(stored);
  return video.success ? { video: video.data } : {};
}

export function postRecord(row: PostRow): PostRecord {
  return {
    id: asId("post", row.id),
    status: row.status,
    content: row.content,
    versions: row.versions ?? {},
    targets: row.targets.map((target) => ({ ...target, connectionId: asId("connection", target.connectionId) })),
    scheduledFor: row.scheduled_for ?? undefined,
    metadata: row.metadata,
    createdBy: row.created_by,
    changedBy: row.changed_by ?? row.created_by,
    approvalAsked: row.approval_asked,
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
    deleting: row.deleting,
  };
}

export function jobRecord(row: JobRow): JobRecord {
  return {
    id: asId("publishJob", row.id),
    postId: asId("post", row.post_id),
    connectionId: asId("connection", row.connection_id),
    platform: row.platform,
    state: row.state,
    heldReason: row.held_reason ?? undefined,
    waitsFor: row.waits_for_circuit ? circuitOf(row.waits_for_circuit) : undefined,
    scheduledFor: row.scheduled_for,
    wakeAt: row.wake_at ?? undefined,
    tries: row.tries,
    post: row.content,
    mayBeLive: row.may_be_live,
    visible: visibleOf(row),
    firstClaimedAt: row.first_claimed_at ?? undefined,
    wish: wishOf(row.wish),
    wishOutcome: row.wish_outcome ?? undefined,
    partsGone: row.parts_gone,
    removedAt: row.removed_at ?? undefined,
    removedBy: row.removed_by ?? undefined,
    successorId: row.successor_id === null ? undefined : asId("publishJob", row.successor_id),
    leaseUntil: row.lease_until ?? undefined,
    externalPostId: row.external_post_id ?? undefined,
    permalink: row.permalink ?? undefined,
    earlierPosts: row.earlier_posts ?? [],
    publishedAt: row.published_at ?? undefined,
    failure: row.failure ?? undefined,
    probe: row.probe ?? undefined,
    needsPerson: row.needs_person,
    nativeSchedule: row.native_schedule,
    simulated: row.simulated,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function attemptRecord(row: AttemptRow): AttemptRecord {
  return {
    id: row.id,
    step: row.step,
    kind: row.kind,
    intentAt: row.intent_at,
    answeredAt: row.answered_at ?? undefined,
    outcome: row.outcome ?? undefined,
    note: row.note ?? undefined,
    latencyMs: row.latency_ms ?? undefined,
    failure: row.failure ?? undefined,
  };
}

export function targetRecord(row: TargetRow): TargetRecord {
  return {
    tenantId: asId("tenant", row.tenant_id),
    connectionId: asId("connection", row.id),
    appId: row.app_id,
    platform: row.platform,
    account: {
      externalId: row.external_id,
      kind: row.account_kind,
      authKind: row.auth_kind,
      name: row.name,
      ...(row.handle === null ? {} : { handle: row.handle }),
      extras: row.extras,
    },
    status: row.status,
    disconnected: row.disconnected_at !== null,
    simulated: row.simulated,
  };
}

export function mediaInfo(row: MediaRow): MediaInfo {
  return {
    id: asId("media", row.id),
    kind: row.kind,
    mimeType: row.mime_type,
    sizeBytes: Number(row.size_bytes),
    sha256: row.sha256,
    ...(row.width === null ? {} : { width: row.width }),
    ...(row.height === null ? {} : { height: row.height }),
    ...(row.duration_ms === null ? {} : { durationMs: row.duration_ms }),
    ...(row.alt_text === null ? {} : { altText: row.alt_text }),
    ...(row.file_name === null ? {} : { fileName: row.file_name }),
    ...videoFacts(row.video),
  };
}
