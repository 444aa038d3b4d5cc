import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpResponse } from "@postd/connector-kit";
import { creations, dates, inState, photo, setUp } from "./connect-harness.ts";
import { ownName } from "./names.ts";
import { businessProfile } from "./platform.ts";

const { publishing, health } = businessProfile;
assert.ok(publishing);
const { edit, remove, lookUp, schedule, fingerprint } = publishing;
const cutCreate = (when: "before" | "after") => (_run: number, step: { name: string }) =>
  step.name === "create_post" ? ({ kind: "cut", when } as const) : undefined;

/** A post whose location is then moved to another account of the same person. */
async function moved() {
  const bench = await setUp();
  const { world, act, connected, location } = bench;
  const { published } = await bench.publish({});
  assert.ok(published);
  const made = await act("addAccounts", { person: connected.person, names: ["New owner"] });
  const [account = ""] = (made as { accounts: string[] }).accounts;
  await act("setLocation", { location, movedTo: account });
  return {
    ...bench,
    ref: published,
    account,
    ctx: (effect: "none" | "visible" = "none") => world.context(connected, effect),
  };
}

test("a location that is moved to another account takes none of its posts with it: nothing is called gone, and the way is found anew", async () => {
  const { world, connected, ref, account, ctx, live } = await moved();
  const asked = [
    await edit?.run(ref, { format: "standard", text: "Other beans", options: {} }, ctx("visible")),
    await remove?.run({ ...ref, format: "standard" }, ctx("visible")),
    await schedule?.verify(ref, ctx()),
    await lookUp?.(ref, ctx()),
  ];
  for (const told of asked) assert.ok(told && !told.ok && told.error.kind === "scope_missing", JSON.stringify(told));
  const well = await health(ctx());
  assert.ok(well.ok, JSON.stringify(well));
  assert.equal(well.value.extras?.account, account);
  const extras = { ...connected.account.extras, ...well.value.extras };
  const again = world.context({ ...connected, account: { ...connected.account, extras } }, "visible");
  assert.ok((await lookUp?.(ref, again))?.ok);
  assert.deepEqual(await remove?.run({ ...ref, format: "standard" }, again), { ok: true, value: undefined });
  assert.equal(live().length, 0);
});

test("a post that is looked at while its location is moved away is neither failed nor made again", async () => {
  const { act, connected, publish, location, calls } = await setUp();
  const made = await act("addAccounts", { person: connected.person, names: ["New owner"] });
  const [movedTo = ""] = (made as { accounts: string[] }).accounts;
  const meddle = (run: number) => void (run === 1 && act("setLocation", { location, movedTo }));
  const told = await publish({}, { meddle: (run) => meddle(run) ?? undefined });
  assert.deepEqual([told.end, calls("POST", creations)], ["asks_person", 1], JSON.stringify(told.failure));
});

test("a person without a way to the location left is told so by the check of the account", async () => {
  const { world, act, connected, location } = await setUp();
  await act("removeMember", { account: location.split("/locations")[0] ?? "", person: connected.person });
  const told = await health(world.context(connected, "none"));
  assert.ok(!told.ok && told.error.kind === "scope_missing", JSON.stringify(told));
});

test("a location v4 says nothing of, though its account still lists it, is no reason to sign in again", async () => {
  const { world, connected } = await setUp();
  world.sim.arm({ fault: "platformError", name: "PERMISSION_DENIED", match: { path: "/localPosts$" } });
  const told = await health(world.context(connected, "none"));
  assert.ok(told.ok && told.value.extras?.account === undefined, JSON.stringify(told));
});

