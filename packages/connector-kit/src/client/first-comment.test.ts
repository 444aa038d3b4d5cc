import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, ok } from "@postd/contracts";
import type { ConnectorContext } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Step } from "../publish.ts";
import { type CommentState, type FirstCommentFacts, firstCommentSteps } from "./first-comment.ts";
import { played } from "./play-fixture.ts";

type State = CommentState & { readonly [key: string]: unknown; readonly id?: string; readonly way?: string };
const show: Step<State> = {
  name: "show",
  effect: "none",
  repeatable: true,
  done: ({ id }) => id !== undefined,
  run: async ({ state }) => ok({ state: { ...state, id: "p1" }, published: { externalId: "p1" } }),
};
const lost: PlatformFailure = { kind: "outcome_unknown", message: "cut" };
const refusal: PlatformFailure = { kind: "scope_missing", scopes: [], refused: true, message: "not on this app" };

/** Plays a post with a comment; `answers` are what writing it meets, in turn, `shown` what stands under the post. */
async function comment(
  answers: readonly (PlatformFailure | "instead")[],
  shown: readonly string[] = [],
  canRead = true,
  isOwn?: boolean,
) {
  const said: string[] = [];
  const left = [...answers];
  const leaves = (ctx: ConnectorContext) => ctx.http.request({ method: "POST", url: "https://place.example/" });
  const facts: FirstCommentFacts<State> = {
    postOf: ({ id }) => (id === undefined ? undefined : { externalId: id }),
    wanted: (_state, post) => post.firstComment,
    async write({ text, state }, ctx) {
      await leaves(ctx);
      said.push(`${state.way ?? "first"}: ${text}`);
      const odd = left.shift();
      if (odd === "instead") return ok({ instead: { ...state, way: "second" } });
      return odd ? fail(odd) : ok({ id: "c1" });
    },
    newest: async () =>
      canRead
        ? ok(shown.map((text, index) => ({ id: `s${index}`, text, isOwn })))
        : fail({ ...refusal, message: "hidden" }),
  };
  const told = await played([show, ...firstCommentSteps(facts)], {}, { firstComment: "More  below" });
  return { told, said };
}

test("a comment is written once, under the post that is out", async () => {
  const { told, said } = await comment([]);
  assert.deepEqual([told.end, told.state.commentId, said], ["published", "c1", ["first: More  below"]]);
});

test("a refused comment is noted and never fails the post, nor breaks the sign-in", async () => {
  const { told, said } = await comment([refusal]);
  assert.deepEqual(
    [told.end, told.failure, told.state.commentNote, said.length],
    ["published", undefined, "not on this app", 1],
  );
});

test("a lost comment is looked for under the post and never written twice", async () => {
  const found = await comment([lost], ["Another", "More below"]);
  assert.deepEqual([found.told.end, found.told.state.commentId, found.said.length], ["published", "s1", 1]);
  for (const canRead of [true, false]) {
    const { told, said } = await comment([lost], ["Another"], canRead);
    assert.deepEqual([told.end, said.length], ["published", 1]);
    assert.match(String(told.state.commentNote), /not known/);
  }
});

test("the same words of somebody else are not the lost comment", async () => {
  const { told } = await comment([lost], ["More below"], true, false);
  assert.deepEqual([told.end, told.state.commentId], ["published", undefined]);
  assert.equal((await comment([lost], ["More below"], true, true)).told.state.commentId, "s0");
});

test("what is refused one way is tried the other, and what passes is tried again", async () => {
  const { told, said } = await comment(["instead", { kind: "unavailable", refused: true, message: "busy" }]);
  assert.deepEqual([told.end, told.state.commentId], ["published", "c1"]);
  assert.deepEqual(said, ["first: More  below", "second: More  below", "second: More  below"]);
});
