import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { secret } from "@postd/connector-kit";
import { samplePng } from "@postd/connector-kit/media-samples";
import { asId } from "@postd/contracts";
import { type Caller, createMediaService, newId } from "@postd/core";
import pg from "pg";
import { openLocalBlobStore } from "../blob/local.ts";
import { createMediaRepo } from "./media-repo.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const picture = samplePng({ width: 100, height: 100 });
let database: TestDatabase;
let admin: pg.Client;
let app: RolePool;
let folder: string;

before(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  app = openRolePool({ url: database.url, role: "postd_app", max: 10 });
  folder = await mkdtemp(path.join(tmpdir(), "postd-quota-"));
});
after(async () => {
  await Promise.all([app.close(), admin.end()]);
  await database.drop();
  await rm(folder, { recursive: true });
});

async function tenant(quotaBytes: number) {
  const tenantId = newId("tenant");
  await admin.query("insert into tenants (id, name, slug, created_at) values ($1, $1, $1, now())", [tenantId]);
  const caller: Caller = { tenantId, actorId: asId("user", "usr_ada"), role: "owner", sessionHash: "" };
  const media = createMediaService({
    repo: createMediaRepo(app.db),
    blobs: await openLocalBlobStore({ folder }),
    fetchPublic: async (_url, { signal }) => ({ ok: true, value: { body: hangs(signal) } }),
    clock: { now: () => new Date() },
    newId,
    instanceSecret: secret("planted-instance-secret"),
    publicUrl: () => "https://postd.example",
    quotaBytes,
  });
  const upload = (bytes: Uint8Array = picture) => media.upload(caller, { stream: once(bytes) });
  return { tenantId, caller, media, upload };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

async function* hangs(signal?: AbortSignal): AsyncIterable<Uint8Array> {
  signal?.throwIfAborted();
  await new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("ended"))));
  yield picture;
}

test("uploads at once cannot pass the quota together, and the refusal names the way out", async () => {
  const { upload, tenantId } = await tenant(picture.byteLength * 3 + 10);
  const made = await Promise.all(Array.from({ length: 8 }, () => upload()));
  assert.equal(made.filter(({ ok }) => ok).length, 3);
  const refused = made.find((one) => !one.ok);
  assert.ok(refused && !refused.ok);
  assert.equal(refused.error.code, "payload_too_large");
  assert.match(refused.error.next ?? "", /Delete files .* POSTD_MEDIA_QUOTA/);
  const { rows } = await admin.query("select count(*)::int as n from media_assets where tenant_id = $1", [tenantId]);
  assert.equal(rows[0].n, 3);
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".png"));
  assert.equal(files.length, 3, "a refused file is not kept");
});

test("a deleted file makes room, and another tenant's files take none", async () => {
  const one = await tenant(picture.byteLength + 10);
  const made = await one.upload();
  assert.ok(made.ok && !(await one.upload()).ok);
  assert.ok((await (await tenant(picture.byteLength + 10)).upload()).ok);
  assert.ok((await one.media.remove(one.caller, asId("media", made.value.id))).ok);
  assert.ok((await one.upload()).ok);
});

test("a picture that says it is 2^31 wide is refused as damaged", async () => {
  const { upload } = await tenant(1_000_000);
  for (const width of [2 ** 31, 2 ** 32 - 1, 100_001]) {
    const png = Uint8Array.from(picture);
    new DataView(png.buffer).setUint32(16, width);
    const refused = await upload(png);
    assert.ok(!refused.ok);
    assert.equal(refused.error.code, "unsupported_media");
    assert.match(refused.error.detail, /damaged/);
  }
});

test("a tenant has four fetches under way and no more, and a shared limit of time ends them", async () => {
  const { media, caller } = await tenant(1_000_000);
  const other = await tenant(1_000_000);
  const end = new AbortController();
  const fetch = (by = caller) => media.fetchFromUrl(by, { url: "https://files.example/a.png" }, end.signal);
  const four = Array.from({ length: 4 }, () => fetch());
  const fifth = await fetch();
  assert.ok(!fifth.ok && fifth.error.code === "rate_limited");
  const others = other.media.fetchFromUrl(other.caller, { url: "https://files.example/a.png" }, end.signal);
  await new Promise(setImmediate);
  end.abort();
  for (const one of [...(await Promise.all(four)), await others]) assert.ok(!one.ok && one.error.field === "url");
  const next = fetch();
  assert.ok(!(await next).ok, "the slots came free");
});
