import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

describe("an approver's word is about what they saw", () => {
  let system: System;
  let owner: ApiSession;
  let admin: ApiSession;
  let adminId: string;
  let ownerId: string;
  let connectionId: string;

  before(async () => {
    system = await startSystem();
    owner = await system.signUp({ name: "Owner" });
    ({ id: connectionId } = await connectBluesky(system, owner));
    const email = "second@example.com";
    const { link } = await owner.must("POST", "/api/members/invite", { email, role: "admin" });
    const token = link.split("/").at(-1);
    admin = await system.signUp({ name: "Second", email, link: token });
    await admin.must("POST", "/api/invitations/accept", { token });
    ({
      user: { id: adminId },
    } = await admin.must("GET", "/api/me"));
    ({
      user: { id: ownerId },
    } = await owner.must("GET", "/api/me"));
  });
  after(() => system?.close());

  const ask = (text: string) => owner.must("POST", "/api/posts", { text, targets: [{ connectionId }], mode: "ask" });
  const sent = async () => JSON.stringify(await system.sim("GET", "bluesky/posts"));

  it("an old hash is refused with the present one, and nothing goes out until that one is named", async () => {
    const { id, hash } = await ask("First words");
    await owner.must("PATCH", `/api/posts/${id}`, { text: "Second words" });
    const unseen = await admin.call("POST", `/api/posts/${id}/approve`, {});
    assert.deepEqual([unseen.status, unseen.body.field], [400, "hash"]);
    const refused = await admin.call("POST", `/api/posts/${id}/approve`, { hash });
    const { hash: present, jobs } = await owner.must("GET", `/api/posts/${id}`);
    assert.deepEqual([refused.status, refused.body.code, refused.body.field], [409, "conflict", "hash"]);
    assert.ok(refused.body.detail.includes(present) && refused.body.next, JSON.stringify(refused.body));
    assert.equal(jobs.length, 0);
    await admin.must("POST", `/api/posts/${id}/approve`, { hash: present });
    await system.settle();
    const live = await sent();
    assert.ok(live.includes("Second words") && !live.includes("First words"));
  });

  it("another time is another hash too", async () => {
    const { id, hash } = await ask("At some time");
    const scheduledFor = new Date(system.clock.now().getTime() + 86_400_000).toISOString();
    const moved = await owner.must("PATCH", `/api/posts/${id}`, { scheduledFor });
    assert.notEqual(moved.hash, hash);
    assert.equal((await admin.call("POST", `/api/posts/${id}/approve`, { hash })).status, 409);
  });

  it("of two approvers at once one decides, and the second is told who did", async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const { id, hash } = await ask(`Approved once ${turn}`);
      const answers = await Promise.all(
        [owner, admin].map((who) => who.call("POST", `/api/posts/${id}/approve`, { hash })),
      );
      const first = answers.findIndex(({ status }) => status === 200);
      const second = answers[1 - first];
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
      assert.ok(second?.body.detail.includes(`${[ownerId, adminId][first]} approved it`), second?.body.detail);
      const { jobs, decidedBy } = await owner.must("GET", `/api/posts/${id}`);
      assert.deepEqual([jobs.length, decidedBy], [1, [ownerId, adminId][first]]);
    }
  });

  it("an edit at the same moment never sends words that nobody approved", async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const { id, hash, version } = await ask(`Seen ${turn}`);
      const [approved, edited] = await Promise.all([
        admin.call("POST", `/api/posts/${id}/approve`, { hash }),
        owner.call("PATCH", `/api/posts/${id}`, { text: `Unseen ${turn}`, ifVersion: version }),
      ]);
      assert.deepEqual([approved.status, edited.status].sort(), [200, 409], `turn ${turn}`);
      await system.settle();
      const live = await sent();
      assert.ok(!live.includes(`Unseen ${turn}`));
      assert.equal(live.includes(`Seen ${turn}`), approved.status === 200);
    }
  });
});
