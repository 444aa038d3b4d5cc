import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { ConnectorContext, Format, Step } from "@postd/connector-kit";
import { asId, type JsonObject } from "@postd/contracts";
import type { Caller } from "@postd/core";
import { Crash, createHarness, lateAfterMs, leaseMs } from "./pipeline-harness.ts";

type State = JsonObject & { readonly made?: boolean; readonly isUnseen?: boolean; readonly id?: string };

/** A post that should be made unseen might come out at once; the platform says whether it did, and then it is shown. */
let shown = 0;
let dies = false;
const sent = (ctx: ConnectorContext) => (ctx as unknown as { readonly sent: () => void }).sent();
const notSeen = async () => ({ ok: true, value: { kind: "not_seen", looked: "the newest" } }) as const;
const steps: readonly Step<State>[] = [
  {
    name: "make",
    effect: "visible",
    repeatable: false,
    done: ({ made }) => made === true,
    run: async ({ state }, ctx) => {
      sent(ctx);
      return { ok: true, value: { state: { ...state, made: true } } };
    },
    probe: notSeen,
  },
  {
    name: "check",
    effect: "none",
    repeatable: true,
    done: ({ isUnseen }) => isUnseen === true,
    run: async ({ state }) => {
      if (dies) {
        dies = false;
        throw new Crash();
      }
      return { ok: true, value: { state: { ...state, isUnseen: true }, unseen: true } };
    },
  },
  {
    name: "show",
    effect: "visible",
    repeatable: true,
    done: ({ id }) => id !== undefined,
    run: async ({ state }, ctx) => {
      sent(ctx);
      shown += 1;
      const id = `seen-${texts}`;
      return { ok: true, value: { state: { ...state, id }, published: { externalId: id } } };
    },
    probe: notSeen,
  },
];
const unseen: Format<State> = { label: "Unseen first", media: { min: 0, max: 0 }, start: () => ({}), steps };

let h: Awaited<ReturnType<typeof createHarness>>;
let caller: Caller;
let connectionId: string;
let texts = 0;
before(async () => {
  h = await createHarness({ unseen });
});
after(() => h.close());
beforeEach(async () => {
  await h.forget();
  ({ caller, connectionId } = await h.tenant());
  shown = 0;
});

/** A worker dies after the post was made and before anybody asked whether it is seen. */
async function madeAndLeft(): Promise<string> {
  texts += 1;
  dies = true;
  const payload = { content: `unseen ${texts}`, format: "unseen" };
  const made = await h.service.publish(caller, { connectionId: asId("connection", connectionId), payload });
  assert.ok(made.ok, JSON.stringify(made));
  await h.work();
  return made.value.view.id;
}
const heldAs = async (id: string) => {
  const job = await h.service.getJob(caller, asId("publishJob", id));
  assert.ok(job.ok);
  return [job.value.state, job.value.heldReason, shown];
};

test("goes on where nothing stands in its way", async () => {
  const id = await madeAndLeft();
  await h.settle();
  assert.deepEqual([await h.state(caller, id), shown], ["published", 1]);
});

test("is not shown by itself after a machine was off, though the platform says that nobody sees it", async () => {
  const id = await madeAndLeft();
  await h.advance(lateAfterMs + leaseMs);
  await h.settle();
  assert.deepEqual(await heldAs(id), ["held", "missed", 0]);
});

test("is not shown while the workspace is paused, though the platform says that nobody sees it", async () => {
  const id = await madeAndLeft();
  assert.ok((await h.service.pause(caller, { scope: "tenant" })).ok);
  await h.settle();
  assert.deepEqual(await heldAs(id), ["held", "paused", 0]);
});
