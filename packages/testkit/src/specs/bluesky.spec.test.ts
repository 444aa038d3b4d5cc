import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mountInProcess } from "@postd/connector-kit/simulator";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { type Exchange, lexiconProblems, loadLexicons } from "./atproto-lexicon.ts";

const specsDir = process.env.POSTD_SPECS_DIR;
const skip =
  specsDir === undefined || specsDir === "" ? "POSTD_SPECS_DIR names no folder with official API descriptions" : false;

const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]);
const createdAt = "2026-11-21T09:00:00.000Z";
const rkey = "3mabcdefghi22";

interface Sent {
  readonly nsid: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly input?: unknown;
  readonly bytes?: Uint8Array;
  readonly token?: string;
  readonly post?: boolean;
  readonly host?: string;
}

/** A simulated Bluesky that writes down every exchange. */
function createRecorder() {
  const definition = simulatorDefinitions.find(({ id }) => id === "bluesky");
  assert.ok(definition);
  const mount = mountInProcess(definition, { clock: { now: () => new Date(createdAt) } });
  const exchanges: Exchange[] = [];

  async function call({
    nsid,
    query = {},
    input,
    bytes,
    token,
    post = false,
    host = "bsky.social",
  }: Sent): Promise<Record<string, unknown>> {
    const params = new URLSearchParams(query);
    const answer = await mount.handle({
      method: post || input !== undefined || bytes !== undefined ? "POST" : "GET",
      host,
      path: `/xrpc/${nsid}`,
      query: params,
      headers: {
        ...(input === undefined ? {} : { "content-type": "application/json" }),
        ...(bytes === undefined ? {} : { "content-type": "image/png" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      rawBody: bytes ?? new TextEncoder().encode(input === undefined ? "" : JSON.stringify(input)),
    });
    assert.ok(typeof answer === "object");
    // Through text, because that is what a client sees: undefined values are gone.
    const output = answer.json === undefined ? undefined : JSON.parse(JSON.stringify(answer.json));
    exchanges.push({ nsid, query: params, input, output, refused: answer.status >= 400 });
    return output ?? {};
  }
  return { call, exchanges };
}

describe("the Bluesky simulator against the official lexicons", { skip }, () => {
  it("answers every call in the official shape, and takes what the official schemas take", async () => {
    const { call, exchanges } = createRecorder();
    const session = await call({
      nsid: "com.atproto.server.createSession",
      input: { identifier: "northfold.bsky.social", password: "fold-demo-post-aaaa" },
    });
    const token = String(session.accessJwt);
    const repo = String(session.did);
    const collection = "app.bsky.feed.post";
    const record = (fields: Record<string, unknown>) => ({
      $type: collection,
      text: "Café #tea",
      createdAt,
      ...fields,
    });
    const { blob } = await call({ nsid: "com.atproto.repo.uploadBlob", bytes: png, token });
    const facets = [
      { index: { byteStart: 6, byteEnd: 10 }, features: [{ $type: "app.bsky.richtext.facet#tag", tag: "tea" }] },
      {
        index: { byteStart: 0, byteEnd: 5 },
        features: [{ $type: "app.bsky.richtext.facet#link", uri: "https://example.com/a" }],
      },
    ];
    const images = {
      $type: "app.bsky.embed.images",
      images: [{ image: blob, alt: "A cup", aspectRatio: { width: 4, height: 3 } }],
    };
    const root = await call({
      nsid: "com.atproto.repo.createRecord",
      token,
      input: { repo, collection, rkey, record: record({ facets, langs: ["en"], tags: ["tea"], embed: images }) },
    });
    const ref = { uri: root.uri, cid: root.cid };
    await call({
      nsid: "com.atproto.repo.putRecord",
      token,
      input: { repo, collection, rkey: "3mabcdefghi23", record: record({ reply: { root: ref, parent: ref } }) },
    });
    await call({
      nsid: "com.atproto.repo.createRecord",
      token,
      input: { repo, collection, record: record({ embed: { $type: "app.bsky.embed.record", record: ref } }) },
    });
    const card = {
      $type: "app.bsky.embed.external",
      external: { uri: "https://example.com/", title: "T", description: "D", thumb: blob },
    };
    await call({
      nsid: "com.atproto.repo.createRecord",
      token,
      input: { repo, collection, record: record({ embed: card }) },
    });
    const gate = {
      $type: "app.bsky.feed.threadgate",
      post: root.uri,
      createdAt,
      allow: [{ $type: "app.bsky.feed.threadgate#mentionRule" }],
    };
    await call({
      nsid: "com.atproto.repo.putRecord",
      token,
      input: { repo, collection: "app.bsky.feed.threadgate", rkey, record: gate },
    });
    await call({ nsid: "com.atproto.repo.getRecord", query: { repo, collection, rkey } });
    await call({ nsid: "com.atproto.repo.getRecord", query: { repo, collection, rkey: "3mabcdefghi77" } });
    await call({ nsid: "com.atproto.repo.listRecords", query: { repo, collection, limit: "3", reverse: "true" } });
    await call({ nsid: "app.bsky.feed.getPosts", query: { uris: String(root.uri) }, host: "public.api.bsky.app" });
    await call({ nsid: "app.bsky.feed.getAuthorFeed", query: { actor: repo }, host: "public.api.bsky.app" });
    await call({ nsid: "app.bsky.actor.getProfile", query: { actor: repo }, host: "public.api.bsky.app" });
    const like = { $type: "app.bsky.feed.like", subject: ref, createdAt };
    await call({ nsid: "com.atproto.repo.createRecord", token, input: { repo, collection: like.$type, record: like } });
    await call({ nsid: "app.bsky.feed.getPostThread", query: { uri: String(root.uri) }, host: "public.api.bsky.app" });
    await call({ nsid: "app.bsky.feed.getAuthorFeed", query: { actor: repo }, host: "public.api.bsky.app" });
    await call({ nsid: "app.bsky.actor.getProfiles", query: { actors: repo }, host: "public.api.bsky.app" });
    await call({ nsid: "com.atproto.identity.resolveHandle", query: { handle: "northfold.bsky.social" } });
    await call({ nsid: "com.atproto.server.getSession", token });
    await call({ nsid: "com.atproto.server.describeServer" });
    const write = { $type: "com.atproto.repo.applyWrites#create", collection, value: record({}) };
    await call({ nsid: "com.atproto.repo.applyWrites", token, input: { repo, writes: [write] } });
    await call({ nsid: "com.atproto.repo.deleteRecord", token, input: { repo, collection, rkey } });
    await call({
      nsid: "com.atproto.server.getServiceAuth",
      token,
      query: { aud: "did:web:morel.us-east.host.bsky.network", lxm: "com.atproto.repo.uploadBlob" },
    });
    await call({ nsid: "com.atproto.server.refreshSession", token: String(session.refreshJwt), post: true });
    await call({ nsid: "com.atproto.server.deleteSession", token: String(session.refreshJwt), post: true });

    const lexicons = loadLexicons(specsDir ?? "");
    assert.deepEqual(
      exchanges.flatMap((exchange) => lexiconProblems(lexicons, exchange)),
      [],
    );
    // Only the read of a key nobody used was meant to be refused; a refusal elsewhere would hide a shape unseen.
    assert.deepEqual(
      exchanges.filter(({ refused }) => refused).map(({ nsid }) => nsid),
      ["com.atproto.repo.getRecord"],
    );
    assert.ok(exchanges.length > 20);
  });

  it("would notice a wrong answer, a wrong request and a wrong record", () => {
    const lexicons = loadLexicons(specsDir ?? "");
    const query = new URLSearchParams({
      repo: "northfold.bsky.social",
      collection: "app.bsky.feed.post",
      limit: "101",
    });
    const wrong: readonly Exchange[] = [
      {
        nsid: "com.atproto.repo.createRecord",
        query: new URLSearchParams(),
        input: { repo: "northfold.bsky.social", collection: "app.bsky.feed.post", record: {} },
        output: { uri: "https://x", cid: "y" },
      },
      { nsid: "com.atproto.repo.listRecords", query, output: { records: [] } },
      {
        nsid: "com.atproto.repo.createRecord",
        query: new URLSearchParams(),
        input: {
          repo: "northfold.bsky.social",
          collection: "app.bsky.feed.post",
          record: { $type: "app.bsky.feed.post", text: "x".repeat(301), createdAt },
        },
        output: { error: "InvalidRequest", message: "too big" },
        refused: true,
      },
      {
        nsid: "com.atproto.repo.createRecord",
        query: new URLSearchParams(),
        input: { repo: "northfold.bsky.social", collection: "app.bsky.feed.post", record: {} },
        output: "no",
        refused: true,
      },
    ];
    const found = wrong.map((exchange) => lexiconProblems(lexicons, exchange));
    assert.match(found[0]?.join() ?? "", /output/);
    assert.match(found[1]?.join() ?? "", /params.*limit/);
    assert.match(found[2]?.join() ?? "", /record.*300 graphemes/);
    assert.match(found[3]?.join() ?? "", /refusal/);
  });
});
