import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { secret } from "@postd/connector-kit";
import { asId, fail, ok } from "@postd/contracts";
import { type Caller, createMediaService, type FetchPublic, newId } from "@postd/core";
import { createTestDatabase, type TestDatabase } from "@postd/testkit/database";
import { mp4Head, sampleJpeg, samplePng } from "@postd/testkit/media-samples";
import pg from "pg";
import { openLocalBlobStore } from "../blob/local.ts";
import { createMediaRepo } from "./media-repo.ts";
import { openRolePool, type RolePool } from "./pools.ts";

const [ada, bob]: [Caller, Caller] = [caller("ten_ada"), caller("ten_bob")];
const time = { ms: Date.parse("2026-05-01T12:00:00Z") };
let database: TestDatabase;
let admin: pg.Client;
let app: RolePool;
let folder: string;
let media: ReturnType<typeof createMediaService>;
let answer: Awaited<ReturnType<FetchPublic>>;

function caller(tenant: string): Caller {
  const actorId = asId("user", "usr_ada");
  return { tenantId: asId("tenant", tenant), actorId, role: "owner", sessionHash: "" };
}

before(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  for (const { tenantId } of [ada, bob])
    await admin.query("insert into tenants (id, name, slug, created_at) values ($1, $1, $1, now())", [tenantId]);
  app = openRolePool({ url: database.url, role: "postd_app", max: 2 });
  folder = await mkdtemp(path.join(tmpdir(), "postd-media-"));
  media = createMediaService({
    repo: createMediaRepo(app.db),
    blobs: await openLocalBlobStore({ folder }),
    fetchPublic: async () => answer,
    clock: { now: () => new Date(time.ms) },
    newId,
    instanceSecret: secret("planted-instance-secret"),
    publicUrl: () => "https://postd.example",
    maxBytes: 300 * 1_024 ** 2,
  });
});
after(async () => {
  await Promise.all([app.close(), admin.end()]);
  await database.drop();
  await rm(folder, { recursive: true });
});

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
async function upload(bytes: Uint8Array, by = ada) {
  const made = await media.upload(by, { stream: once(bytes), fileName: "C:\\fake\\be\u0000ans.png", altText: "Beans" });
  assert.ok(made.ok);
  return made.value;
}
const storedFiles = async () =>
  (await readdir(path.join(folder, "files"), { recursive: true })).filter((name) => name.includes("."));

test("an upload is described by its bytes and reads back for its tenant only", async () => {
  const view = await upload(samplePng({ width: 64, height: 48 }));
  const { id, sha256, sizeBytes, ...rest } = view;
  assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.ok(sizeBytes > 0);
  assert.deepEqual(rest, {
    kind: "image",
    mimeType: "image/png",
    width: 64,
    height: 48,
    altText: "Beans",
    fileName: "beans.png",
    createdAt: "2026-05-01T12:00:00.000Z",
  });
  const mediaId = asId("media", id);
  assert.deepEqual(await media.get(ada, mediaId), { ok: true, value: view });
  const foreign = [await media.get(bob, mediaId), await media.remove(bob, mediaId)];
  for (const refused of foreign) assert.equal(!refused.ok && refused.error.code, "not_found");
  await assert.rejects(media.access.forTenant(bob.tenantId).open(mediaId), /gone/);
  await assert.rejects(media.access.forTenant(bob.tenantId).publicUrl(mediaId), /gone/);
});

test("a refused upload names the field and leaves neither file nor row", async () => {
  const before = await storedFiles();
  const refused = await media.upload(ada, { stream: once(Buffer.from("<html>")) });
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, "unsupported_media");
  assert.equal(refused.error.field, "file");
  assert.match(refused.error.next ?? "", /JPG/);
  assert.deepEqual(await storedFiles(), before);
});

test("an upload whose row cannot be written leaves no file", async () => {
  const before = await storedFiles();
  const stranger = caller("ten_nobody");
  await assert.rejects(media.upload(stranger, { stream: once(samplePng({ width: 8, height: 8 })) }));
  assert.deepEqual(await storedFiles(), before);
});

