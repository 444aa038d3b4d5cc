import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { type MediaInfo, secret } from "@postd/connector-kit";
import { mp4Head, sampleJpeg, samplePng } from "@postd/connector-kit/media-samples";
import { asId, fail, type MediaView, ok } from "@postd/contracts";
import { type Caller, createMediaService, type FetchPublic, MediaGone, newId } from "@postd/core";
import pg from "pg";
import { openLocalBlobStore } from "../blob/local.ts";
import { createMediaRepo } from "./media-repo.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

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
const infoOf = ({ id, kind, mimeType, sizeBytes, sha256 }: MediaView): MediaInfo => ({
  id: asId("media", id),
  kind,
  mimeType,
  sizeBytes,
  sha256,
});
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

test("a photo keeps no place, at no address it can be read from, and its hash is that of what goes out", async () => {
  const note = Buffer.from("PLACE 59.9139N", "latin1");
  const photo = Buffer.from(sampleJpeg({ width: 320, height: 320, seed: 5 }));
  const taken = Buffer.concat([
    photo.subarray(0, 2),
    Buffer.from([0xff, 0xfe, 0, note.length + 2]),
    note,
    photo.subarray(2),
  ]);
  const view = await upload(taken);
  const body = await media.access.forTenant(ada.tenantId).open(asId("media", view.id));
  const out = Buffer.concat(await Array.fromAsync(body.open()));
  assert.equal(out.includes(note), false);
  assert.deepEqual([view.sizeBytes, view.sha256], [out.length, createHash("sha256").update(out).digest("hex")]);
  assert.equal(view.originalUrl, undefined);
  for (const file of await storedFiles()) {
    const stored = await readFile(path.join(folder, "files", file));
    assert.equal(stored.includes(note), false, file);
  }
  assert.equal((await upload(taken)).sha256, view.sha256, "the same photo again is the same file");
  assert.equal((await upload(out)).sha256, view.sha256, "what is clean stays as it is");
});

test("originals are kept for the tenant that asks, open to its members only, and go with the file", async () => {
  const png = Buffer.from(samplePng({ width: 12, height: 12 }));
  const noted = Buffer.concat([png, Buffer.from("PLACE", "latin1")]);
  assert.deepEqual(await media.settings(ada), ok({ keepOriginals: false }));
  assert.ok((await media.changeSettings(ada, { keepOriginals: true })).ok);
  assert.deepEqual(await media.settings(bob), ok({ keepOriginals: false }));
  const { id, originalUrl } = await upload(noted);
  assert.equal(originalUrl, undefined, "an answer that is kept for replays names no address");
  const found = await media.get(ada, asId("media", id));
  assert.ok(found.ok && found.value.originalUrl);
  const url = new URL(found.value.originalUrl);
  const opened = await media.openSigned({ path: url.pathname });
  assert.deepEqual(Buffer.concat(await Array.fromAsync(opened?.open() ?? [])), noted);
  assert.equal((await media.get(bob, asId("media", id))).ok, false);
  const out = await media.openSigned({ path: url.pathname.replace(".original", "") });
  assert.equal(out, undefined, "one address does not open the other file");
  const body = await media.access.forTenant(ada.tenantId).open(asId("media", id));
  assert.deepEqual(Buffer.concat(await Array.fromAsync(body.open())), png);
  const same = await upload(png);
  const plain = await media.get(ada, asId("media", same.id));
  assert.ok(plain.ok && plain.value.originalUrl === undefined, "a file that changed in nothing is its own original");
  const before = (await storedFiles()).length;
  assert.ok((await media.remove(ada, asId("media", id))).ok);
  assert.equal((await storedFiles()).length, before - 2);
  assert.equal(await media.openSigned({ path: url.pathname }), undefined);
  assert.ok((await media.changeSettings(ada, { keepOriginals: false })).ok);
});

test("files stored before facts were read stay readable, and say nothing of them", async () => {
  const { id } = await upload(samplePng({ width: 13, height: 13 }));
  await admin.query("update media_assets set video = null, original_key = null where id = $1", [id]);
  const old = await media.get(ada, asId("media", id));
  assert.ok(old.ok && old.value.video === undefined);
});

test("what is said behind the bytes counts, and a refusal there keeps nothing", async () => {
  const before = await storedFiles();
  const stream = () => once(samplePng({ width: 14, height: 14 }));
  const error = { code: "invalid_input", detail: "altText: holds characters that cannot be stored." } as const;
  assert.deepEqual(await media.upload(ada, { stream: stream(), more: async () => fail(error) }), fail(error));
  assert.deepEqual(await storedFiles(), before);
  const taken = await media.upload(ada, { stream: stream(), more: async () => ok({ altText: "Late words" }) });
  assert.ok(taken.ok && taken.value.altText === "Late words");
});

