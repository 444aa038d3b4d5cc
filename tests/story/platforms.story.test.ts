import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { allProviders } from "@postd/connectors";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";

const dayMs = 86_400_000;
const scope = "https://www.googleapis.com/auth/business.manage";

describe("the list of platforms", () => {
  let system: System;
  let ida: ApiSession;
  before(async () => {
    const isGoogle = ({ id }: { readonly id: string }) => id === "google";
    system = await startSystem({
      providers: allProviders.filter(isGoogle),
      simulators: simulatorDefinitions.filter(isGoogle),
    });
    ida = await system.signUp();
  });
  after(() => system?.close());

  const business = async (session: ApiSession) => {
    const { items } = await session.must("GET", "/api/platforms");
    return items.find(({ id }: { id: string }) => id === "google_business_profile");
  };

  it("names what works and what is to come, each with how far it is", async () => {
    const { items, planned } = await ida.must("GET", "/api/platforms");
    assert.deepEqual(
      items.map(({ id, status }: { id: string; status: string }) => [id, status]),
      [["google_business_profile", "partial"]],
    );
    const [google] = items;
    assert.deepEqual(google.facets.numbers, { status: "partial", lacks: ["numbers of single posts"] });
    assert.equal(google.impossible[0].what, "Product posts");
    assert.deepEqual(
      [google.supports.reply, google.supports.scheduling, google.constraints.imageSizeMin],
      [true, true, 250],
    );
    const ids: readonly string[] = planned.map(({ id }: { id: string }) => id);
    assert.ok(ids.includes("youtube") && ids.includes("mastodon"), ids.join());
    assert.ok(planned.every(({ status }: { status: string }) => status === "planned"));
  });

  it("a request that names a planned one is told so, and one for a name nobody knows is not", async () => {
    const asked: readonly (readonly [string, object])[] = [
      ["/api/oauth/pinterest/start", {}],
      ["/api/oauth/google/start", { platform: "youtube" }],
      ["/api/connections", { platform: "medium", keys: { token: "x" } }],
      ["/api/apps", { provider: "slack", values: {} }],
    ];
    for (const [path, body] of asked) {
      const { status, body: problem } = await ida.call("POST", path, body);
      assert.deepEqual([status, problem.code], [501, "platform_planned"], `${path}: ${JSON.stringify(problem)}`);
      assert.ok(problem.next && /is planned/.test(problem.detail), problem.detail);
    }
    const { status, body } = await ida.call("POST", "/api/oauth/orkut/start", {});
    assert.deepEqual([status, body.code], [404, "not_found"]);
  });

  it("tells a workspace what its own accounts were granted and what they need, and nobody else", async () => {
    assert.deepEqual((await business(ida)).scopesGranted, []);
    const { grantId } = await grantThroughBrowser(ida, "google", "google_business");
    const { accounts } = await ida.must("GET", `/api/grants/${grantId}`);
    const [{ platform, externalId }] = accounts;
    const chosen = { grantId, accounts: [{ platform, externalId }] };
    const { connections } = await ida.must("POST", "/api/connections", chosen);
    assert.deepEqual([(await business(ida)).scopesGranted, (await business(ida)).warning], [[scope], undefined]);
    const other = await system.signUp();
    assert.deepEqual((await business(other)).scopesGranted, []);

    await system.clock.advance(dayMs);
    await system.sim("POST", "google/faults", { fault: "tokenRevoked", times: "always" });
    await ida.call("POST", `/api/connections/${connections[0].id}/check`, {});
    assert.equal((await business(ida)).warning, "One account requires action");
    assert.equal((await business(other)).warning, undefined);
  });
});
