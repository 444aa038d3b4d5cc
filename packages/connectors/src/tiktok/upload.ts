import {
  type ConnectorContext,
  type FilePart,
  type HttpBody,
  noPartsSent,
  type PartTaken,
  type PlatformFailure,
  type PlatformResult,
  refusedBy,
  type Step,
  serverFailure,
  uploadParts,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { piecesOf } from "./limits.ts";
import { anew, MOST_BEGUN, type PostState, probeById, readStatus } from "./status.ts";

/** `bytes 0-{received}/{total}`; whether that is a count or the last byte's place is not said, so both are read. */
function receivedIn(header: string | undefined, to: number): number | undefined {
  const told = /^bytes\s+0-(\d{1,15})\//.exec(header?.trim() ?? "")?.[1];
  if (told === undefined) return undefined;
  return Number(told) === to - 1 ? to : Number(told);
}

/** The address has ended, or there is no such upload. */
const isGone = ({ status }: PlatformFailure): boolean => status === 403 || status === 404;

interface Piece {
  readonly url: string;
  readonly part: FilePart;
  readonly sizeBytes: number;
  readonly body: HttpBody;
}

/** The last piece is what makes the post; all before it nobody sees. @source platforms/tiktok.md section 5, "Chunk rules" */
async function put(
  ctx: ConnectorContext,
  { url, part: { from, to }, sizeBytes, body }: Piece,
): PlatformResult<PartTaken> {
  const isLast = to >= sizeBytes;
  const sent = await ctx.http.request({
    method: "PUT",
    url,
    body,
    headers: { "content-range": `bytes ${from}-${to - 1}/${sizeBytes}` },
    ...(!isLast && { effect: "invisible" as const }),
  });
  if (!sent.ok) return sent;
  const { status, headers } = sent.value;
  if (status === 200 || status === 201) return ok({ receivedBytes: sizeBytes });
  const received = receivedIn(headers["content-range"], to);
  if (status === 206) return ok(received === undefined ? {} : { receivedBytes: received });
  // Another piece is the next one.
  if (status === 416 && received !== undefined) return ok({ receivedBytes: received });
  if (status >= 500 || status === 408 || status === 429)
    return fail(serverFailure(sent.value, { clock: ctx.clock, message: `TikTok's upload answered ${status}.` }));
  return fail({
    kind: "unavailable",
    status,
    ...refusedBy(sent.value),
    message: `TikTok's upload did not take a piece of the video (${status}).`,
  });
}

/** Sends the video, from where TikTok says it is. The same piece again changes nothing. */
export const sendFile: Step<PostState> = {
  name: "send_file",
  effect: "visible",
  repeatable: true,
  timeoutMs: 300_000,
  done: ({ isWhole }) => isWhole === true,
  async run({ state, post, sealed, repeats = false }, ctx) {
    const [file] = post.media;
    const told = await readStatus(ctx, state.publishId ?? "");
    if (!told.ok) return told;
    const { status, uploadedBytes = 0 } = told.value;
    if (!file || status !== "PROCESSING_UPLOAD" || uploadedBytes >= file.sizeBytes)
      return ok({ state: { ...state, isWhole: true }, waitMs: 0 });
    const url = sealed?.uploadUrl?.reveal();
    // Without its address nothing can make it whole, so it is no post and never will be one.
    const again = { state: anew(state), sealed: {}, unseen: true as const, waitMs: 5_000 };
    // Its last piece may have been taken, and the state read may be older than that: a look says so first.
    const mayBegin = state.begun < MOST_BEGUN && !repeats;
    if (url === undefined) return mayBegin ? ok(again) : fail(lostAddress);
    const { sizeBytes, mimeType } = file;
    const done = await uploadParts(ctx, {
      id: file.id,
      parts: piecesOf(sizeBytes).parts,
      sent: { ...(state.sent ?? noPartsSent), bytes: uploadedBytes },
      send: (part, body) => put(ctx, { url, part, sizeBytes, body: { ...body, contentType: mimeType } }),
    });
    if (!done.ok) return isGone(done.error) && mayBegin ? ok(again) : done;
    const { sent, isWhole } = done.value;
    return ok({ state: { ...state, sent, isWhole }, ...(!isWhole && { waitMs: 0 }) });
  },
  probe: probeById,
};

const lostAddress: PlatformFailure = {
  kind: "unavailable",
  message: "TikTok's upload addresses ended before the video was sent. It is tried again.",
};
