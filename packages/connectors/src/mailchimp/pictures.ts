import {
  base64Encode,
  type ConnectorContext,
  type HttpBody,
  type MediaInfo,
  type PlatformResult,
  type Step,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api } from "./api.ts";
import type { CampaignState } from "./state.ts";

/** Bytes as base64, a piece at a time: three of them make four characters, whatever the pieces' lengths are. */
async function* base64Of(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = new Uint8Array(0);
  for await (const piece of pieces) {
    const joined = new Uint8Array(rest.length + piece.length);
    joined.set(rest);
    joined.set(piece, rest.length);
    const whole = joined.length - (joined.length % 3);
    if (whole > 0) yield base64Encode(joined.subarray(0, whole));
    rest = joined.slice(whole);
  }
  if (rest.length > 0) yield base64Encode(rest);
}

/** A JSON body with the file in it, never whole in memory. */
export function fileBody(name: string, file: HttpBody): HttpBody {
  const encoder = new TextEncoder();
  const head = encoder.encode(`{"name":${JSON.stringify(name)},"file_data":"`);
  const tail = encoder.encode('"}');
  return {
    contentType: "application/json",
    sizeBytes: head.length + 4 * Math.ceil(file.sizeBytes / 3) + tail.length,
    async *open() {
      yield head;
      for await (const text of base64Of(file.open())) yield encoder.encode(text);
      yield tail;
    },
  };
}

const endings: Readonly<Record<string, string>> = { "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif" };
const Uploaded = z.object({ full_size_url: z.url({ protocol: /^https?$/ }) });

/** Hosts a picture where mail programs can fetch it; answers its address. @source platforms/mailchimp.md "Publishing a campaign", Images */
export async function hostPicture(
  ctx: ConnectorContext,
  { id, sha256, mimeType }: MediaInfo,
  index: number,
): PlatformResult<string> {
  const name = `${sha256.slice(0, 16)}.${endings[mimeType] ?? "jpg"}`;
  const body = fileBody(name, await ctx.media.open(id));
  const call = { method: "POST", path: "file-manager/files", body, field: `media.${index}` } as const;
  const sent = await api.read(ctx, call, Uploaded);
  return sent.ok ? ok(sent.value.full_size_url) : sent;
}

/** One picture a run, so that a cut costs one. */
export const hostPictures: Step<CampaignState> = {
  name: "host_pictures",
  effect: "invisible",
  repeatable: false,
  timeoutMs: 5 * 60_000,
  done: ({ pictures = [] }, { media }) => pictures.length >= media.length,
  async run({ state, post }, ctx) {
    const { pictures = [] } = state;
    const next = post.media[pictures.length];
    if (!next) return ok({ state });
    const hosted = await hostPicture(ctx, next, pictures.length);
    return hosted.ok ? ok({ state: { ...state, pictures: [...pictures, hosted.value] } }) : hosted;
  },
};
