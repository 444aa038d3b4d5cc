import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { SimulatorHost } from "@postd/connector-kit/simulator";
import { allProviders } from "@postd/connectors";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import type { ApiSession } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import { startSimulatorHost } from "../../apps/simulators/src/start.ts";
import { liveStage } from "../../tools/connectors/live-stage.ts";
import { exitCodeOf, reportOf } from "../../tools/connectors/report.ts";
import { validateAll } from "../../tools/connectors/validate-all.ts";

const definitions = simulatorDefinitions.filter(({ id }) => id === "bluesky");

/** The simulator stands where the real platform would: for this server nothing is simulated. */
describe("npm run connectors -- validate --live", () => {
  let host: SimulatorHost;
  let system: System;
  let ida: ApiSession;
  let key: string;
  before(async () => {
    host = await startSimulatorHost({ port: 0, definitions, clock: { now: () => new Date() } });
    const map = definitions
      .flatMap(({ hosts }) => hosts)
      .map((name) => {
        return `${name}=${host.url}/${name.startsWith("*.") ? "{host}" : name}`;
      });
    system = await startSystem({
      providers: allProviders.filter(({ id }) => id === "bluesky"),
      simulatorUrl: host.url,
      simulators: [],
      env: { POSTD_SIMULATORS: `${host.url},-bluesky`, POSTD_HOST_MAP: map.join(",") },
    });
    ida = await system.signUp();
    const scopes = ["posts:read", "posts:write", "connections:read", "connections:write"];
    ({ key } = await ida.must("POST", "/api/api-keys", { name: "tries", scopes }));
  });
  after(async () => {
    await system?.close();
    await host?.close();
  });

  const posts = async (): Promise<number> => (await system.sim("GET", "bluesky/posts")).posts.length;
  async function validate(agree?: (question: string) => Promise<boolean>) {
    const stage = await liveStage({ server: system.url, key, turnMs: 200, ...(agree && { agree }) });
    const report = reportOf(await validateAll(stage), { mode: "live", ranAt: new Date() });
    const [row] = report.platforms;
    assert.ok(row);
    const status = Object.fromEntries(Object.entries(row.checks).map(([name, outcome]) => [name, outcome.status]));
    return { report, row, status };
  }

  it("says what it needs where there is no key or no server", async () => {
    await assert.rejects(liveStage({ server: system.url, key: undefined }), /POSTD_TEST_API_KEY/);
    await assert.rejects(liveStage({ server: system.url, key: "postd_wrong" }), /with this key/);
  });

  it("tries nothing where no real account is connected, and does not call that a success", async () => {
    const { report, row } = await validate();
    assert.deepEqual(row.checks.connect, {
      status: "not_tried",
      detail: "no real account is connected by it at this server",
    });
    assert.equal(exitCodeOf(report), 1);
  });

  it("publishes and deletes only what a person agreed to, each asked for by itself", async () => {
    const made = await system.sim("POST", "bluesky/accounts", {});
    const keys = { identifier: made.handle, appPassword: made.extra.appPassword };
    const { connections } = await ida.must("POST", "/api/connections", { platform: "bluesky", keys });
    assert.equal(connections[0].simulated, false);
    const before = await posts();

    const refused = await validate(async () => false);
    assert.deepEqual([refused.status.publish, refused.status.delete], ["not_tried", "not_tried"]);
    assert.equal(await posts(), before);

    const asked: string[] = [];
    const once = await validate(async (question) => asked.push(question) === 1);
    assert.deepEqual([once.status.publish, once.status.delete], ["ok", "not_tried"]);
    assert.deepEqual(
      asked.map((question) => question.split(" ")[0]),
      ["Publish", "Delete"],
    );
    assert.equal(await posts(), before + 1);

    const both = await validate(async () => true);
    assert.deepEqual([...new Set(Object.values(both.status))], ["ok"], JSON.stringify(both.row.checks));
    assert.equal(await posts(), before + 1, "what was published was deleted again");
    assert.equal(exitCodeOf(both.report), 0);
  });
});
