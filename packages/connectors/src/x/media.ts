import {
  type ApiCall,
  awaitFiles,
  type ConnectorContext,
  type FileFacts,
  type FileStage,
  type FilesState,
  filesAgain,
  type HttpResponse,
  type MediaInfo,
  noFiles,
  type PlatformResult,
  parseJson,
  platformWords,
  type Step,
  uploadFiles,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { Id, mediaApi, withGrant } from "./api.ts";
import { segmentsOf } from "./limits.ts";
import { MEDIA } from "./sign-in.ts";

/** How far a post is; stored between runs. */
export type PostState = FilesState & {
  /** Files whose description X has. */
  readonly described: number;
  /** The post and what follows it in its thread, as far as they are live. */
  readonly posts: readonly string[];
  /** Whose the post is that this one answers or quotes was read. */
  readonly isTargetOwn?: true;
  /** X refused the files in a post, so it is asked for each. */
  readonly isDoubted?: true;
  /** How often X did not see yet what it had just taken. */
  readonly parentWaits?: number;
  /** Since when X has the first of the files; it forgets them after a day. */
  readonly filesSince?: string;
};
export const startState = (): PostState => ({ files: noFiles, described: 0, posts: [] });

/** A post may be held for longer than X keeps its files. @source platforms/x.md section 5: about 24 hours */
const FILES_LAST_MS = 23 * 60 * 60_000;
const isPast = ({ filesSince }: PostState, now: Date): boolean =>
  filesSince !== undefined && now.getTime() - Date.parse(filesSince) > FILES_LAST_MS;

/** The state in which files a post was refused with are asked for, and then sent anew; undefined: that was done before. */
export function afterDoubt(state: PostState, now: Date): PostState | undefined {
  const { files } = state;
  if (state.isDoubted || files.names.length === 0 || isPast(state, now)) return withFilesAgain(state, now);
  return { ...state, files: { ...files, ready: 0 }, isDoubted: true };
}

/** The state in which files are sent anew; undefined: X does not know those it has just taken, a second time. */
export function withFilesAgain(state: PostState, now: Date): PostState | undefined {
  const files = isPast(state, now) ? noFiles : filesAgain(state.files, 0, 1);
  const { filesSince: _, polled: __, isDoubted: ___, ...rest } = state;
  return files && { ...rest, files, described: 0 };
}

/** A step on files, which are sent anew where X has forgotten them while the post was held. */
const whileKept = (step: Step<PostState>): Step<PostState> => ({
  ...step,
  async run(input, ctx) {
    const now = ctx.clock.now();
    const anew = isPast(input.state, now) ? withFilesAgain(input.state, now) : undefined;
    if (anew) return ok({ state: anew, sealed: {} });
    const done = await step.run(input, ctx);
    if (!done.ok) return done;
    const { files } = done.value.state;
    const isBegun = files.open !== undefined || files.names.length > 0;
    const { filesSince, ...rest } = done.value.state;
    const since = isBegun ? { filesSince: input.state.filesSince ?? now.toISOString() } : {};
    return ok({ ...done.value, state: { ...rest, ...since } });
  },
});

const Begun = z.object({ data: z.object({ id: Id }) });
const sending = { method: "POST", needs: [MEDIA], field: "media", did: "send the file" } as const;
async function call(
  ctx: ConnectorContext,
  path: string | readonly string[],
  more: Partial<ApiCall>,
): PlatformResult<HttpResponse> {
  const sent = await mediaApi.send(ctx, { ...sending, path, ...more });
  return sent.ok ? sent : fail(withGrant(sent.error, ctx, sending.needs, sending.field));
}

const categoryOf = ({ kind, mimeType }: MediaInfo): string => {
  if (kind === "video") return "tweet_video";
  return mimeType === "image/gif" ? "tweet_gif" : "tweet_image";
};

/** @source platforms/x.md section 5, "Media upload v2", chunked */
const files: FileFacts<{ readonly category: string }> = {
  what: "media",
  plan: z.strictObject({ category: z.string() }),
  async begin(file, ctx) {
    const category = categoryOf(file);
    const json = { media_type: file.mimeType, total_bytes: file.sizeBytes, media_category: category };
    const sent = await call(ctx, "media/upload/initialize", { json });
    const begun = sent.ok ? parseJson(sent.value, Begun) : sent;
    return begun.ok ? ok({ name: begun.value.data.id, plan: { category } }) : begun;
  },
  parts: ({ file }) => segmentsOf(file.sizeBytes),
  async send({ name, part, body }, ctx) {
    const multipart = [
      { name: "segment_index", value: String(part.index) },
      { name: "media", filename: "segment", body },
    ];
    const sent = await call(ctx, ["media", "upload", name, "append"], { multipart });
    return sent.ok ? ok({}) : sent;
  },
  async end({ name }, ctx) {
    // Guides show no body; the service has answered that it wants one.
    const sent = await call(ctx, ["media", "upload", name, "finalize"], { json: {} });
    return sent.ok ? ok(undefined) : sent;
  },
  // One that has ended is gone, and one that is whole takes no more: its end was told, and the answer lost.
  isPlaceGone: ({ status }) => status === 404 || status === 400,
};

const Status = z.object({
  data: z.object({
    processing_info: z
      .object({
        state: z.string(),
        check_after_secs: z.number().nullish(),
        error: z.object({ name: z.string().nullish(), message: z.string().nullish() }).nullish(),
      })
      .nullish(),
  }),
});

/** @source platforms/x.md section 5: STATUS, and section 14: posting before it has succeeded is refused */
async function look({ name, index }: { readonly name: string; readonly index: number }, ctx: ConnectorContext) {
  const query = { command: "STATUS", media_id: name };
  const read = await mediaApi.get(ctx, "media/upload", Status, { query, needs: [MEDIA], about: "object" });
  const broken = (message: string, again?: number): FileStage => ({
    is: "broken",
    failure: { kind: "content_rejected", field: `media.${index}`, reason: "processing_failed", message },
    ...(again && { again }),
  });
  if (!read.ok) {
    const { status } = read.error;
    return status === 400 || status === 404 ? ok(broken("X has lost the file. Send the post again.", 1)) : read;
  }
  const { state, check_after_secs, error } = read.value.data.processing_info ?? { state: "succeeded" };
  if (state === "succeeded") return ok<FileStage>({ is: "ready" });
  if (state !== "failed")
    return ok<FileStage>({
      is: "working",
      ...(check_after_secs != null && { toldMs: check_after_secs * 1000 }),
    });
  const why = platformWords(error?.message ?? error?.name) || "it did not say why";
  return ok(broken(`X could not use the file: ${why}. Change it and post again.`));
}

const send = whileKept(uploadFiles<PostState, { readonly category: string }>(files));
const waiting = awaitFiles<PostState>({
  what: "media",
  look,
  pace: { firstMs: 2_000, mostMs: 30_000, endMs: 60 * 60_000 },
  atEnd: () => ({ kind: "unavailable", message: "X has worked on the file for an hour and is not done." }),
  restart: (state, again) => ({ ...state, files: again, described: 0 }),
});

const wait = whileKept(waiting);
/** Pictures are there at once; only where a post was refused with them they are asked for. */
const waitInDoubt: typeof wait = { ...wait, done: (state, post) => !state.isDoubted || wait.done(state, post) };

/** Descriptions, one a run; the same again changes nothing. @source platforms/x.md section 5 */
const describe: Step<PostState> = whileKept({
  name: "describe_media",
  effect: "invisible",
  repeatable: true,
  done: ({ described }, { media }) => media.slice(described).every(({ altText }) => !altText),
  async run({ state, post }, ctx): PlatformResult<{ readonly state: PostState }> {
    const index = post.media.findIndex(({ altText }, at) => at >= state.described && altText);
    const text = post.media[index]?.altText ?? "";
    const json = { id: state.files.names[index], metadata: { alt_text: { text } } };
    const field = `media.${index}.altText`;
    const sent = await call(ctx, "media/metadata", { json, field, did: "describe the file" });
    if (sent.ok) return ok({ state: { ...state, described: index + 1 } });
    const isGone = sent.error.status === 404 || sent.error.status === 400;
    const anew = isGone ? withFilesAgain(state, ctx.clock.now()) : undefined;
    return anew ? ok({ state: anew }) : sent;
  },
});

export const pictureSteps = [send, waitInDoubt, describe] as const;
export const gifSteps = [send, wait, describe] as const;
export const videoSteps = [send, wait] as const;