test("a page in place of an answer says nothing about a post", async () => {
  const { world, connected, publish } = await setUp();
  const { published } = await publish({});
  assert.ok(published);
  const tamper = (answer: HttpResponse) => ({
    ...answer,
    status: 404,
    text: "<!DOCTYPE html><title>404</title>",
    json: undefined,
  });
  const ctx = (effect: "none" | "visible") => world.context(connected, effect, { effectCalls: 0, tamper });
  const asked = [
    await remove?.run({ ...published, format: "standard" }, ctx("visible")),
    await schedule?.verify(published, ctx("none")),
    await lookUp?.(published, ctx("none")),
  ];
  for (const told of asked) assert.ok(told && !told.ok, JSON.stringify(told));
});

test("a post Google does not know a moment after it named it is asked about again, and stays one", async () => {
  const { publish, calls, live } = await setUp();
  let unknown = 2;
  const gone = { error: { code: 404, message: "Requested entity was not found.", status: "NOT_FOUND" } };
  const tamper = (answer: HttpResponse) => {
    const isPost = answer.effect === "none" && (answer.json as { name?: string }).name !== undefined;
    if (!isPost || unknown === 0) return answer;
    unknown -= 1;
    return { ...answer, status: 404, text: JSON.stringify(gone), json: gone };
  };
  const told = await publish({}, { tamper });
  assert.deepEqual([told.end, unknown, live().length, calls("POST", creations)], ["published", 0, 1, 1]);
});

test("of two events of the same words only the one of the same title and time is taken for a lost one", async () => {
  const options = { title: "Tasting night", ...dates };
  const event = { format: "event", text: "", options };
  const { publish, live, act } = await setUp();
  await act("set", { reviewMs: 0 });
  const other = { ...event, options: { ...options, startDate: "2026-12-23" } };
  assert.notEqual(fingerprint({ ...event, media: [] }), fingerprint({ ...other, media: [] }));
  assert.equal(fingerprint({ ...event, media: [] }), fingerprint({ ...event, media: [] }));
  await publish(other);
  const before = await publish(event, { meddle: cutCreate("before") });
  assert.deepEqual([before.end, live().length], ["asks_person", 1], "the other one is no answer");
  const after = await publish(event, { meddle: cutCreate("after") });
  assert.deepEqual([after.end, live().length], ["published", 2]);
});

test("a change that Google rejects is not told to be done", async () => {
  const { world, connected, publish } = await setUp();
  const { published } = await publish({});
  assert.ok(published);
  const ctx = world.context(connected, "visible", { effectCalls: 0, tamper: inState("REJECTED") });
  const told = await edit?.run(published, { format: "standard", text: "Call 12 34 56 78", options: {} }, ctx);
  assert.ok(told && !told.ok && told.error.kind === "content_rejected" && told.error.refused, JSON.stringify(told));
});

test("a post that is looked at again after a change is neither there nor gone", async () => {
  const { world, connected, publish } = await setUp();
  const { published } = await publish({});
  assert.ok(published);
  const seenIn = async (state: string) => {
    const told = await lookUp?.(
      published,
      world.context(connected, "none", { effectCalls: 0, tamper: inState(state) }),
    );
    return told?.ok ? told.value : told?.error.kind;
  };
  assert.equal(await seenIn("PROCESSING"), "unavailable");
  assert.equal(await seenIn("LOCAL_POST_STATE_UNSPECIFIED"), "unavailable");
  assert.equal(await seenIn("REJECTED"), undefined);
});

test("a photo Google cannot fetch is offered again for a while, holds no other post up, and is told in the end", async () => {
  const picture = photo(9);
  const { world, publish, calls } = await setUp([picture]);
  const lost = { ...picture.info, id: "med_nobody" as typeof picture.info.id };
  const begun = world.clock.now().getTime();
  const told = await publish({ media: [lost] });
  assert.ok(told.end === "failed" && told.failure?.kind === "content_rejected", JSON.stringify(told));
  assert.deepEqual([told.failure.field, told.failure.reason, calls("POST", creations)], ["media.0", "unfetched", 4]);
  assert.ok(world.clock.now().getTime() - begun > 30 * 60_000);
  let tries = 0;
  const later = await publish(
    {},
    {
      tamper: (answer) => {
        tries += answer.effect === "visible" ? 1 : 0;
        return answer;
      },
    },
  );
  assert.deepEqual([later.end, tries], ["published", 1]);
});

