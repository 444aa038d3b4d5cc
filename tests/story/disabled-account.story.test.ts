import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

describe("an account is renamed, labelled and disabled", () => {
  let system: System;
  let ida: ApiSession;
  let id: string;

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    id = (await connectBluesky(system, ida, "Northfold")).id;
  });
  after(() => system?.close());

  const change = (body: object) => ida.must("PATCH", `/api/connections/${id}`, body);
  const publish = (text: string) => ida.must("POST", "/api/publish", { connectionId: id, payload: { text } });
  const jobOf = async ({ id: jobId }: { id: string }) => {
    await system.settle();
    return ida.must("GET", `/api/publish/${jobId}`);
  };

  it("its name and label are the tenant's own, and null gives the platform's name back", async () => {
    const before = await ida.must("GET", `/api/connections/${id}`);
    const renamed = await change({ name: "Our café", label: "Oslo" });
    assert.deepEqual([renamed.name, renamed.platformName, renamed.label], ["Our café", before.name, "Oslo"]);
    const { name, label, platformName } = await change({ name: null, label: null });
    assert.deepEqual([name, label, platformName], [before.name, undefined, undefined]);
  });

  it("while it is disabled nothing goes out and the job says why; enabled, it goes on", async () => {
    assert.equal((await change({ disabled: true })).disabled, true);
    const held = await jobOf(await publish("While disabled"));
    assert.deepEqual([held.state, held.heldReason], ["held", "disabled"]);
    const posts = async (): Promise<readonly string[]> =>
      (await system.sim("GET", "bluesky/posts")).posts.map(({ text }: { text: string }) => text);
    assert.ok(!(await posts()).includes("While disabled"));
    assert.equal((await change({ disabled: false })).disabled, false);
    const sent = await jobOf(held);
    assert.equal(sent.state, "published");
    assert.equal((await posts()).filter((text) => text === "While disabled").length, 1);
  });

  it("a post that was moved while its account was disabled keeps its new time when the account is enabled", async () => {
    await change({ disabled: true });
    const held = await jobOf(await publish("Moved while disabled"));
    const at = new Date(system.clock.now().getTime() + 24 * 60 * 60_000).toISOString();
    await ida.must("PATCH", `/api/posts/${held.postId}`, { scheduledFor: at });
    await change({ disabled: false });
    const waits = await jobOf(held);
    assert.deepEqual([waits.state, waits.scheduledFor], ["scheduled", at]);
    const { posts } = await system.sim("GET", "bluesky/posts");
    assert.ok(!posts.some(({ text }: { text: string }) => text === "Moved while disabled"));
  });
});
