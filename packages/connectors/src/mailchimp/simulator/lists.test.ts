import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hmacSha256Hex, md5Hex } from "@postd/connector-kit/simulator";
import { setUp } from "./client-harness.ts";

describe("audiences of Mailchimp", () => {
  it("come in pages of ten unless asked otherwise, with the fields asked for", async () => {
    const { get, act, account } = setUp();
    for (let nth = 0; nth < 10; nth += 1) await act("addAudience", { account: account.id, name: `List ${nth}` });
    const first = (await get("lists")).json;
    assert.deepEqual([first.lists.length, first.total_items], [10, 12]);
    assert.equal((await get("lists?offset=10")).json.lists.length, 2);
    const some = (await get("lists?count=1000&fields=lists.name,lists.stats.member_count,total_items")).json;
    assert.equal(some.lists.length, 12);
    assert.deepEqual(some.lists[0], { name: "Northfold Coffee letter", stats: { member_count: 4 } });
    assert.equal("id" in (await get("lists?exclude_fields=lists.id")).json.lists[0], false);
    const wrong = await get("lists?fields=lists.nam");
    assert.deepEqual([wrong.status, wrong.json.title], [422, "Requested Fields Invalid"]);
    assert.equal((await get("lists?count=1001")).json.title, "Invalid Resource");
  });

  it("take members once, keep them under the hash of the address, and archive them", async () => {
    const { get, post, send, list } = setUp();
    const email_address = "Yngve@Example.com";
    const hash = md5Hex("yngve@example.com");
    const made = await post(`lists/${list}/members`, { email_address, status: "subscribed", tags: ["New"] });
    assert.deepEqual([made.json.id, made.json.tags[0].name], [hash, "New"]);
    const again = await post(`lists/${list}/members`, { email_address, status: "subscribed" });
    assert.equal(
      again.json.detail,
      `${email_address} is already a list member. Use PUT to insert or update list members.`,
    );
    const kept = await send("PUT", `lists/${list}/members/${hash}`, {
      email_address,
      status_if_new: "subscribed",
      merge_fields: { FNAME: "Yngve" },
    });
    assert.equal(kept.json.full_name, "Yngve");
    const off = { tags: [{ name: "New", status: "inactive" }] };
    assert.equal((await post(`lists/${list}/members/${hash}/tags`, off)).status, 204);
    assert.equal((await get(`lists/${list}/members/${hash}/tags`)).json.total_items, 0);
    assert.equal((await send("DELETE", `lists/${list}/members/${hash}`)).status, 204);
    assert.equal((await get(`lists/${list}/members/${hash}`)).json.status, "archived");
    assert.equal((await get(`lists/${list}/members`)).json.total_items, 4);
  });

  it("are searched by a name or an address, in one of them or in all", async () => {
    const { get, post, list } = setUp();
    const add = (email_address: string, FNAME: string) =>
      post(`lists/${list}/members`, { email_address, status: "subscribed", merge_fields: { FNAME, LNAME: "Storm" } });
    await add("yngve@example.com", "Yngve");
    await add("ylva@example.com", "Ylva");
    const found = async (query: string) => {
      const { exact_matches, full_search } = (await get(`search-members?query=${query}`)).json;
      return [exact_matches.total_items, full_search.members.map((one: { full_name: string }) => one.full_name)];
    };
    assert.deepEqual(await found("storm"), [0, ["Yngve Storm", "Ylva Storm"]]);
    assert.deepEqual(await found("ylva@example.com"), [1, ["Ylva Storm"]]);
    assert.deepEqual(await found("nobody"), [0, []]);
    assert.equal((await get(`search-members?query=storm&list_id=${list}`)).json.full_search.total_items, 2);
    assert.equal((await get("search-members?query=storm&list_id=none")).status, 404);
    assert.equal((await get("search-members")).status, 400);
  });

  it("keep who left away, unless they come back themselves", async () => {
    const { send, act, list } = setUp();
    const email = "urban.ek@example.com";
    await act("leave", { list_id: list, email });
    const wish = { email_address: email, status_if_new: "subscribed", status: "subscribed" };
    const refused = await send("PUT", `lists/${list}/members/${md5Hex(email)}`, wish);
    assert.deepEqual([refused.status, refused.json.title], [400, "Member In Compliance State"]);
  });

  it("take many at once and tell what came of each", async () => {
    const { post, list } = setUp();
    const members = ["urban.ek@example.com", "new@example.com", "not an address"].map((email_address) => ({
      email_address,
      status: "subscribed",
    }));
    const bulk = (update_existing: boolean) => post(`lists/${list}`, { members, update_existing });
    const first = (await bulk(false)).json;
    assert.deepEqual(
      [first.total_created, first.total_updated, first.errors.map((one: { error_code: string }) => one.error_code)],
      [1, 0, ["ERROR_CONTACT_EXISTS", "ERROR_GENERIC"]],
    );
    const second = (await bulk(true)).json;
    assert.deepEqual([second.total_created, second.total_updated, second.error_count], [0, 2, 1]);
    const many = Array.from({ length: 501 }, (_, nth) => ({ email_address: `a${nth}@example.com` }));
    assert.equal((await post(`lists/${list}`, { members: many })).status, 400);
  });
});

