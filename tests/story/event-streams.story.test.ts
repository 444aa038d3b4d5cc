import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { openStream } from "@postd/testkit/event-stream";
import { type System, startSystem } from "@postd/testkit/system";

describe("what happens is told to whoever has a stream open", () => {
  let system: System;
  let ours: ApiSession;
  let theirs: ApiSession;
  let ourAccount: string;
  let theirAccount: string;

  before(async () => {
    system = await startSystem();
    [ours, theirs] = [await system.signUp({ name: "Ours" }), await system.signUp({ name: "Theirs" })];
    ({ id: ourAccount } = await connectBluesky(system, ours));
    ({ id: theirAccount } = await connectBluesky(system, theirs));
  });
  after(() => system?.close());

  const publish = async (session: ApiSession, connectionId: string) => {
    const job = await session.must("POST", "/api/publish", { connectionId, payload: { content: randomUUID() } });
    return String(job.id);
  };
  const open = (session: ApiSession, headers: Record<string, string> = {}, query = "") =>
    openStream(system.url, { cookie: session.cookies(), ...headers }, query);
  const told = ({ events }: Awaited<ReturnType<typeof open>>) =>
    events.filter(({ id }) => id !== undefined).map(({ id }) => id);
  const kept = async (session: ApiSession, afterId?: string) => {
    const { tenant } = await session.must("GET", "/api/me");
    const rows = await system.query<{ id: string }>(
      `select id from events where tenant_id = $1 and position > coalesce((select position from events where id = $2), 0) order by position`,
      [tenant.id, afterId ?? null],
    );
    return rows.map(({ id }) => id);
  };

  it("each change of a job once and in order, and nothing of another workspace", async () => {
    const [mine, yours] = [await open(ours), await open(theirs)];
    await Promise.all([mine.until(({ event }) => event === "ready"), yours.until(({ event }) => event === "ready")]);
    const job = await publish(ours, ourAccount);
    const other = await publish(theirs, theirAccount);
    await mine.until(({ event, data }) => event === "job.published" && data.data.jobId === job);
    await yours.until(({ event, data }) => event === "job.published" && data.data.jobId === other);
    const words = mine.events.filter(({ data }) => data.data?.jobId === job).map(({ event }) => event);
    assert.deepEqual(
      words.filter((word) => word !== "job.changed"),
      ["job.scheduled", "job.publishing", "job.published"],
    );
    assert.deepEqual(told(mine), await kept(ours));
    assert.deepEqual(told(yours), await kept(theirs));
    assert.equal(told(mine).filter((id) => told(yours).includes(id)).length, 0);
    mine.close();
    yours.close();
  });

  it("a client that comes back gets what it missed, once; one that was away too long is told so", async () => {
    const first = await open(ours);
    const job = await publish(ours, ourAccount);
    const seen = await first.until(({ data }) => data.data?.jobId === job);
    first.close();
    await first.ended;
    await publish(ours, ourAccount);
    await system.settle();
    const back = await open(ours, { "last-event-id": String(seen.id) });
    const last = await publish(ours, ourAccount);
    await back.until(({ event, data }) => event === "job.published" && data.data.jobId === last);
    assert.deepEqual(told(back), await kept(ours, seen.id));
    back.close();
    const [foreign] = await kept(theirs);
    for (const id of [foreign, "evt_0195a1b2c3d47e8f90a1b2c3d4e5f613", "no event", "9".repeat(4_000)]) {
      const lost = await open(ours, { "last-event-id": String(id) });
      await lost.until(({ event }) => event === "reset");
      assert.deepEqual(told(lost), []);
      lost.close();
    }
  });

  it("only the words asked for; a word there is not is refused by name", async () => {
    const some = await open(ours, {}, "?types=job.published,connection.attention");
    const job = await publish(ours, ourAccount);
    await some.until(({ event, data }) => event === "job.published" && data.data.jobId === job);
    assert.deepEqual([...new Set(some.events.map(({ event }) => event))], ["ready", "job.published"]);
    some.close();
    const refused = await ours.call("GET", "/api/events?types=job.published,job.flown");
    assert.equal(refused.status, 400);
    assert.match(refused.body.field, /types/);
  });

  it("a key that is revoked, and one that may not read posts, hears nothing", async () => {
    const made = await ours.must("POST", "/api/api-keys", { name: "Listens", scopes: ["posts:read"] });
    const stream = await openStream(system.url, { authorization: `Bearer ${made.key}` });
    await stream.until(({ event }) => event === "ready");
    await ours.must("DELETE", `/api/api-keys/${made.id}`);
    const revokedAt = performance.now();
    let over = false;
    void stream.ended.then(() => {
      over = true;
    });
    const heard = [];
    while (!over && performance.now() - revokedAt < 15_000) {
      const before = told(stream).length;
      await publish(ours, ourAccount);
      await system.settle();
      if (performance.now() - revokedAt > 2_000) heard.push(told(stream).length - before);
    }
    assert.ok(over, "the stream goes on after its key was revoked");
    assert.deepEqual(
      heard.filter((count) => count > 0),
      [],
    );
    const narrow = await ours.must("POST", "/api/api-keys", { name: "Media", scopes: ["media:read"] });
    await assert.rejects(openStream(system.url, { authorization: `Bearer ${narrow.key}` }), /403.*posts:read/);
  });

  it("a workspace nobody listens to writes no events", async () => {
    const quiet = await system.signUp({ name: "Quiet" });
    const { id } = await connectBluesky(system, quiet);
    await publish(quiet, id);
    await system.settle();
    assert.deepEqual(await kept(quiet), []);
  });
});