test("a name that leads out of its place is none", () => {
  const ctx = { account: { externalId: "locations/2", kind: "location", authKind: "", name: "Ida", extras: {} } };
  for (const name of [
    "locations/2/localPosts/..",
    "locations/2/localPosts/.",
    "locations/2/localPosts/a/b",
    "locations/2/localPosts/",
    "locations/22/localPosts/3",
  ])
    assert.equal(ownName(ctx, name, "localPosts"), undefined, name);
  assert.equal(
    ownName(ctx, " accounts/1/locations/2/localPosts/Aä%2F-_.. ", "localPosts"),
    "locations/2/localPosts/Aä%2F-_..",
  );
});

test("a planned post with a photo is not moved beyond the time its photo can be fetched", async () => {
  const picture = photo(3);
  const { world, connected, publish } = await setUp([picture]);
  const inDays = (days: number) => new Date(world.clock.now().getTime() + days * 86_400_000);
  const told = await publish({}, { publishAt: inDays(2) });
  const { published } = told;
  assert.ok(told.end === "handed_over" && published, JSON.stringify(told));
  const move = async (days: number) => schedule?.move(published, inDays(days), world.context(connected, "visible"));
  assert.deepEqual(await move(170), { ok: true, value: undefined });
  const late = await move(190);
  assert.ok(late && !late.ok && late.error.kind === "content_rejected", JSON.stringify(late));
});

test("pages of nothing are read past, and not for ever", async () => {
  const { world, connected, publish } = await setUp();
  await publish({});
  let pages = 0;
  const empty = (most: number) => (answer: HttpResponse) => {
    pages += 1;
    if (pages > most) return answer;
    return { ...answer, json: { nextPageToken: `${btoa("0").replaceAll("=", "")}` }, text: "{}" };
  };
  const recent = (most: number) => {
    pages = 0;
    const ctx = world.context(connected, "none", { effectCalls: 0, tamper: empty(most) });
    return businessProfile.numbers?.recent?.({ since: new Date(0) }, ctx);
  };
  const told = await recent(2);
  assert.ok(told?.ok && told.value.posts.length === 1, JSON.stringify(told));
  const endless = await recent(1_000);
  assert.ok(endless?.ok && endless.value.posts.length === 0 && pages < 10, String(pages));
});

test("a link stands behind a button that says so, and what is said of the button counts before it", async () => {
  const link = { url: "https://example.com/beans" };
  const button = async (options: Record<string, string>, format = "standard") => {
    const { publish, live } = await setUp();
    assert.equal((await publish({ format, options, link })).end, "published");
    return live()[0]?.details?.callToAction;
  };
  assert.deepEqual(await button({}), { actionType: "LEARN_MORE", url: link.url });
  assert.deepEqual(await button({ button: "BOOK" }), { actionType: "BOOK", url: link.url });
  const { world, connected, publish, live } = await setUp();
  const { published } = await publish({ options: { button: "BOOK" }, link });
  assert.ok(published);
  const change = { format: "standard", text: "Other beans", options: { button: "ORDER" } };
  const changed = await edit?.run(published, change, world.context(connected, "visible"));
  assert.ok(changed?.ok, JSON.stringify(changed));
  assert.deepEqual(live()[0]?.details?.callToAction, { actionType: "ORDER", url: link.url });
  const elsewhere = "https://example.com/book";
  assert.deepEqual(await button({ button: "BOOK", buttonUrl: elsewhere }), { actionType: "BOOK", url: elsewhere });
  assert.deepEqual(await button({ button: "CALL" }), { actionType: "CALL" });
  assert.deepEqual(await button({ title: "Tasting", ...dates }, "event"), { actionType: "LEARN_MORE", url: link.url });
});
