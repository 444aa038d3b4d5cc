import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { asId, type MediaId, type PostId } from "@postd/contracts";
import { type Caller, createPublishingService, newId, type PublishingService } from "@postd/core";
import { createHarness, lateAfterMs } from "../../worker/pipeline-harness.ts";
import { createMediaRepo } from "./media-repo.ts";
import { createPublishingStore } from "./publishing/store.ts";

describe("deleting a file while a post that names it is taken", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let caller: Caller;
  let connectionId: string;
  let mediaId: MediaId;
  /** Between the look at the post's files and the taking of the post. */
  let meanwhile: () => Promise<unknown>;
  let service: PublishingService;

  before(async () => {
    h = await createHarness();
    const store = createPublishingStore(h.app.db, { lateAfterMs });
    const { registry, clock, access, contextFor, log } = h.deps("race");
    const unused = () => Promise.reject(new Error("not used here"));
    service = createPublishingService({
      store: {
        forTenant: (tenantId) => {
          const tenant = store.forTenant(tenantId);
          return {
            ...tenant,
            media: async (ids) => {
              const found = await tenant.media(ids);
              const strike = meanwhile;
              meanwhile = async () => {};
              await strike();
              return found;
            },
          };
        },
      },
      registry,
      media: { fetchFromUrl: unused, fitted: unused },
      clock,
      newId,
      lateAfterMs,
      log,
      remote: { access, registry, clock, contextFor },
    });
  });
  after(() => h.close());
  beforeEach(async () => {
    ({ caller, connectionId } = await h.tenant());
    mediaId = newId("media");
    meanwhile = async () => {};
    await files().insert({
      id: mediaId,
      kind: "image",
      mimeType: "image/jpeg",
      sizeBytes: 10,
      sha256: "0".repeat(64),
      fileName: "bread.jpg",
      blobKey: mediaId,
      createdBy: "usr_1",
      createdAt: h.clock.now(),
    });
  });
  const files = () => createMediaRepo(h.app.db).forTenant(caller.tenantId);
  const input = (key?: string) => ({
    content: "Fresh bread",
    mediaIds: [mediaId],
    targets: [{ connectionId: asId("connection", connectionId) }],
    scheduledFor: new Date(h.clock.now().getTime() + 3_600_000).toISOString(),
    ...(key ? { idempotencyKey: key } : {}),
  });
  const remove = () => files().remove(mediaId);
  const takesAndStays = async (id: PostId) => {
    assert.deepEqual(await remove(), { kind: "in_use", posts: 1, postIds: [id] });
  };

  it("refuses the post and names the file where the deletion was first; the key is free for another try", async () => {
    meanwhile = remove;
    const made = await service.createPost(caller, input("k1"), "k1");
    assert.ok(!made.ok, JSON.stringify(made));
    assert.equal(made.error.field, "mediaIds");
    assert.match(made.error.detail, /bread\.jpg .* was deleted/);
    const { rows } = { rows: await h.service.listPosts(caller, { limit: 10 }) };
    assert.ok(rows.ok && rows.value.items.length === 0);
    const { mediaIds: _gone, ...without } = input("k1");
    assert.ok((await service.createPost(caller, without, "k1")).ok);
  });

  it("refuses the deletion where the post was first", async () => {
    const made = await service.createPost(caller, input());
    assert.ok(made.ok, JSON.stringify(made));
    await takesAndStays(asId("post", made.value.view.id));
  });

  it("refuses an edit that brings the file in", async () => {
    const { mediaIds, ...without } = input();
    const made = await service.createPost(caller, without);
    assert.ok(made.ok);
    const id = asId("post", made.value.view.id);
    meanwhile = remove;
    const edited = await service.updatePost(caller, id, { mediaIds });
    assert.ok(!edited.ok, JSON.stringify(edited));
    assert.match(edited.error.detail, /bread\.jpg .* was deleted/);
    const kept = await service.getPost(caller, id);
    assert.ok(kept.ok && kept.value.content.mediaIds.length === 0);
  });

  it("of both at the same moment one is refused, whichever is first", async () => {
    for (let round = 0; round < 12; round += 1) {
      mediaId = newId("media");
      await files().insert({
        id: mediaId,
        kind: "image",
        mimeType: "image/jpeg",
        sizeBytes: 10,
        sha256: "0".repeat(64),
        blobKey: mediaId,
        createdBy: "usr_1",
        createdAt: h.clock.now(),
      });
      const [removed, made] = await Promise.all([
        remove(),
        service.createPost(caller, { ...input(), content: `Round ${round}` }),
      ]);
      assert.notEqual(removed.kind === "removed", made.ok, JSON.stringify([removed, made]));
    }
  });
});