test("a refused upload names the file and the field and leaves neither file nor row", async () => {
  const before = await storedFiles();
  const refused = await media.upload(ada, { stream: once(Buffer.from("<html>")), fileName: "page.jpg" });
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, "unsupported_media");
  assert.equal(refused.error.field, "file");
  assert.match(refused.error.detail, /^page\.jpg: This is a web page/);
  assert.match(refused.error.next ?? "", /JPG, PNG, GIF, WEBP, AVIF, BMP, TIFF, HEIC, MP4/);
  const cut = sampleJpeg({ width: 320, height: 320 }).subarray(0, 60);
  const damaged = await media.upload(ada, { stream: once(cut), fileName: "C:\\cut.jpg" });
  assert.match(damaged.ok ? "" : damaged.error.detail, /^cut\.jpg: The picture is damaged/);
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
  assert.deepEqual(Buffer.concat(await Array.fromAsync(opened?.open() ?? [])), Buffer.from(bytes));
  const part = await Array.fromAsync(opened?.open({ from: 4, to: 9 }) ?? []);
  assert.deepEqual(Buffer.concat(part), Buffer.from(bytes.subarray(4, 9)));

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
  assert.equal(refused.error.detail, "The post post_needs needs this file and has not gone out yet.");
  await admin.query("update posts set status = 'approved' where id = 'post_needs'");
  assert.ok((await media.remove(ada, id)).ok);
});

test("a file that only an option of a planned post or of one of its versions names cannot be deleted either", async () => {
  const id = asId("media", (await upload(samplePng({ width: 11, height: 11 }))).id);
  for (const name of ["post_a", "post_b", "post_c", "post_d"])
    await admin.query(
      `insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
       values ($1, 'ten_ada', 'draft', $2, '[]', '{}', 'usr_ada', now(), now())`,
      [
        name,
        JSON.stringify({
          text: "",
          mediaIds: [],
          options: name === "post_a" ? {} : { linkCard: { thumbMediaId: id } },
        }),
      ],
    );
  await admin.query(
    "insert into post_versions (tenant_id, post_id, target, content) values ('ten_ada', 'post_a', 'bluesky', $1)",
    [JSON.stringify({ options: { linkCard: { thumbMediaId: id } } })],
  );
  const refused = await media.remove(ada, id);
  assert.equal(
    refused.ok ? "" : refused.error.detail,
    "4 posts need this file and have not gone out yet: post_d, post_c, post_b and 1 more.",
  );
});

test("a file that vanished anyway is told by its id, in words for people", async () => {
  const id = asId("media", (await upload(samplePng({ width: 15, height: 15 }))).id);
  await admin.query("update media_assets set deleted_at = now() where id = $1", [id]);
  for (const use of ["open", "publicUrl"] as const)
    await assert.rejects(media.access.forTenant(ada.tenantId)[use](id), (error) => {
      assert.ok(error instanceof MediaGone && error.mediaId === id);
      assert.match(error.message, /Upload it again/);
      return true;
    });
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

test("what a platform takes is made once of the same bytes, for its tenant alone, and goes with its source", async () => {
  const png = samplePng({ width: 900, height: 900, seed: 77 });
  const change = { types: ["image/jpeg"], sizes: [{ width: 300, height: 300 }], maxBytes: 1_000_000 };
  const view = await upload(png);
  const source = infoOf(view);
  const [one, two] = await Promise.all([media.fitted(ada, source, change), media.fitted(ada, source, change)]);
  assert.ok(one.ok && two.ok, JSON.stringify([one, two]));
  assert.deepEqual(one.value, two.value, "two at once make one file");
  const { id, mimeType, width, sha256, altText } = one.value;
  assert.deepEqual([mimeType, width, altText], ["image/jpeg", 300, undefined], "a file has the words of its post");
  const body = await media.access.forTenant(ada.tenantId).open(id);
  const bytes = Buffer.concat(await Array.fromAsync(body.open()));
  assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
  const seen = await media.get(ada, id);
  assert.ok(seen.ok && seen.value.madeFrom === view.id);
  assert.equal((await media.get(bob, id)).ok, false);
  const other = await media.fitted(bob, source, change);
  assert.equal(!other.ok && other.error.code, "not_found", "nobody fits another tenant's file");
  const finer = await media.fitted(ada, source, { ...change, maxBytes: 2_000_000 });
  assert.ok(finer.ok && finer.value.id !== id, "another change is another file");

  const twin = await upload(png);
  assert.ok((await media.remove(ada, asId("media", view.id))).ok);
  const inherited = await media.get(ada, id);
  assert.ok(inherited.ok && inherited.value.madeFrom === twin.id, "the twin has the same bytes");
  const before = await storedFiles();
  assert.ok((await media.remove(ada, asId("media", twin.id))).ok);
  assert.equal((await media.get(ada, id)).ok, false);
  assert.equal(before.length - (await storedFiles()).length, 3, "the files are gone, not the rows alone");
});

test("a picture that cannot be made as it is asked is refused in words, and leaves nothing", async () => {
  const view = await upload(samplePng({ width: 64, height: 64, grain: 8 }));
  const source = infoOf(view);
  const before = await storedFiles();
  const refused = await media.fitted(ada, source, {
    types: ["image/jpeg"],
    sizes: [{ width: 64, height: 64 }],
    maxBytes: 200,
  });
  assert.ok(!refused.ok && refused.error.code === "unsupported_media");
  assert.match(refused.error.detail, /64 x 64 pixels it is larger than 200 bytes/);
  assert.deepEqual(await storedFiles(), before);
});
