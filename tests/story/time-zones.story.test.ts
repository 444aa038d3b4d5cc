import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";

/** Names JavaScript takes, and PostgreSQL does not know (VST), reads as another place (BST, CET without summer time) or turned around. */
const misread = ["VST", "SST", "BST", "IST", "CET", "EET", "+05:30", "-03:00"];

describe("a time zone means the same to everything that reads it", () => {
  let system: System;
  let mine: ApiSession;
  let theirs: ApiSession;
  before(async () => {
    system = await startSystem({ worker: false, logLevel: "warn" });
    mine = await system.signUp({ name: "Ada" });
    theirs = await system.signUp({ name: "Bob" });
  });
  after(() => system?.close());

  it("what the database reads otherwise is taken for no workspace, person or question", async () => {
    for (const timeZone of misread) {
      const asked = [
        await mine.call("POST", "/api/tenants", { name: "Odd", timeZone }),
        await mine.call("PATCH", "/api/tenants/current", { timeZone }),
        await mine.call("PUT", "/api/notification-preferences", { timeZone }),
        await mine.call("GET", `/api/analytics?timeZone=${encodeURIComponent(timeZone)}`),
      ];
      for (const { status, body } of asked)
        assert.deepEqual([status, body.field], [400, "timeZone"], `${timeZone}: ${JSON.stringify(body)}`);
    }
    for (const timeZone of ["Europe/Oslo", "Asia/Kolkata", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "UTC"]) {
      assert.equal((await mine.call("PATCH", "/api/tenants/current", { timeZone })).status, 200, timeZone);
      assert.equal((await mine.call("GET", `/api/analytics?timeZone=${encodeURIComponent(timeZone)}`)).status, 200);
    }
  });

  it("one that was kept before keeps nobody from their numbers or their desk's day", async () => {
    const tenantOf = async (session: ApiSession) => (await session.must("GET", "/api/me")).tenant.id as string;
    const [odd, other] = [await tenantOf(mine), await tenantOf(theirs)];
    await system.query("update tenants set time_zone = 'VST' where id = $1", [odd]);
    assert.equal((await mine.call("GET", "/api/analytics?by=day")).status, 200);
    for (let hours = 0; hours < 26; hours += 3) {
      await system.clock.advance(3 * 3_600_000);
      await system.turn("desk_audits");
    }
    const audited = await system.query<{ id: string }>("select distinct tenant_id as id from desk_audits");
    for (const id of [odd, other]) assert.ok(audited.some((row) => row.id === id));
  });
});
