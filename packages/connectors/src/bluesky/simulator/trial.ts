import { type Answered, valueAt as inside, testClient } from "@postd/connector-kit/simulator";
import { simulators } from "../simulator.ts";

export interface TrialCall {
  /** A method and query ("app.bsky.actor.getProfile?actor=...", asked of bsky.social) or a whole URL. */
  readonly to: string;
  readonly token?: string | undefined;
  /** JSON input; makes it a POST. */
  readonly body?: unknown;
  /** Raw bytes; makes it a POST. */
  readonly bytes?: Uint8Array;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One simulated Bluesky on a clock that stands still unless moved; for tests of the simulator. */
export function createTrial() {
  const [definition] = simulators;
  if (definition === undefined) throw new Error("no simulator defined");
  const { mount, advance, ...client } = testClient(definition, { startAt: "2026-11-21T09:00:00Z" });
  const asked = ({ to, body, ...rest }: TrialCall) => ({
    ...rest,
    url: to.startsWith("https:") ? to : `https://bsky.social/xrpc/${to}`,
    ...(body === undefined ? {} : { json: body }),
  });
  const ask = (call: TrialCall): Promise<Answered> => client.ask(asked(call));

  /** Signs in and answers what the account can do from then on. */
  async function signIn(identifier = "northfold.bsky.social", password = "fold-demo-post-aaaa") {
    const session = await ask({ to: "com.atproto.server.createSession", body: { identifier, password } });
    const did = textAt(session.json, "did");
    const token = textAt(session.json, "accessJwt");
    return {
      did,
      token,
      refreshJwt: textAt(session.json, "refreshJwt"),
      create: (record: Readonly<Record<string, unknown>>, rkey?: string) =>
        ask({ to: "com.atproto.repo.createRecord", token, body: postInput(did, record, rkey) }),
      put: (record: Readonly<Record<string, unknown>>, rkey: string) =>
        ask({ to: "com.atproto.repo.putRecord", token, body: postInput(did, record, rkey) }),
      upload: (bytes: Uint8Array, type: string) =>
        ask({ to: "com.atproto.repo.uploadBlob", token, bytes, headers: { "content-type": type } }),
    };
  }

  return { mount, send: (call: TrialCall) => client.send(asked(call)), ask, signIn, advance };
}

/** Input that writes a post; `record` overrides a plain "Hello". */
export const postInput = (repo: string, record: Readonly<Record<string, unknown>>, rkey?: string) => ({
  repo,
  collection: "app.bsky.feed.post",
  ...(rkey === undefined ? {} : { rkey }),
  record: { $type: "app.bsky.feed.post", text: "Hello", createdAt: "2026-11-21T09:00:00Z", ...record },
});

/** A value inside JSON by its path; undefined when any part is missing. */
export const valueAt = (json: unknown, ...path: readonly (string | number)[]): unknown => inside(json, path);

export function textAt(json: unknown, ...path: readonly (string | number)[]): string {
  const value = valueAt(json, ...path);
  if (typeof value !== "string") throw new Error(`no text at ${path.join(".")} in ${JSON.stringify(json)}`);
  return value;
}
