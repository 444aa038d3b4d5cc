import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, ok } from "@postd/contracts";
import { played } from "../client/play-fixture.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Step } from "../publish.ts";

type State = { readonly [key: string]: unknown; readonly id?: string };
const cut: PlatformFailure = { kind: "outcome_unknown", message: "cut" };

/** A post whose answer is lost, at a platform that answers looks so, and after these has it. */
async function lookedUp(...answers: readonly PlatformFailure[]) {
  let looks = 0;
  const send: Step<State> = {
    name: "send",
    effect: "visible",
    repeatable: false,
    done: ({ id }) => id !== undefined,
    async run(_input, ctx) {
      await ctx.http.request({ method: "POST", url: "https://place.example/" });
      return fail(cut);
    },
    async probe(_input, ctx) {
      const failure = answers[looks] ?? (answers.length === 1 ? answers[0] : undefined);
      looks += 1;
      if (failure) return fail(failure);
      const candidate = { externalId: "p1", createdAt: ctx.clock.now(), ours: true, state: { id: "p1" } };
      return ok({ kind: "found", candidates: [candidate] });
    },
  };
  return { ...(await played([send], {})), looks };
}

test("looks that the platform refuses end in asking a person", async () => {
  for (const failure of [
    { kind: "content_rejected", field: "post", reason: "missing", message: "No such account." },
    { kind: "unexpected_response", status: 400, message: "Bad request." },
  ] as const) {
    const told = await lookedUp(failure);
    assert.deepEqual([told.end, told.failure?.kind], ["asks_person", failure.kind]);
    assert.ok(told.looks >= 4 && told.looks < 10, String(told.looks));
  }
});

test("a platform that cannot be asked for a while is asked on", async () => {
  for (const failure of [
    { kind: "unavailable", message: "down" },
    { kind: "unexpected_response", status: 200, message: "a page of its own" },
    { kind: "operator_must_act", what: "the credits", message: "no credits" },
  ] as const) {
    const told = await lookedUp(...Array(20).fill(failure));
    assert.deepEqual([told.end, told.published?.externalId, told.looks], ["published", "p1", 21]);
  }
});
