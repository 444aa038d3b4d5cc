import assert from "node:assert/strict";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { type Answered, testClient } from "@postd/connector-kit/simulator";
import { simulators } from "../simulator.ts";

export const base = "https://graph.threads.net/v1.0/";
export const jpeg = (seed = 1, width = 1080, height = 1080) => sampleJpeg({ width, height, seed });
export const film = (durationMs = 4_000) => sampleMp4({ width: 720, height: 1280, durationMs });

/** The error of an answer as code/subcode. */
export const errorOf = ({ status, text, json }: Answered): string =>
  json?.error ? `${json.error.code}/${json.error.error_subcode ?? "-"}` : `${status} ${text}`;

type Fields = Readonly<Record<string, string>>;

/** A client with an account of its own and the calls of the API in short. */
export function setUp(input: { kind?: string; scopes?: readonly string[] } = {}) {
  const [definition] = simulators;
  assert.ok(definition);
  const client = testClient(definition, { startAt: "2026-11-26T12:00:00Z" });
  const account = client.simulator.createAccount(input);
  const token = account.accessToken;
  const get = (path: string, more: Fields = {}) =>
    client.ask({ url: `${base}${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(more)}`, token });
  const post = (path: string, form: Fields = {}) => client.ask({ url: base + path, token, form });
  const remove = (path: string) => client.ask({ method: "DELETE", url: base + path, token });
  const create = (form: Fields) => post("me/threads", { media_type: "TEXT", ...form });
  const publishId = (creation_id: string) => post("me/threads_publish", { creation_id });
  /** Makes a container and answers its id. */
  async function container(form: Fields): Promise<string> {
    const made = await create(form);
    assert.equal(made.status, 200, made.text);
    return made.json.id;
  }
  /** Publishes a container once it is found; answers the post's id. */
  async function publish(form: Fields): Promise<string> {
    const id = await container(form);
    client.advance(60_000);
    const live = await publishId(id);
    assert.equal(live.status, 200, live.text);
    return live.json.id;
  }
  const image = (seed = 1, bytes = jpeg(seed)) => client.host(`${seed}.jpg`, bytes, "image/jpeg");
  const video = (bytes = film()) => client.host("film.mp4", bytes, "video/mp4");
  const last = () => client.simulator.posts().at(-1);
  return {
    ...client,
    client,
    account,
    token,
    get,
    post,
    remove,
    create,
    container,
    publish,
    publishId,
    image,
    video,
    last,
  };
}
