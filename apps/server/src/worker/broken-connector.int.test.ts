import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Format, Publishing } from "@postd/connector-kit";
import { asId, type PublishPayload } from "@postd/contracts";
import type { Caller } from "@postd/core";
import { createHarness } from "./pipeline-harness.ts";

const breaks = (): never => {
  throw new TypeError("secret words of a post");
};

/** Formats whose pure functions break; `done` breaks after the post is live. */
const step = { name: "show", effect: "visible", repeatable: false, done: () => false } as const;
const run = async () => ({ ok: true as const, value: { state: {}, published: { externalId: "never" } } });
const probe = async () => ({ ok: true as const, value: { kind: "not_seen" as const, looked: "the page" } });
const format = { label: "Broken", media: { min: 0, max: 0 }, start: () => ({}) } as const;
const formats: Readonly<Record<string, Format>> = {
  breaks_start: { ...format, start: breaks, steps: [{ ...step, run, probe }] },
  breaks_done: { ...format, steps: [{ ...step, done: breaks, run, probe }] },
  breaks_prepare: { ...format, steps: [{ ...step, prepare: breaks, run, probe }] },
};

describe("a connector whose pure function breaks", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let caller: Caller;
  let connectionId: ReturnType<typeof asId<"connection">>;
  let whole: Publishing;
  before(async () => {
    h = await createHarness(formats);
    whole = { ...h.platformFacets.publishing };
  });
  after(() => h.close());
  beforeEach(async () => {
    const made = await h.tenant();
    caller = made.caller;
    connectionId = asId("connection", made.connectionId);
    h.errors.length = 0;
    Object.assign(h.platformFacets.publishing, { validate: undefined, mentions: undefined }, whole);
  });

  const told = () => {
    assert.ok(
      h.errors.some((line) => line.startsWith("a connector broke")),
      "the operator is told",
    );
    assert.ok(!h.errors.join().includes("Fresh bread"));
  };
  const text = "Fresh bread by @Nordlys";
  const mentions = [{ name: "Nordlys", handles: { scripted: "nordlys" } }];
  const faults: readonly [string, () => Partial<Publishing>, Partial<PublishPayload>?][] = [
    ["validate", () => ({ validate: breaks })],
    ["fingerprint", () => ({ fingerprint: breaks })],
    ["defaultFormat", () => ({ defaultFormat: breaks })],
    ["the counting of text", () => ({ limits: { text: { ...whole.limits.text, count: breaks } } })],
    ["the writing of mentions", () => ({ mentions: { write: breaks } }), { mentions }],
  ];
  for (const [name, fault, more] of faults)
    it(`refuses the post for that account by the platform's name, and takes nothing: ${name}`, async () => {
      const draft = await h.service.createPost(caller, { text, targets: [{ connectionId }], mode: "ask" });
      assert.ok(draft.ok, JSON.stringify(draft));
      Object.assign(h.platformFacets.publishing, fault());
      const targets = [{ connectionId }];
      const id = asId("post", draft.value.view.id);
      const before = await h.service.listPosts(caller, { limit: 10 });
      const asked = [
        await h.service.publish(caller, { connectionId, payload: { text, ...more } }),
        await h.service.createPost(caller, { text, targets, ...more }),
        await h.service.updatePost(caller, id, { text: `${text}, still warm`, ...more }),
        ...(more ? [] : [await h.service.decidePost(caller, id, { approve: true })]),
      ];
      for (const answer of asked) {
        assert.ok(!answer.ok && answer.error.code === "post_has_problems", JSON.stringify(answer));
        const [problem] = answer.error.problems ?? [];
        assert.equal(problem?.code, "connector_broken");
        assert.match(problem.message, new RegExp(h.platformFacets.name));
      }
      const dry = await h.service.validatePost(caller, { text, targets, ...more });
      assert.ok(dry.ok && !dry.value.ok && dry.value.targets[0]?.problems[0]?.code === "connector_broken");
      assert.deepEqual(await h.service.listPosts(caller, { limit: 10 }), before);
      told();
    });

  for (const name of Object.keys(formats))
    it(`settles the job as not sent: ${name}`, async () => {
      const made = await h.service.publish(caller, { connectionId, payload: { text: "Fresh bread", format: name } });
      assert.ok(made.ok, JSON.stringify(made));
      await h.settle();
      const job = await h.service.getJob(caller, asId("publishJob", made.value.view.id));
      assert.ok(job.ok);
      assert.deepEqual([job.value.state, job.value.mayBeLive], ["failed", false]);
      assert.match(job.value.failure?.message ?? "", /POSTD itself failed/);
      assert.ok(h.errors.length > 0, "the operator is told");
    });

  it("ends a removal whose parts nobody can name without calling it done", async () => {
    const made = await h.service.publish(caller, { connectionId, payload: { text: "Old bread" } });
    assert.ok(made.ok);
    await h.settle();
    const id = asId("publishJob", made.value.view.id);
    Object.assign(h.platformFacets.publishing, { remove: { ...whole.remove, parts: breaks } });
    h.platform.deeds = Array.from({ length: 6 }, () => ({ kind: "outcome_unknown", message: "No answer." }));
    assert.ok((await h.service.removeJob(caller, id)).ok);
    await h.settle();
    h.platform.deeds = [];
    const job = await h.service.getJob(caller, id);
    assert.ok(job.ok);
    assert.deepEqual(
      [job.value.state, job.value.wish, job.value.wishOutcome?.outcome],
      ["published", undefined, "failed"],
    );
    told();
  });
});
