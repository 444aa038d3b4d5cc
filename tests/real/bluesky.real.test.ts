import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { type ApiSession, signUp } from "@postd/testkit/api";
import {
  createTestDatabase,
  type TestDatabase,
} from "../../apps/server/src/adapters/postgres/testing/test-database.ts";
import { installRealServers } from "./install.ts";
import { pdsHost, type RealAccount, type RealPds, startPds } from "./pds.ts";
import { freePort, type PostdProcess, type PostdSettings, startPostd } from "./postd-process.ts";
import { startWithholdingProxy, type WithholdingProxy } from "./withholding-proxy.ts";

const endStates = ["published", "failed", "held", "unknown", "canceled", "discarded"];
/** A lease of a killed server has to end before another may look after its job. */
const recoveryMs = 240_000;

let folder: string;
let pds: RealPds;
let proxy: WithholdingProxy;
let database: TestDatabase;
let settings: PostdSettings;
let postd: PostdProcess;
let session: ApiSession;
let account: RealAccount;
let connectionId: string;
const undo: (() => Promise<unknown> | unknown)[] = [];
let isFailing = false;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "postd-real-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  await installRealServers();
  pds = await startPds();
  undo.push(pds.stop);
  proxy = await startWithholdingProxy(pds.url);
  undo.push(proxy.close);
  database = await createTestDatabase();
  undo.push(database.drop);
  settings = {
    databaseUrl: database.url,
    dataDir: path.join(folder, "data"),
    logFile: path.join(folder, "postd.log"),
    port: await freePort(),
    hostMap: { [pdsHost]: proxy.url, "plc.directory": pds.plcUrl, "public.api.bsky.app": proxy.url },
  };
  postd = await startPostd(settings);
  undo.push(() => postd.stop());
  account = await pds.createAccount("ida");
  session = await signUp(postd.url);
});

after(async () => {
  if (isFailing) console.error(readFileSync(settings.logFile, "utf8").slice(-8000));
  for (const step of undo.reverse()) await step();
});

/** Says what the server logged where a test fails. */
const realTest = (title: string, run: () => Promise<void>) =>
  test(title, async () => {
    try {
      await run();
    } catch (error) {
      isFailing = true;
      throw error;
    }
  });

const publish = (content: string, more: Record<string, unknown> = {}) =>
  session.call("POST", "/api/publish", { connectionId, payload: { content, ...more } });

const validate = (content: string) =>
  session.must("POST", "/api/posts/validate", { content, targets: [{ connectionId }] });

/** Follows a job until nothing more happens by itself. */
async function settled(jobId: string, withinMs = 60_000) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const job = await session.must("GET", `/api/publish/${jobId}`);
    const asksPerson = job.state === "unknown" && !job.probe?.needsPerson;
    if ((endStates.includes(job.state) && !asksPerson) || performance.now() > deadline) return job;
    await sleep(250);
  }
}

const withText = async (text: string) => (await pds.posts(account)).filter(({ value }) => value.text === text);
const calls = (nsid: string) => proxy.calls().filter((call) => call.path === `/xrpc/${nsid}`);

realTest("an app password connects the account as the server knows it", async () => {
  const wrong = await session.call("POST", "/api/connections", {
    platform: "bluesky",
    keys: { service: pdsHost, identifier: account.handle, appPassword: "aaaa-bbbb-cccc-dddd" },
  });
  assert.ok(wrong.status >= 400 && wrong.status < 500, `${wrong.status} ${JSON.stringify(wrong.body)}`);
  assert.doesNotMatch(JSON.stringify(wrong.body), /aaaa-bbbb-cccc-dddd/);

  const { connections } = await session.must("POST", "/api/connections", {
    platform: "bluesky",
    keys: { service: pdsHost, identifier: account.handle, appPassword: account.appPassword },
  });
  const [connection] = connections;
  assert.equal(connections.length, 1);
  assert.equal(connection.externalId, account.did);
  assert.equal(connection.handle, account.handle);
  assert.equal(connection.simulated, false);
  connectionId = connection.id;
});

