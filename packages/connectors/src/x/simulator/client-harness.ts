import assert from "node:assert/strict";
import { type TestCall, testClient } from "@postd/connector-kit/simulator";
import { simulators } from "../simulator.ts";
import { app } from "./world.ts";

export const base = "https://api.x.com/2/";
export const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
});

/** A client with an account of its own, and what the API is asked. */
export function setUp({ kind = "plain", scopes }: { kind?: string; scopes?: readonly string[] } = {}) {
  const [definition] = simulators;
  assert.ok(definition);
  const client = testClient(definition, { startAt: "2026-11-26T12:00:00Z" });
  const account = client.simulator.createAccount({ kind, ...(scopes && { scopes }) });
  const as = (token: string) => {
    const call = (path: string, more: Omit<TestCall, "url">) => client.ask({ url: base + path, token, ...more });
    return {
      get: (path: string) => call(path, {}),
      post: (path: string, json: unknown = {}) => call(path, { json }),
      put: (path: string, json: unknown = {}) => call(path, { json, method: "PUT" }),
      remove: (path: string) => call(path, { method: "DELETE" }),
      multipart: (path: string, multipart: NonNullable<TestCall["multipart"]>) => call(path, { multipart }),
    };
  };
  let tokens = { access_token: account.accessToken, refresh_token: account.refreshToken ?? "" };
  const now = () => as(tokens.access_token);
  const own: ReturnType<typeof as> = {
    get: (path) => now().get(path),
    post: (path, json) => now().post(path, json),
    put: (path, json) => now().put(path, json),
    remove: (path) => now().remove(path),
    multipart: (path, parts) => now().multipart(path, parts),
  };
  /** Passes time and renews the tokens. */
  async function later(ms: number): Promise<void> {
    client.advance(ms);
    const form = { grant_type: "refresh_token", refresh_token: tokens.refresh_token };
    const headers = basic(app.client_id, app.client_secret);
    tokens = (await client.ask({ url: `${base}oauth2/token`, form, headers })).json;
  }
  const tweet = (text: string, more: Record<string, unknown> = {}) => own.post("tweets", { text, ...more });
  /** Posts, and answers the id. */
  async function posted(text: string, more: Record<string, unknown> = {}): Promise<string> {
    const { status, json, text: body } = await tweet(text, more);
    assert.equal(status, 201, body);
    return json.data.id;
  }
  const reply = (id: string) => ({ reply: { in_reply_to_tweet_id: id } });
  const begin = (bytes: Uint8Array, media_type: string, media_category: string) =>
    own.post("media/upload/initialize", { media_type, total_bytes: bytes.byteLength, media_category });
  const append = (id: string, bytes: Uint8Array, index = 0) =>
    own.multipart(`media/upload/${id}/append`, { media: new Blob([Buffer.from(bytes)]), segment_index: String(index) });
  const finalize = (id: string) => own.post(`media/upload/${id}/finalize`);
  const status = (id: string) => own.get(`media/upload?command=STATUS&media_id=${id}`);
  /** Sends a medium in pieces; answers its id. */
  async function upload(bytes: Uint8Array, type = "image/jpeg", category = "tweet_image"): Promise<string> {
    const { json } = await begin(bytes, type, category);
    const { id } = json.data;
    assert.equal((await append(id, bytes)).status, 200);
    assert.equal((await finalize(id)).status, 200);
    client.advance(category === "tweet_image" ? 0 : 60_000);
    return id;
  }
  /** Reads one post with everything it has. */
  const shown = async (id: string, fields: string) => (await own.get(`tweets/${id}?${fields}`)).json;
  return {
    ...client,
    client,
    account,
    me: account.id,
    username: String(account.extra?.username),
    as,
    own,
    later,
    alone: as(app.bearer_token),
    tweet,
    posted,
    reply,
    begin,
    append,
    finalize,
    status,
    upload,
    shown,
  };
}