test("a connector opens the stored bytes and gets an address that works without a session until it ends", async () => {
  const bytes = sampleJpeg({ width: 320, height: 320 });
  const id = asId("media", (await upload(bytes)).id);
  const access = media.access.forTenant(ada.tenantId);
  const body = await access.open(id);
  assert.deepEqual([body.sizeBytes, body.contentType], [bytes.length, "image/jpeg"]);
  assert.deepEqual(Buffer.concat(await Array.fromAsync(body.open())), Buffer.from(bytes));
  const tail = await access.open(id, { from: bytes.length - 5, to: bytes.length + 100 });
  assert.deepEqual([tail.sizeBytes, tail.contentType], [5, "image/jpeg"]);
  assert.deepEqual(Buffer.concat(await Array.fromAsync(tail.open())), Buffer.from(bytes.subarray(-5)));

  const url = new URL(await access.publicUrl(id));
  assert.equal(url.origin, "https://postd.example");
  const opened = await media.openSigned({ path: url.pathname });
  assert.deepEqual([opened?.sizeBytes, opened?.mimeType], [bytes.length, "image/jpeg"]);
  assert.deepEqual(Buffer.concat(await Array.fromAsync(opened?.stream ?? [])), Buffer.from(bytes));

  assert.equal(await media.openSigned({ path: url.pathname.replace(".jpg", ".png") }), undefined);
  time.ms += 7 * 3_600_000;
  assert.equal(await media.openSigned({ path: url.pathname }), undefined);
});

test("a deleted file is gone everywhere, its signed address included", async () => {
  const id = asId("media", (await upload(samplePng({ width: 9, height: 9 }))).id);
  const url = new URL(await media.access.forTenant(ada.tenantId).publicUrl(id));
  assert.ok((await media.remove(ada, id)).ok);
  const again = [await media.get(ada, id), await media.remove(ada, id)];
  for (const refused of again) assert.equal(!refused.ok && refused.error.code, "not_found");
  assert.equal(await media.openSigned({ path: url.pathname }), undefined);
});

test("a file that a planned post needs cannot be deleted until the post has gone out", async () => {
  const id = asId("media", (await upload(samplePng({ width: 10, height: 10 }))).id);
  await admin.query(
    `insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
     values ('post_needs', 'ten_ada', 'draft', $1, '[]', '{}', 'usr_ada', now(), now())`,
    [JSON.stringify({ text: "", mediaIds: [id], options: {} })],
  );
  const refused = await media.remove(ada, id);
  assert.ok(!refused.ok && refused.error.code === "state_conflict");
  assert.match(refused.error.detail, /^A post needs/);
  await admin.query("update posts set status = 'approved' where id = 'post_needs'");
  assert.ok((await media.remove(ada, id)).ok);
});

test("a file is fetched from a public address, and refusals say what to do about the address", async () => {
  answer = ok({ body: once(samplePng({ width: 20, height: 10 })) });
  const fetched = await media.fetchFromUrl(ada, { url: "https://files.example/a%20b.png?x=1", altText: "A bean" });
  assert.ok(fetched.ok);
  assert.deepEqual([fetched.value.fileName, fetched.value.width, fetched.value.altText], ["a b.png", 20, "A bean"]);
  const refusals = [
    ["refused", "invalid_input"],
    ["not_found", "invalid_input"],
    ["too_large", "payload_too_large"],
    ["unavailable", "platform_unavailable"],
  ] as const;
  for (const [code, expected] of refusals) {
    answer = fail({ code, message: "Not public." });
    const refused = await media.fetchFromUrl(ada, { url: "https://files.example/a.png" });
    assert.ok(!refused.ok);
    assert.deepEqual([refused.error.code, refused.error.field], [expected, "url"]);
  }
});

test("uploading and reading 200 MB costs a fraction of it in memory", async (t) => {
  const payloadBytes = 200 * 1_024 ** 2;
  const piece = new Uint8Array(256 * 1_024).fill(7);
  const startBytes = process.memoryUsage.rss();
  let peakBytes = startBytes;
  const sample = () => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  };
  async function* video(): AsyncIterable<Uint8Array> {
    yield mp4Head({ width: 1_280, height: 720, durationMs: 60_000, payloadBytes });
    for (let sent = 0; sent < payloadBytes; sent += piece.length) {
      sample();
      yield piece.slice();
    }
  }
  const made = await media.upload(ada, { stream: video() });
  assert.ok(made.ok);
  assert.equal(made.value.durationMs, 60_000);
  const body = await media.access.forTenant(ada.tenantId).open(asId("media", made.value.id));
  let readBytes = 0;
  for await (const chunk of body.open()) {
    readBytes += chunk.length;
    sample();
  }
  assert.equal(readBytes, made.value.sizeBytes);
  const share = (peakBytes - startBytes) / made.value.sizeBytes;
  t.diagnostic(
    `memory grew by ${Math.round((peakBytes - startBytes) / 1_024 ** 2)} MB, ${Math.round(share * 100)} % of the file`,
  );
  assert.ok(share < 0.6, `memory grew by ${share} of the file`);
});
