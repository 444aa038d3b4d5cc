import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpResponse } from "@postd/connector-kit";
import { answer, film, makes, picture, setUp } from "./connect-harness.ts";
import type { PostState } from "./media.ts";
import { x } from "./platform.ts";

/** What X's pages leave open, or say two ways: the connector has to get on with each. */
const settings = [
  { dialect: "new" },
  { escapes: true },
  { escapes: false },
  { createdHistory: "blank" },
  { createdHistory: "absent" },
  { replicaLagMs: 8_000 },
  { appendStatus: 204 },
  { finalizeBody: "json" },
  { segmentBytes: 1_048_576 },
  { mediaSeconds: 120 },
  { unknownMediaStatus: 404 },
  { hiddenNumbers: "post" },
  { hiddenNumbers: "field" },
  { dayHeaders: true },
] as const;

for (const setting of settings)
  test(`X is posted to, edited and counted where ${JSON.stringify(setting)} holds`, async () => {
    const { publish, act, ctx, live } = await setUp();
    await act("set", setting);
    const told = await publish({
      format: "video",
      text: "Roasting & <more>",
      media: [film.info],
      parts: [{ text: "More" }],
    });
    assert.equal(told.end, "published", JSON.stringify(told.failure));
    const ref = { externalId: told.published?.externalId ?? "", format: "video", state: told.state };
    const change = { format: "video", text: "Roasting & <more> day", options: {} };
    const edited = await x.publishing?.edit?.run(ref, change, ctx());
    assert.ok(edited?.ok && edited.value, JSON.stringify(edited));
    const numbers = await x.numbers?.posts?.([{ ...edited.value, format: "video" }], ctx());
    assert.ok(numbers?.ok && numbers.value[0]?.metrics.some(({ name }) => name === "likes"), JSON.stringify(numbers));
    const texts = live().map(({ text }) => text);
    assert.deepEqual(texts.toSorted(), ["More", "Roasting & <more> day"]);
    const gone = await x.publishing?.remove?.run({ ...edited.value, format: "video" }, ctx());
    assert.ok(gone?.ok, JSON.stringify(gone));
    assert.equal(live().length, 0);
  });

test("a lost answer is found in both dialects, and whether or not X escapes what it shows", async () => {
  for (const [dialect, escapes] of [
    ["old", true],
    ["new", false],
  ] as const) {
    const { publish, act, live } = await setUp();
    await act("set", { dialect, escapes });
    const parts = [{ text: "Two &amp; &lt;b> README.md" }];
    const cut = { kind: "cut", when: "after" } as const;
    const meddle = (_run: number, { name }: { readonly name: string }) =>
      name.startsWith("create_") ? cut : undefined;
    const told = await publish(
      { format: "images", text: "One & <more> https://example.com/a?b=c&d", media: [picture.info], parts },
      { meddle },
    );
    assert.equal(told.end, "published", `${dialect}: ${JSON.stringify(told.failure)}`);
    assert.deepEqual([live().length, (told.state as PostState).posts.length], [2, 2]);
  }
});

test("a post that is held for longer than X keeps files has them sent anew, however often", async () => {
  for (const path of [/metadata$/, makes]) {
    const { publish, world, sent, live } = await setUp();
    const day = { fault: "rateLimited", match: { path: path.source }, params: { retryAfterSeconds: 90_000 }, times: 3 };
    world.sim.arm(day);
    const media = [{ ...picture.info, altText: "A field" }];
    const told = await publish({ format: "images", text: "Late", media });
    assert.equal(told.end, "published", JSON.stringify(told.failure));
    assert.deepEqual([live().length, live()[0]?.media[0]?.altText], [1, "A field"]);
    assert.ok(sent("POST", /initialize$/).length > 1, path.source);
  }
});

test("pictures X is not done with when the post is made are waited for, and not sent anew", async () => {
  const { publish, act, sent, live } = await setUp();
  await act("set", { pictureMs: 20_000 });
  const media = [{ ...picture.info, altText: "A field" }];
  const told = await publish({ format: "images", text: "Slow", media });
  assert.equal(told.end, "published", JSON.stringify(told.failure));
  assert.deepEqual([live()[0]?.media[0]?.altText, sent("POST", /initialize$/).length], ["A field", 1]);
  assert.ok(sent("GET", /media\/upload$/).length > 1);
});

test("a description of a file X has lost is made again with the file, once", async () => {
  const { publish, world, live } = await setUp();
  let lost = 0;
  const lose = (res: HttpResponse): HttpResponse => {
    const isAlt = world.sim.requests().at(-1)?.path.endsWith("/metadata") === true;
    if (!isAlt || lost >= 1) return res;
    lost += 1;
    return answer(404, { title: "Not Found Error", type: "https://api.x.com/2/problems/resource-not-found" });
  };
  const media = [{ ...picture.info, altText: "A field" }];
  const told = await publish({ format: "images", text: "Once", media }, { tamper: lose });
  assert.equal(told.end, "published", JSON.stringify(told.failure));
  assert.deepEqual([lost, live().length, live()[0]?.media[0]?.altText], [1, 1, "A field"]);
});

test("without credits everything is held and asked once, and with some again it goes on", async () => {
  const { publish, act, sent, live } = await setUp();
  await act("set", { credits: "none" });
  const told = await publish({});
  assert.deepEqual([told.end, told.failure?.kind, sent("POST", makes).length], ["held", "operator_must_act", 1]);
  assert.ok(told.failure?.kind === "operator_must_act" && told.failure.link);
  await act("set", { credits: "some" });
  assert.deepEqual([(await publish({})).end, live().length], ["published", 1]);
});

test("a film X cannot use is said to be at fault", async () => {
  const { publish, act, live } = await setUp();
  await act("failMedia", {});
  const told = await publish({ format: "video", text: "Roasting & <more>", media: [film.info] });
  assert.ok(
    told.failure?.kind === "content_rejected" && told.failure.field === "media.0",
    JSON.stringify(told.failure),
  );
  assert.equal(live().length, 0);
});

test("a suspended or locked account is blocked, and nobody is asked to sign in again", async () => {
  for (const state of ["suspended", "locked"]) {
    const { publish, act, connected } = await setUp();
    await act("setPerson", { person: connected.account.handle ?? "", state });
    const told = await publish({}, { onFailure: "stop" });
    assert.equal(told.failure?.kind, "account_blocked", JSON.stringify(told.failure));
  }
});

test("a limit told by the older code is a limit all the same", async () => {
  const { publish, act, world } = await setUp();
  await act("set", { limitWords: "code88" });
  world.sim.arm({ fault: "rateLimited" });
  const told = await publish({}, { onFailure: "stop" });
  assert.deepEqual(
    [told.failure?.kind, told.failure?.platformCode],
    ["rate_limited", "88"],
    JSON.stringify(told.failure),
  );
});
