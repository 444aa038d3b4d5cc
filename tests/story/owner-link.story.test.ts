import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";
import { documentedOperations } from "./id-places.ts";
import { openBrowser } from "./link-browser.ts";

describe("whoever owns an account signs in again by a link, and can do nothing else with it", () => {
  let system: System;
  let owner: ApiSession;
  before(async () => {
    system = await startSystem();
    owner = await system.signUp({ name: "Owner" });
  });
  after(() => system?.close());

  async function connectX(name: string, known?: string) {
    const person: string = known ?? (await system.sim("POST", "x/accounts", { name })).extra.subject;
    const { grantId } = await grantThroughBrowser(owner, "x", "x", { person });
    const { accounts } = await owner.must("GET", `/api/grants/${grantId}`);
    const [account] = accounts;
    const { connections } = await owner.must("POST", "/api/connections", {
      grantId,
      accounts: [{ platform: account.platform, externalId: account.externalId }],
    });
    return { id: connections[0].id as string, person };
  }
  const linkFor = async (id: string, session = owner): Promise<string> =>
    new URL((await session.must("POST", `/api/connections/${id}/reconnect-link`)).link).pathname;
  const audit = (id: string) =>
    system.query<{ action: string }>("select action from connection_audit where connection_id = $1 order by at, id", [
      id,
    ]);
  const actions = async (id: string) => (await audit(id)).map(({ action }) => action);

  it("at the platform's page: the same account works again, the link and its cookie are used up", async () => {
    const { id, person } = await connectX("Harbour");
    const link = await linkFor(id);
    const browser = openBrowser(system.url);
    const page = await browser.show(link);
    assert.equal(page.status, 200);
    for (const said of ["Harbour", "on X", "Sign in at X", "Owner"]) assert.ok(page.text.includes(said), said);
    const sent = await browser.submit(link);
    assert.equal(sent.status, 200, sent.text);
    const cookie = sent.headers.getSetCookie().find((line) => line.startsWith("postd_reconnect="));
    assert.match(cookie ?? "", /HttpOnly; SameSite=Lax/);
    const back = await browser.agree(sent, { person });
    const finished = await browser.show(back, { accept: "text/html" });
    assert.equal(finished.headers.get("location"), `${system.url}/links/reconnect`);
    assert.match((await browser.show("/links/reconnect")).text, /it works again/);
    assert.ok((await actions(id)).includes("reconnected"));
    assert.match((await openBrowser(system.url).submit(link)).text, /not open/);
    assert.match((await browser.submit("/links/reconnect")).text, /not open/);
    assert.match((await browser.show(back, { accept: "text/html" })).headers.get("location") ?? "", /used\+already/);
  });

  it("signing in as somebody else is refused by name, and the right one may follow with the same cookie", async () => {
    const { id, person } = await connectX("Bakery");
    const { extra } = await system.sim("POST", "x/accounts", { name: "Stranger" });
    const link = await linkFor(id);
    const browser = openBrowser(system.url);
    const back = await browser.agree(await browser.submit(link), { person: extra.subject });
    const refused = (await browser.show(back, { accept: "text/html" })).headers.get("location") ?? "";
    const page = await browser.show(refused);
    for (const said of ["Stranger", "Bakery", "Nothing was connected"]) assert.ok(page.text.includes(said), said);
    assert.ok(!(await actions(id)).includes("reconnected"));
    const again = await browser.agree(await browser.submit("/links/reconnect"), { person });
    assert.equal((await browser.show(again)).headers.get("location"), `${system.url}/links/reconnect`);
    assert.ok((await actions(id)).includes("reconnected"));
  });

  it("where the platform takes keys they are typed on the page, and another account's are refused by name", async () => {
    const mine = await connectBluesky(system, owner, "Harbour");
    const other = await system.sim("POST", "bluesky/accounts", { name: "Elsewhere" });
    const link = await linkFor(mine.id);
    const browser = openBrowser(system.url);
    assert.match((await browser.show(link)).text, /name="field.appPassword"/);
    const keys = (identifier: string, appPassword: string) => ({
      "field.identifier": identifier,
      "field.appPassword": appPassword,
    });
    const wrong = await browser.submit(link, keys(mine.handle, "aaaa-bbbb-cccc-dddd"));
    assert.ok(wrong.status >= 400, wrong.text);
    const theirs = await browser.submit("/links/reconnect", keys(other.handle, other.extra.appPassword));
    assert.equal(theirs.status, 409);
    assert.ok(theirs.text.includes(mine.handle) && theirs.text.includes(other.handle), theirs.text);
    const done = await browser.submit("/links/reconnect", keys(mine.handle, mine.appPassword));
    assert.match(done.text, /it works again/);
    assert.equal((await actions(mine.id)).filter((action) => action === "reconnected").length, 1);
    assert.match((await browser.submit("/links/reconnect", keys(mine.handle, mine.appPassword))).text, /not open/);
    assert.ok(!system.log().includes(mine.appPassword), "what was typed is in no log");
  });

  it("the cookie opens no operation of the API", async () => {
    const { id } = await connectX("Café");
    const browser = openBrowser(system.url);
    await browser.submit(await linkFor(id));
    assert.match(browser.cookies(), /postd_reconnect=/);
    const document = (await system.visitor().call("GET", "/api/openapi.json")).body;
    const operations = documentedOperations(document);
    const answers = new Map<number, number>();
    let asked = 0;
    for (const { method, path } of operations) {
      const address = path.replaceAll(/\{[^}]+\}/g, id);
      const init =
        method.toUpperCase() === "GET" ? {} : { headers: { "content-type": "application/json" }, body: "{}" };
      const [withCookie, without] = [
        await browser.send(method.toUpperCase(), address, init),
        await openBrowser(system.url).send(method.toUpperCase(), address, init),
      ];
      assert.equal(withCookie.status, without.status, `${method} ${path} is another with the cookie`);
      answers.set(withCookie.status, (answers.get(withCookie.status) ?? 0) + 1);
      asked += 1;
    }
    console.log(`the owner's cookie at ${asked} operations: ${JSON.stringify(Object.fromEntries(answers))}`);
    assert.ok(asked > 60);
    assert.ok((answers.get(401) ?? 0) > 50);
  });

  it("it ends with the right of whoever made it, at every step, with a newer one, by time and with the connection", async () => {
    const email = `admin-${Math.random().toString(36).slice(2)}@example.com`;
    const token = (await owner.must("POST", "/api/members/invite", { email, role: "admin" })).link.split("/").at(-1);
    const admin = await system.signUp({ name: "Admin", email, link: token });
    await admin.must("POST", "/api/invitations/accept", { token });
    const { items } = await owner.must("GET", "/api/members");
    const member = items.find((item: { email: string }) => item.email === email).id;
    const { id, person } = await connectX("Bar");
    const [begun, waiting] = [openBrowser(system.url), openBrowser(system.url)];
    const sent = await begun.submit(await linkFor(id, admin));
    const back = await begun.agree(sent, { person });
    const { id: other } = await connectX("Kiosk");
    const open = await linkFor(other, admin);
    assert.match((await waiting.show(open)).text, /Kiosk/);
    await owner.must("PATCH", `/api/members/${member}`, { role: "editor" });
    assert.match(
      (await begun.show(back, { accept: "text/html" })).headers.get("location") ?? "",
      /no\+longer\+connect/,
    );
    assert.match((await waiting.submit(open)).text, /not open/);
    assert.ok(!(await actions(id)).includes("reconnected"));
    assert.equal((await admin.call("POST", `/api/connections/${id}/reconnect-link`)).status, 403);

    const [first, second] = [await linkFor(other), await linkFor(other)];
    assert.match((await waiting.show(first)).text, /not open/);
    assert.match((await waiting.show(second)).text, /Kiosk/);
    await system.clock.advance(7 * 86_400_000 + 1_000);
    assert.match((await waiting.show(second)).text, /not open/);
    const third = await linkFor(other);
    await owner.must("DELETE", `/api/connections/${other}`);
    assert.match((await waiting.show(third)).text, /not open/);
  });

  it("what ended stays ended: neither a connection connected anew nor a right given again opens a link, its cookie or what it began", async () => {
    const email = `admin-${Math.random().toString(36).slice(2)}@example.com`;
    const invite = async () =>
      (await owner.must("POST", "/api/members/invite", { email, role: "admin" })).link.split("/").at(-1);
    const token = await invite();
    const admin = await system.signUp({ name: "Admin", email, link: token });
    await admin.must("POST", "/api/invitations/accept", { token });
    const member = async () =>
      (await owner.must("GET", "/api/members")).items.find((item: { email: string }) => item.email === email).id;
    const endings: Record<string, (id: string, person: string) => Promise<unknown>> = {
      "connected anew": async (id, person) => {
        await owner.must("DELETE", `/api/connections/${id}`);
        assert.equal((await connectX("", person)).id, id);
      },
      "a right given again": async () => {
        for (const role of ["editor", "admin"]) await owner.must("PATCH", `/api/members/${await member()}`, { role });
      },
      "a member invited again": async () => {
        await owner.must("DELETE", `/api/members/${await member()}`);
        await admin.must("POST", "/api/invitations/accept", { token: await invite() });
      },
    };
    for (const [what, end] of Object.entries(endings)) {
      const { id, person } = await connectX(what);
      const [holder, begun] = [openBrowser(system.url), openBrowser(system.url)];
      const sent = await begun.submit(await linkFor(id, admin));
      const link = await linkFor(id, admin);
      assert.match((await holder.show(link)).text, /<form/, what);
      await end(id, person);
      const before = (await actions(id)).filter((action) => action === "reconnected").length;
      assert.match((await holder.submit(link)).text, /not open/, what);
      assert.match((await begun.submit("/links/reconnect")).text, /not open/, what);
      const back = await begun.show(await begun.agree(sent, { person }), { accept: "text/html" });
      assert.match(back.headers.get("location") ?? "", /detail=/, what);
      assert.equal((await actions(id)).filter((action) => action === "reconnected").length, before, what);
      assert.match((await holder.show(await linkFor(id, admin))).text, /<form/, what);
    }
  });

  it("an address puts words on the page of nobody who did not come back with the cookie", async () => {
    const { id } = await connectX("Quay");
    const words = "detail=Send+your+password+to+mallory";
    for (const address of ["/links/reconnect", "/links/reconnect/none", await linkFor(id)]) {
      const { status, text } = await openBrowser(system.url).show(`${address}?${words}`);
      assert.equal(status, 200);
      assert.ok(!text.includes("mallory"), address);
    }
  });

  it("a form of another site changes nothing, and neither does another browser's way back", async () => {
    const { id, person } = await connectX("Pier");
    const link = await linkFor(id);
    const browser = openBrowser(system.url);
    assert.equal((await browser.submit(link, {}, "https://evil.example")).status, 400);
    const back = await browser.agree(await browser.submit(link), { person });
    const stranger = await openBrowser(system.url).show(back, { accept: "text/html" });
    assert.match(stranger.headers.get("location") ?? "", /another\+session/);
    assert.ok(!(await actions(id)).includes("reconnected"));
  });
});
