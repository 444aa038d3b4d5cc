import assert from "node:assert/strict";
import { sampleMp4 } from "@postd/connector-kit/media-samples";
import { testClient } from "@postd/connector-kit/simulator";
import { simulators } from "../simulator.ts";
import { app } from "./world.ts";

export const film = sampleMp4({ width: 720, height: 1280, durationMs: 4000 });
export const base = "https://open.tiktokapis.com/v2/";

/** A client with an account of its own, and what each call of the API takes. */
export function setUp({ kind = "public", scopes }: { kind?: string; scopes?: readonly string[] } = {}) {
  const [definition] = simulators;
  assert.ok(definition);
  const client = testClient(definition, { startAt: "2026-11-26T12:00:00Z" });
  const account = client.simulator.createAccount({ kind, ...(scopes && { scopes }) });
  const person = String(account.extra?.subject);
  const as = (token: string) => ({
    post: (path: string, json: unknown = {}) => client.ask({ url: base + path, token, json }),
    get: (path: string) => client.ask({ url: base + path, token }),
  });
  let tokens = { access_token: account.accessToken, refresh_token: account.refreshToken ?? "" };
  const post = (path: string, json: unknown = {}) => as(tokens.access_token).post(path, json);
  const get = (path: string) => as(tokens.access_token).get(path);
  /** Passes time and renews the tokens. */
  async function later(ms: number): Promise<void> {
    client.advance(ms);
    const { client_key, client_secret } = app;
    const { refresh_token } = tokens;
    const form = { client_key, client_secret, grant_type: "refresh_token", refresh_token };
    tokens = (await client.ask({ url: `${base}oauth/token/`, form })).json;
  }
  const initVideo = (source: Record<string, unknown>, info: Record<string, unknown> = {}) =>
    post("post/publish/video/init/", {
      post_info: { title: "Fresh beans", privacy_level: "PUBLIC_TO_EVERYONE", ...info },
      source_info: source,
    });
  const wholeFile = (bytes: Uint8Array) => ({
    source: "FILE_UPLOAD",
    video_size: bytes.byteLength,
    chunk_size: bytes.byteLength,
    total_chunk_count: 1,
  });
  const put = (url: string, bytes: Uint8Array, from: number, total: number, headers: Record<string, string> = {}) =>
    client.ask({
      url,
      method: "PUT",
      bytes,
      headers: {
        "content-type": "video/mp4",
        "content-range": `bytes ${from}-${from + bytes.byteLength - 1}/${total}`,
        ...headers,
      },
    });
  const fetchStatus = (publish_id: string) => post("post/publish/status/fetch/", { publish_id });
  const status = async (publish_id: string) => (await fetchStatus(publish_id)).json.data;
  /** Public ids as they were sent: larger than a number keeps. */
  const publicIds = async (publish_id: string): Promise<readonly string[]> =>
    /"publicaly_available_post_id":\[([\d,]*)\]/
      .exec((await fetchStatus(publish_id)).text)?.[1]
      ?.split(",")
      .filter((id) => id !== "") ?? [];
  /** Sends a film whole; answers its publish_id. */
  async function publish(info: Record<string, unknown> = {}, bytes: Uint8Array = film): Promise<string> {
    const begun = await initVideo(wholeFile(bytes), info);
    assert.equal(begun.status, 200, begun.text);
    const { publish_id, upload_url } = begun.json.data;
    assert.equal((await put(upload_url, bytes, 0, bytes.byteLength)).status, 201);
    client.advance(5000);
    return publish_id;
  }
  /** Puts a draft into the inbox; answers its publish_id. */
  async function draft(): Promise<string> {
    const begun = await post("post/publish/inbox/video/init/", { source_info: wholeFile(film) });
    assert.equal(begun.status, 200, begun.text);
    await put(begun.json.data.upload_url, film, 0, film.byteLength);
    client.advance(5000);
    return begun.json.data.publish_id;
  }
  const photos = (urls: readonly string[], mode = "DIRECT_POST", info: Record<string, unknown> = {}) =>
    post("post/publish/content/init/", {
      media_type: "PHOTO",
      post_mode: mode,
      post_info: { title: "Beans", description: "Washed", privacy_level: "PUBLIC_TO_EVERYONE", ...info },
      source_info: { source: "PULL_FROM_URL", photo_images: urls, photo_cover_index: 0 },
    });
  return {
    ...client,
    client,
    account,
    person,
    as,
    later,
    post,
    get,
    initVideo,
    wholeFile,
    put,
    status,
    publicIds,
    publish,
    draft,
    photos,
  };
}
