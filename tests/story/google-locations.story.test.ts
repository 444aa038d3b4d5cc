import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";

describe("one sign-in at Google that opens three locations", () => {
  let system: System;
  let ida: ApiSession;
  let person: { readonly id: string; readonly extra: { readonly subject: string; readonly account: string } };
  let grantId: string;
  let connections: readonly { readonly id: string; readonly name: string; readonly externalId: string }[];

  const act = (action: string, input: object = {}) => system.sim("POST", "google/act", { action, ...input });
  const posts = async () => (await system.sim("GET", "google/posts")).posts;

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    person = await system.sim("POST", "google/accounts", { name: "Nørrebro" });
    await act("set", { reviewMs: 8_000 });
    await act("addLocations", { account: person.extra.account, titles: ["Vesterbro", "Østerbro"] });
    ({ grantId } = await grantThroughBrowser(ida, "google", "google_business", { person: person.extra.subject }));
  });
  after(() => system?.close());

  it("lists all three, and connects them with one consent and one set of tokens", async () => {
    const grant = await ida.must("GET", `/api/grants/${grantId}`);
    const found: readonly { platform: string; externalId: string; name: string }[] = grant.accounts;
    assert.deepEqual(found.map(({ name }) => name).toSorted(), ["Nørrebro", "Vesterbro", "Østerbro"]);
    const accounts = found.map(({ platform, externalId }) => ({ platform, externalId }));
    ({ connections } = await ida.must("POST", "/api/connections", { grantId, accounts }));
    assert.equal(connections.length, 3);
    assert.equal((await system.query("select 1 from platform_sign_ins")).length, 1);
  });

  it("posts to each of them under its own name, once, when Google shows it", async () => {
    const targets = connections.map(({ id }) => ({ connectionId: id }));
    const post = await ida.must("POST", "/api/posts", { content: "Fresh beans", targets });
    await untilAll(post.id, "published");
    const live = await posts();
    assert.deepEqual(live.map(({ accountName }: { accountName: string }) => accountName).toSorted(), [
      "Nørrebro",
      "Vesterbro",
      "Østerbro",
    ]);
  });

  it("hears of a new review by a push whose token is checked, at the location it is about", async () => {
    await act("pushTo", { address: `${system.url}/api/webhooks/google` });
    const [first] = connections;
    assert.ok(first);
    await act("addReview", { location: `${person.extra.account}/${first.externalId}` });
    await act("settle");
    await system.settle();
    const events = await system.query("select connection_id, type from webhook_events");
    assert.deepEqual(events, [{ connection_id: first.id, type: "review.created" }]);
    const forged = await fetch(`${system.url}/api/webhooks/google`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer e30.e30.e30" },
      body: "{}",
    });
    assert.equal(forged.status, 401);
  });

  it("disconnecting one leaves the others' events, and the last one ends them", async () => {
    const topics = () => system.query("select external_id from webhook_subscriptions order by id");
    assert.equal(new Set((await topics()).map(({ external_id }) => external_id)).size, 1, "one setting for all");
    const [first, second] = connections;
    assert.ok(first && second);
    assert.equal((await ida.call("DELETE", `/api/connections/${first.id}`)).status, 200);
    await act("addReview", { location: `${person.extra.account}/${second.externalId}` });
    await act("settle");
    await system.settle();
    const events = await system.query("select type from webhook_events where connection_id = $1", [second.id]);
    assert.deepEqual(events, [{ type: "review.created" }]);
    assert.equal(
      (await ida.must("GET", `/api/connections/${second.id}`)).status,
      "healthy",
      "nor is the sign-in ended",
    );
  });

  it("holds posts for the operator while an API is not enabled, and asks nobody to sign in again", async () => {
    await act("set", { disabledApis: ["mybusiness.googleapis.com"] });
    const [, second] = connections;
    const payload = { content: "Held beans" };
    const { id } = await ida.must("POST", "/api/publish", { connectionId: second?.id, payload });
    await system.settle();
    const job = await ida.must("GET", `/api/publish/${id}`);
    assert.deepEqual([job.state, job.heldReason], ["held", "operator"], JSON.stringify(job));
    assert.match(JSON.stringify(job), /Google My Business API \(v4\)/);
    assert.equal((await ida.must("GET", `/api/connections/${second?.id}`)).status, "healthy");
  });

  async function untilAll(postId: string, state: string): Promise<void> {
    for (let turn = 0; turn < 30; turn += 1) {
      await system.settle();
      const { jobs } = await ida.must("GET", `/api/posts/${postId}`);
      if (jobs.every((job: { state: string }) => job.state === state)) return;
      await system.clock.advance(60_000);
    }
    assert.fail(JSON.stringify(await ida.must("GET", `/api/posts/${postId}`)));
  }
});
