import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";
import { readAudiences } from "./audiences.ts";
import { connect, simulator } from "./connect-harness.ts";
import { contacts } from "./contacts.ts";
import { mailchimp } from "./platform.ts";
import { provider } from "./provider.ts";

async function setUp() {
  const world = createWorld({ provider, platform: mailchimp }, simulator);
  const connected = await connect(world, "api_key");
  const ctx = () => world.context(connected, "invisible");
  const lists = await readAudiences(ctx());
  assert.ok(lists.ok);
  const [{ id: list } = { id: "" }, { id: other } = { id: "" }] = lists.value;
  const act = (name: string, about: JsonObject) => world.sim.simulator.act?.(name, about);
  const found = async (email: string, of: string | undefined = list) => {
    const read = await contacts.find({ email, ...(of && { list: of }) }, ctx());
    assert.ok(read.ok, JSON.stringify(read));
    return read.value.contacts;
  };
  return { world, connected, ctx, list, other, act, found };
}
const must = <T>(read: { readonly ok: true; readonly value: T } | { readonly ok: false } | undefined): T => {
  assert.ok(read?.ok, JSON.stringify(read));
  return read.value;
};

test("a contact is added, brought up to date, tagged and archived, each as often as it is asked", async () => {
  const { ctx, list, found } = await setUp();
  for (const name of ["Ada Lovelace", "Ada Augusta King"]) {
    const contact = must(await contacts.upsert?.({ email: " Ada@Example.com", name, list, tags: ["Regulars"] }, ctx()));
    assert.deepEqual([contact.name, contact.status, contact.list], [name, "subscribed", list]);
  }
  const [ada] = await found("ADA@example.com");
  assert.ok(ada);
  assert.deepEqual([ada.name, ada.tags], ["Ada Augusta King", ["Regulars"]]);
  for (let times = 0; times < 2; times += 1)
    must(await contacts.tag?.({ externalId: ada.externalId, add: ["New"], remove: ["Regulars"] }, ctx()));
  assert.deepEqual((await found("ada@example.com"))[0]?.tags, ["New"]);
  for (let times = 0; times < 2; times += 1) must(await contacts.archive?.({ externalId: ada.externalId }, ctx()));
  assert.deepEqual(
    (await found("ada@example.com")).map(({ status }) => status),
    ["archived"],
  );
});

test("nobody who left is signed up again, by one call or by many", async () => {
  const { ctx, list, found, act } = await setUp();
  const email = "ada@example.com";
  must(await contacts.upsert?.({ email, list }, ctx()));
  await act("leave", { list_id: list, email });
  must(await contacts.upsert?.({ email, name: "Ada Lovelace", list }, ctx()));
  const many = must(await contacts.upsertMany?.run({ list, contacts: [{ email, name: "Ada L" }] }, ctx()));
  assert.deepEqual([many.saved.map((one) => one.status), many.refused], [["unsubscribed"], []]);
  assert.deepEqual(
    (await found(email)).map(({ status, name }) => [status, name]),
    [["unsubscribed", "Ada L"]],
  );
});

test("of a batch each is saved, or refused by its address, and who was there is brought up to date", async () => {
  const { ctx, list, found } = await setUp();
  must(await contacts.upsert?.({ email: "ada@example.com", name: "Ada", list }, ctx()));
  const many = must(
    await contacts.upsertMany?.run(
      {
        list,
        contacts: [
          { email: "ada@example.com", name: "Ada Lovelace" },
          { email: "ida@example.com", tags: ["Regulars"] },
          { email: "no address" },
          { email: "Ida@example.com", tags: ["Regulars"], name: "Ida Holm" },
        ],
      },
      ctx(),
    ),
  );
  assert.deepEqual(many.saved.map(({ email, name, tags }) => [email?.toLowerCase(), name, tags]).toSorted(), [
    ["ada@example.com", "Ada Lovelace", []],
    ["ida@example.com", "Ida Holm", ["Regulars"]],
  ]);
  assert.deepEqual(
    many.refused.map(({ email }) => email),
    ["no address"],
  );
  assert.match(many.refused[0]?.message ?? "", /\S \S/);
  assert.equal((await found("ida@example.com"))[0]?.tags[0], "Regulars");
});

test("who is on two audiences is two contacts, and without a list the one that is meant has to be named", async () => {
  const { ctx, list, other, found } = await setUp();
  const email = "ada@example.com";
  for (const one of [list, other]) must(await contacts.upsert?.({ email, list: one }, ctx()));
  const both = await found(email, "");
  assert.deepEqual(new Set(both.map((one) => one.list)), new Set([list, other]));
  assert.equal(new Set(both.map((one) => one.externalId)).size, 2);
  const unnamed = await contacts.upsert?.({ email }, ctx());
  assert.ok(unnamed && !unnamed.ok && unnamed.error.kind === "content_rejected" && unnamed.error.field === "list");
  const strange = await contacts.archive?.({ externalId: "../../campaigns" }, ctx());
  assert.ok(strange && !strange.ok && strange.error.kind === "content_rejected");
});

test("people are found by their name, in one audience or in all, each once", async () => {
  const { ctx, list, other } = await setUp();
  for (const one of [list, other])
    must(await contacts.upsert?.({ email: "ada@example.com", name: "Ada Storm", list: one }, ctx()));
  must(await contacts.upsert?.({ email: "ida@example.com", name: "Ida Holm", list }, ctx()));
  const named = async (name: string, of?: string) =>
    must(await contacts.find({ name, ...(of && { list: of }) }, ctx())).contacts.map((one) => [one.name, one.list]);
  assert.deepEqual(
    (await named("storm")).toSorted(),
    [
      ["Ada Storm", list],
      ["Ada Storm", other],
    ].toSorted(),
  );
  assert.deepEqual(await named("storm", other), [["Ada Storm", other]]);
  assert.deepEqual((await named("ada@example.com")).length, 2, "an exact match is among the rest as well");
  assert.deepEqual(await named("nobody"), []);
});

test("the people of an audience are read page by page", async () => {
  const { ctx, list } = await setUp();
  const people = Array.from({ length: 205 }, (_, at) => ({ email: `p${at}@example.com` }));
  must(await contacts.upsertMany?.run({ list, contacts: people }, ctx()));
  const first = must(await contacts.find({ list }, ctx()));
  assert.ok(first.cursor);
  const second = must(await contacts.find({ list, cursor: first.cursor }, ctx()));
  const odd = await contacts.find({ list, cursor: "1-x" }, ctx());
  assert.ok(!odd.ok && odd.error.kind === "content_rejected" && odd.error.field === "cursor");
  const all = [...first.contacts, ...second.contacts].map(({ externalId }) => externalId);
  assert.deepEqual([first.contacts.length, second.cursor, new Set(all).size >= 205], [200, undefined, true]);
});