realTest("text, link and picture are live once, exactly as written, and named as the server names them", async () => {
  const picture = sampleJpeg({ width: 640, height: 480, seed: 7 });
  const alt = "A grey rectangle — ünïcode";
  const media = await session.upload(picture, "grey.jpg", alt);
  const content = "Grüße 👋 from a real server: https://example.com/beans?a=1&b=2 #coffee";
  const answer = await publish(content, { mediaIds: [media.id] });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  const job = await settled(answer.body.id);
  assert.equal(job.state, "published", JSON.stringify(job));

  const records = await pds.posts(account);
  assert.equal(records.length, 1);
  const [record] = records;
  assert.equal(record?.value.text, content);
  assert.equal(job.externalPostId, record?.uri);
  assert.match(job.permalink, new RegExp(`^https://bsky\\.app/profile/${account.did}/post/`));
  const links = record?.value.facets?.flatMap(({ features }) => features.flatMap(({ uri }) => uri ?? []));
  assert.deepEqual(links, ["https://example.com/beans?a=1&b=2"]);
  const [image, ...others] = record?.value.embed?.images ?? [];
  assert.equal(others.length, 0);
  assert.equal(image?.alt, alt);
  const bytes = await pds.blob(account, image?.image.ref.$link ?? "");
  const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
  assert.equal(sha256(bytes), sha256(picture));
});

realTest("300 characters go out; 301 are refused by the check and by publishing, before anything is sent", async () => {
  // One family is seven code points and one character.
  const family = "👩‍👩‍👧‍👦";
  const fits = `${family}${"é".repeat(299)}`;
  const over = `${fits}x`;
  const before = proxy.calls().length;

  assert.equal((await validate(fits)).ok, true);
  const checked = await validate(over);
  assert.equal(checked.ok, false);
  assert.deepEqual(
    checked.targets[0].problems.map(({ field, code }: { field: string; code: string }) => [field, code]),
    [["text", "text_too_long"]],
  );
  const refused = await publish(over);
  assert.equal(refused.status, 422, JSON.stringify(refused.body));
  assert.equal(refused.body.code, "post_has_problems");
  assert.equal(proxy.calls().length, before, "a refused text led to a call");

  const accepted = await publish(fits);
  assert.equal(accepted.status, 202, JSON.stringify(accepted.body));
  assert.equal((await settled(accepted.body.id)).state, "published");
  assert.equal((await withText(fits)).length, 1);
  assert.equal((await withText(over)).length, 0);
});

realTest(
  "the answer is lost and the server killed: after the restart there is one post, and the job knows it",
  async () => {
    const content = `Written once ${randomUUID()} https://example.com/once`;
    const idempotencyKey = randomUUID();
    const withheld = proxy.withholdNext(["com.atproto.repo.putRecord", "com.atproto.repo.createRecord"]);
    const accepted = await publish(content, { idempotencyKey });
    assert.equal(accepted.status, 202, JSON.stringify(accepted.body));
    const call = await withheld.reached;
    assert.equal(call.status, 200, "the real server has taken the post");
    await postd.kill();
    const [only, ...twins] = await withText(content);
    assert.ok(only);
    assert.equal(twins.length, 0);

    postd = await startPostd(settings);
    const again = await publish(content, { idempotencyKey });
    assert.equal(again.body.id, accepted.body.id, "the same key names the same job");
    const job = await settled(accepted.body.id, recoveryMs);
    assert.equal(job.state, "published", JSON.stringify(job));
    assert.equal(job.externalPostId, only.uri);
    const live = await withText(content);
    assert.deepEqual(
      live.map(({ uri }) => uri),
      [only.uri],
    );
    assert.equal(calls("com.atproto.repo.createRecord").length, 0, "records are only written under a key of ours");
  },
);

realTest("what goes out after a crash goes out as before", async () => {
  const content = `After the crash ${randomUUID()}`;
  const accepted = await publish(content);
  const job = await settled(accepted.body.id);
  assert.equal(job.state, "published", JSON.stringify(job));
  assert.equal((await withText(content)).length, 1);
});