describe("webhooks of an audience", () => {
  const events = { subscribe: true, unsubscribe: true, campaign: true };

  it("are saved once their address answered, with a secret told once, and send signed forms", async () => {
    const at = setUp();
    const hook = { url: "https://postd.example/hook/1", events, sources: { user: true } };
    const path = `lists/${at.list}/webhooks`;
    assert.equal((await at.post(path, hook)).json.errors[0].field, "url");
    at.client.onAsk = () => ({ status: 200, text: "" });
    const made = (await at.post(path, hook)).json;
    assert.equal(typeof made.signing_secret, "string");
    assert.deepEqual(made.events, { ...events, profile: false, cleaned: false, upemail: false });
    assert.equal("signing_secret" in (await at.get(path)).json.webhooks[0], false);
    await at.act("signUp", { list_id: at.list, email: "new@example.com" });
    await at.post(`lists/${at.list}/members`, { email_address: "ours@example.com", status: "subscribed" });
    await at.act("settle");
    const [first, ...others] = at.delivered;
    assert.equal(others.length, 0, "what we did ourselves is not echoed");
    assert.ok(first);
    const [t, v1] = (first.headers["x-mailchimp-signature"] ?? "")
      .split(",")
      .map((part) => part.slice(part.indexOf("=") + 1));
    assert.equal(v1, hmacSha256Hex(made.signing_secret, `${t}.${first.body}`));
    const form = new URLSearchParams(first.body);
    assert.deepEqual(
      [form.get("type"), form.get("fired_at"), form.get("data[email]"), form.get("data[list_id]")],
      ["subscribe", "2026-11-26 12:03:00", "new@example.com", at.list],
    );
    await at.sent();
    await at.get("ping");
    const told = new URLSearchParams(at.delivered.at(-1)?.body);
    assert.deepEqual([told.get("type"), told.get("data[status]")], ["campaign", "sent"]);
    assert.equal((await at.send("DELETE", `${path}/${made.id}`)).status, 204);
    assert.equal((await at.get(path)).json.total_items, 0);
  });

  it("made under the older contract have no secret and no signature", async () => {
    const at = setUp();
    await at.act("set", { signsWebhooks: false });
    at.client.onAsk = () => ({ status: 200, text: "" });
    const made = await at.post(`lists/${at.list}/webhooks`, {
      url: "https://postd.example/hook/2",
      events,
      sources: { user: true },
    });
    assert.equal("signing_secret" in made.json, false);
    await at.act("leave", { list_id: at.list, email: "urban.ek@example.com" });
    assert.equal(at.delivered[0]?.headers["x-mailchimp-signature"], undefined);
    assert.equal(new URLSearchParams(at.delivered[0]?.body).get("data[action]"), "unsub");
  });
});
