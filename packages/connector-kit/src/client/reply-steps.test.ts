import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, ok } from "@postd/contracts";
import type { ConnectorContext } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import { played } from "./play-fixture.ts";
import { type ReplyState, replySteps, type ShownComment } from "./reply-steps.ts";

const now = new Date(Date.UTC(2026, 10, 26, 12));
const own: ShownComment = { id: "r9", text: "Thank  you", createdAt: now, isOwn: true };
const lost: PlatformFailure = { kind: "outcome_unknown", message: "cut" };
const noRight: PlatformFailure = { kind: "scope_missing", scopes: ["write_comments"], message: "Not granted." };
const gone: PlatformFailure = { kind: "content_rejected", field: "text", reason: "missing", message: "(#100) 33" };

/** Answers entry `e1`; `answers` are what writing meets, in turn, `shown` what stands below it afterwards. */
async function reply(
  answers: readonly (PlatformFailure | "instead")[],
  shown: readonly ShownComment[] | PlatformFailure = [],
  destination = "e1",
) {
  const said: string[] = [];
  const left = [...answers];
  const steps = replySteps<string>({
    entryOf: (id) => (/^e\d$/.test(id) ? id : undefined),
    async write({ entry, text, way = "first" }, ctx: ConnectorContext) {
      await ctx.http.request({ method: "POST", url: "https://place.example/" });
      said.push(`${way} ${entry}: ${text}`);
      const odd = left.shift();
      if (odd === "instead") return ok({ instead: "second" });
      return odd ? fail(odd) : ok({ id: "r1" });
    },
    below: async () => ("kind" in shown ? fail(shown) : ok(shown)),
    looked: "the answers to the comment",
  });
  const start: ReplyState = {};
  const told = await played(steps, start, { format: "reply", text: "Thank you", destination });
  return { told, said };
}

test("an answer is written once and known by its id", async () => {
  const { told, said } = await reply([]);
  assert.deepEqual([told.end, told.published, said], ["published", { externalId: "r1" }, ["first e1: Thank you"]]);
});

test("a lost answer is looked for and never written twice", async () => {
  const found = await reply([lost], [own]);
  assert.deepEqual([found.told.end, found.told.published?.externalId, found.said.length], ["published", "r9", 1]);
  const strange: readonly (readonly ShownComment[] | PlatformFailure)[] = [
    [],
    gone,
    noRight,
    [{ ...own, isOwn: false }],
    [{ ...own, isOwn: undefined }],
    [{ ...own, text: "Thanks" }],
    [{ ...own, createdAt: new Date(now.getTime() - 3_600_000) }],
    [{ ...own, createdAt: undefined }],
  ];
  for (const shown of strange) {
    const { told, said } = await reply([lost], shown);
    assert.deepEqual([told.end, told.published, said.length], ["asks_person", undefined, 1], JSON.stringify(shown));
  }
});

test("of two answers that could be it none is taken", async () => {
  const { told, said } = await reply([lost], [own, { ...own, id: "r8" }]);
  assert.deepEqual([told.end, told.published, said.length], ["asks_person", undefined, 1]);
});

test("what is refused one way is tried the other", async () => {
  const { told, said } = await reply(["instead"]);
  assert.deepEqual([told.end, said], ["published", ["first e1: Thank you", "second e1: Thank you"]]);
});

test("an entry that is gone, or is none, is blamed by its own field", async () => {
  for (const [answers, destination, calls] of [
    [[{ ...gone, refused: true }], "e1", 1],
    [[], "somewhere", 0],
  ] as const) {
    const { told, said } = await reply(answers, [], destination);
    assert.ok(told.failure?.kind === "content_rejected");
    assert.deepEqual([told.end, told.failure.field, said.length], ["failed", "destination", calls]);
  }
});

test("a right that only comments need ends the answer, and neither holds posts nor breaks the sign-in", async () => {
  const { told, said } = await reply([{ ...noRight, refused: true }]);
  assert.ok(told.failure?.kind === "content_rejected");
  assert.deepEqual([told.end, told.failure.reason, said.length], ["failed", "not_allowed", 1]);
  assert.match(told.failure.message, /^Not granted\. .*write_comments/);
});
