import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sampleMp4 } from "@postd/connector-kit/media-samples";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";

describe("a draft in the platform's app", () => {
  let system: System;
  let ida: ApiSession;
  let connectionId: string;
  let mediaIds: readonly string[];

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    const made = await system.sim("POST", "tiktok/accounts", { kind: "public" });
    const { grantId } = await grantThroughBrowser(ida, "tiktok", "tiktok", { person: made.extra.subject });
    const accounts = [{ platform: "tiktok", externalId: made.id }];
    connectionId = (await ida.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
    const film = sampleMp4({ width: 540, height: 960, durationMs: 5_000, payloadBytes: 100_000 });
    mediaIds = [(await ida.upload(film, "beans.mp4")).id];
  });
  after(() => system?.close());

  const send = async () => {
    const payload = { content: "", mediaIds, options: { draft: true } };
    const { id } = await ida.must("POST", "/api/publish", { connectionId, payload });
    await until(id, "handed_over");
    return id;
  };
  const job = (id: string) => ida.must("GET", `/api/publish/${id}`);
  async function until(id: string, state: string): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) {
      await system.settle();
      if ((await job(id)).state === state) return;
      await system.clock.advance(60_000);
    }
    assert.equal((await job(id)).state, state, JSON.stringify(await job(id)));
  }

  it("waits for its author as nothing that may be live, and is published when they post it", async () => {
    const id = await send();
    const waiting = await job(id);
    assert.deepEqual([waiting.to, waiting.mayBeLive, waiting.externalPostId], ["app", false, undefined]);
    const [row] = await system.query(
      `select step_state -> 'connector' ->> 'publishId' as "publishId" from publish_jobs where id = $1`,
      [id],
    );
    await system.sim("POST", "tiktok/act", { action: "finishDraft", publish_id: row?.publishId });
    await until(id, "published");
    const done = await job(id);
    assert.deepEqual([done.to, typeof done.externalPostId], [undefined, "string"]);
  });

  it("is left in the app when it is canceled", async () => {
    const id = await send();
    await ida.must("POST", `/api/jobs/${id}/cancel`, {});
    assert.equal((await job(id)).state, "canceled");
  });

  it("shows who posts and what they allow beside the form", async () => {
    const { limits } = await ida.must("GET", `/api/connections/${connectionId}/limits`);
    assert.ok(
      limits.author.name && limits.video.maxMs && limits.options.privacyLevel.length > 0,
      JSON.stringify(limits),
    );
  });
});
