import type { MediaId } from "@postd/contracts";
import type { ConnectorContext, PlatformResult } from "../context.ts";
import type { HttpResponse } from "../http.ts";
import type { Secret } from "../secret.ts";
import type { ApiCall, ApiClient } from "./api-client.ts";

/** How a file goes into one request. */
export interface WholeFile {
  readonly id: MediaId;
  /** As the platform is told; absent: as stored. */
  readonly mimeType?: string;
  /** Multipart: the file's field, sent last, after `fields` in their order. Absent: the body is the file. */
  readonly multipart?: {
    readonly field: string;
    readonly filename: string;
    readonly fields?: Readonly<Record<string, string | Secret>>;
  };
}

/** Sends a file in one request, streamed. The call says where to, and what it does: an upload is mostly `invisible`. */
export async function uploadWhole<C extends ConnectorContext>(
  api: Pick<ApiClient<C>, "send">,
  ctx: C,
  call: ApiCall,
  file: WholeFile,
): PlatformResult<HttpResponse> {
  const opened = await ctx.media.open(file.id);
  const body = { ...opened, ...(file.mimeType !== undefined && { contentType: file.mimeType }) };
  if (!file.multipart) return api.send(ctx, { ...call, body });
  const { field, filename, fields = {} } = file.multipart;
  const before = Object.entries(fields).map(([name, value]) => ({ name, value }));
  return api.send(ctx, { ...call, multipart: [...before, { name: field, filename, body }] });
}
