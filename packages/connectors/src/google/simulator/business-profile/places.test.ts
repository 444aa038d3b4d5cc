import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apis, setUp } from "../client-harness.ts";

const mask = "readMask=name,title,metadata";

describe("accounts and locations", () => {
  it("are all read by pages: at most 20 accounts, at most 100 locations, the personal account first", async () => {
    const { get, act, person, account } = setUp();
    const names = Array.from({ length: 23 }, (_, nth) => `Group ${nth}`);
    await act("addAccounts", { person, names });
    const first = (await get(`${apis.accounts}/accounts?pageSize=50`)).json;
    assert.deepEqual([first.accounts.length, first.accounts[0].type], [20, "PERSONAL"]);
    const rest = (await get(`${apis.accounts}/accounts?pageToken=${first.nextPageToken}`)).json;
    assert.deepEqual([rest.accounts.length, rest.nextPageToken], [5, undefined]);
    const own = String(account.extra?.account);
    await act("addLocations", { account: own, titles: Array.from({ length: 104 }, (_, nth) => `Shop ${nth}`) });
    const list = `${apis.information}/${own}/locations?${mask}`;
    assert.equal((await get(list)).json.locations.length, 10);
    const page = (await get(`${list}&pageSize=500`)).json;
    assert.equal(page.locations.length, 100);
    assert.equal((await get(`${list}&pageSize=100&pageToken=${page.nextPageToken}`)).json.locations.length, 5);
  });

  it("need a mask, and show only what it names; the voice of a merchant is told, local posting never", async () => {
    const { get, account, bare } = setUp({ kind: "unverified" });
    const list = `${apis.information}/${account.extra?.account}/locations`;
    for (const bad of ["", "?readMask=", "?readMask=name,canFly", "?readMask=name&fly=1"])
      assert.equal((await get(list + bad)).status, 400, bad);
    const [location] = (await get(`${list}?${mask}`)).json.locations;
    assert.deepEqual(Object.keys(location), ["name", "title", "metadata"]);
    assert.deepEqual([location.name, location.metadata.hasVoiceOfMerchant], [bare, undefined]);
    assert.equal("canOperateLocalPost" in location.metadata, false);
    const verified = setUp();
    const one = await verified.get(`${apis.information}/${verified.bare}?readMask=metadata.hasVoiceOfMerchant`);
    assert.deepEqual(one.json, { metadata: { hasVoiceOfMerchant: true } });
  });

  it("of another person do not exist, and those of a lost role are forbidden", async () => {
    const { get, client, act, person, account, location } = setUp();
    const stranger = client.simulator.createAccount({});
    const foreign = await get(`${apis.v4}/${location}/localPosts`, stranger.accessToken);
    assert.deepEqual([foreign.status, foreign.json.error.status], [404, "NOT_FOUND"]);
    await act("removeMember", { account: String(account.extra?.account), person });
    const lost = await get(`${apis.v4}/${location}/localPosts`);
    assert.deepEqual([lost.status, lost.json.error.status], [403, "PERMISSION_DENIED"]);
    assert.equal((await get(`${apis.accounts}/accounts`)).json.accounts.length, 1);
  });

  it("may show one location under several accounts, each path of which works", async () => {
    const { get, act, person, bare } = setUp();
    const made = (await act("addAccounts", { person, names: ["Second"] })) as { accounts: string[] };
    const [second = ""] = made.accounts;
    assert.equal((await get(`${apis.v4}/${second}/${bare}/localPosts`)).status, 404);
    await act("setLocation", { location: bare, alsoUnder: second });
    assert.equal((await get(`${apis.v4}/${second}/${bare}/localPosts`)).status, 200);
    // The caller's own list shows each place once, and not under which account.
    const { locations } = (await get(`${apis.information}/accounts/-/locations?readMask=name`)).json;
    assert.deepEqual(locations, [{ name: bare }]);
  });

  it("answers an HTML page where a path is malformed, a bare location on v4 among them", async () => {
    const { get, bare, send } = setUp();
    for (const path of [`${apis.v4}/${bare}/localPosts`, `${apis.information}/${bare}/media`, `${apis.v4}/nothing`]) {
      const { status, headers, json } = await get(path);
      assert.deepEqual([status, json], [404, undefined]);
      assert.match(headers["content-type"] ?? "", /html/);
    }
    assert.equal((await send("POST", `${apis.v4}/${bare}/localPosts`, { topicType: "STANDARD" })).json, undefined);
  });
});

describe("Google's gate", () => {
  it("answers any error a test asks for, in the form of all its APIs", async () => {
    const { client, get } = setUp();
    client.mount.arm({ fault: "platformError", name: "ABORTED", message: "Again" });
    const { status, json } = await get(`${apis.accounts}/accounts`);
    assert.deepEqual([status, json], [409, { error: { code: 409, message: "Again", status: "ABORTED" } }]);
  });

  it("names the API that is not enabled, while the others go on", async () => {
    const { get, act, standard } = setUp();
    await act("set", { disabledApis: ["mybusiness.googleapis.com"] });
    const { status, json } = await standard("Hello");
    assert.equal(status, 403);
    assert.deepEqual(
      [json.error.details[0].reason, json.error.details[0].metadata.service],
      ["SERVICE_DISABLED", "mybusiness.googleapis.com"],
    );
    assert.equal((await get(`${apis.accounts}/accounts`)).status, 200);
  });

  it("has a quota of nothing before access is approved, and of 300 calls a minute and API after", async () => {
    const { get, act, advance } = setUp();
    const list = () => get(`${apis.accounts}/accounts`);
    await act("set", { isApproved: false });
    assert.deepEqual([(await list()).status, (await list()).json.error.status], [429, "RESOURCE_EXHAUSTED"]);
    await act("set", { isApproved: true });
    for (let times = 0; times < 300; times += 1) assert.equal((await list()).status, 200);
    const over = await list();
    assert.deepEqual([over.status, over.headers["retry-after"]], [429, undefined]);
    advance(60_000);
    assert.equal((await list()).status, 200);
  });
});
