import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

let system: System;
before(async () => {
  system = await startSystem();
});
after(() => system?.close());

const setStatus = (account: string, status: string) =>
  system.sim("POST", "bluesky/act", { action: "setStatus", account, status });

for (const status of ["deactivated", "takendown", "suspended", "deleted"])
  test(`an account that is ${status} at the platform is not healthy after a check, and its posts are held`, async () => {
    const session = await system.signUp();
    const { id, account } = await connectBluesky(system, session);
    const scheduledFor = new Date(system.clock.now().getTime() + 3_600_000).toISOString();
    const job = await session.must("POST", "/api/publish", {
      connectionId: id,
      payload: { content: "Fresh bread", scheduledFor },
    });
    await setStatus(account, status);
    await session.call("POST", `/api/connections/${id}/check`);
    const seen = await session.must("GET", `/api/connections/${id}`);
    assert.equal(seen.status, "attention", JSON.stringify(seen));
    assert.ok(seen.statusReason?.message, "the person is told why");
    const held = await session.must("GET", `/api/publish/${job.id}`);
    assert.deepEqual([held.state, held.heldReason], ["held", "attention"]);

    if (status === "deleted") return;
    await setStatus(account, "active");
    await session.call("POST", `/api/connections/${id}/check`);
    assert.equal((await session.must("GET", `/api/connections/${id}`)).status, "healthy");
    assert.equal((await session.must("GET", `/api/publish/${job.id}`)).state, "scheduled");
  });
