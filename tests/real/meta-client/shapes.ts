import { sampleMp4 } from "@postd/connector-kit/media-samples";
import { z } from "zod";
import type { Made, startMetaClient } from "./client.ts";
import type { SheetCall } from "./sheet.ts";

export type Sdk = Awaited<ReturnType<typeof startMetaClient>>;
/** What earlier steps brought. */
export type Known = Record<string, string>;

/** One thing a publisher does: how the client is asked for it, and what the fact sheet says of it. */
export interface DayStep {
  readonly title: string;
  readonly section: string;
  readonly step: string;
  readonly input: (known: Known, sdk: Sdk) => Readonly<Record<string, unknown>>;
  readonly before?: (sdk: Sdk, known: Known) => Promise<unknown> | unknown;
  readonly calls: readonly SheetCall[];
  /** What the caller of the client gets. */
  readonly made: z.ZodType;
  /** What to keep of it, by name. */
  readonly keep?: (value: never) => Readonly<Record<string, string>>;
  /** A look at the simulator after it. */
  readonly after?: (sdk: Sdk, known: Known, made: Made) => void;
}

export const graph = "graph.facebook.com";
export const id = z.string().regex(/^\d{5,}$/);
export const postId = z.string().regex(/^\d+_\d+$/);
export const graphTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
export const success = z.strictObject({ success: z.literal(true) });
export const link = (host: string) => z.string().regex(new RegExp(`^https://${host}/.*[?&]access_token=`));
export const cursors = z.strictObject({ before: z.string(), after: z.string() });
export const paging = z.strictObject({ cursors, next: link(graph).optional(), previous: link(graph).optional() });
export const timePaging = z.strictObject({ next: link(graph).optional(), previous: link(graph).optional() });
export const list = <T extends z.ZodType>(row: T, pages: z.ZodType = paging.optional()) =>
  z.strictObject({ data: z.array(row), paging: pages });
/** A cursor of the client with so many rows. */
export const rows = (length: number, hasNext: boolean, hasPrevious: boolean) =>
  z.strictObject({
    rows: z.array(z.unknown()).length(length),
    hasNext: z.literal(hasNext),
    hasPrevious: z.literal(hasPrevious),
  });
export const refused = (code: number, subcode?: number, type = "OAuthException") =>
  z.strictObject({
    error: z.strictObject({
      message: z.string(),
      type: z.literal(type),
      code: z.literal(code),
      ...(subcode === undefined ? {} : { error_subcode: z.literal(subcode) }),
      is_transient: z.boolean().optional(),
      fbtrace_id: z.string(),
    }),
  });
export const thrown = (code: number) =>
  z.strictObject({
    error: z.looseObject({
      name: z.literal("FacebookRequestError"),
      response: z.looseObject({ code: z.literal(code) }),
    }),
  });
export const withToken = ({ pageId, pageToken }: Known) => ({ pageId, pageToken });
export const ig = ({ igId, pageToken }: Known) => ({ igId, igToken: pageToken });
export const accountRow = z.strictObject({
  id,
  name: z.string(),
  access_token: z.string(),
  tasks: z.array(z.string()),
});
export const accounts = { call: `GET ${graph}/me/accounts`, answer: list(accountRow) };
export const feed = { call: `POST ${graph}/{page}/feed`, answer: z.strictObject({ id: postId }) };
export const comment = z.strictObject({
  id: z.string(),
  message: z.string(),
  parent: z.strictObject({ id: z.string() }).optional(),
});
export const summary = z.strictObject({ order: z.string(), total_count: z.number(), can_comment: z.boolean() });
export const insight = (end: z.ZodType) =>
  z.strictObject({
    name: z.string(),
    period: z.string(),
    values: z.array(end),
    title: z.string(),
    description: z.string(),
    id: z.string(),
  });
export const dayValue = z.strictObject({
  value: z.union([z.number(), z.record(z.string(), z.number())]),
  end_time: z.string().regex(/T0[78]:00:00\+0000$/),
});
export const insights = { call: `GET ${graph}/{page}/insights`, answer: list(insight(dayValue), timePaging) };
export const phase = z.looseObject({ status: z.enum(["not_started", "in_progress", "complete", "error"]) });
export const status = z.strictObject({
  video_status: z.enum(["processing", "ready", "expired", "error", "uploading", "upload_complete", "upload_failed"]),
  uploading_phase: phase,
  processing_phase: phase,
  publishing_phase: phase,
});
export const second = 1_000;
export const hour = 3_600 * second;
export const at = (sdk: Sdk, ms: number) => Math.floor((sdk.now() + ms) / second);
export const mp4 = sampleMp4({ width: 1080, height: 1920, durationMs: 8_000, payloadBytes: 5_000_000 });
export const shortMp4 = sampleMp4({ width: 1080, height: 1920, durationMs: 8_000 });
