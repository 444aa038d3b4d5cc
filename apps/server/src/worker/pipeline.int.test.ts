import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { PlatformFailure } from "@postd/connector-kit";
import { asId, type JobView, type PublishRequest } from "@postd/contracts";
import type { Caller } from "@postd/core";
import { runJob } from "@postd/core";
import { sql } from "drizzle-orm";
import { runSql } from "../adapters/postgres/run-sql.ts";
import { withTenant } from "../adapters/postgres/tenant-tx.ts";
import { createHarness, keyOf, lateAfterMs, leaseMs } from "./pipeline-harness.ts";

describe("the publish pipeline", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let caller: Caller;
  let connectionId: string;
  let texts = 0;
  const nextText = () => {
    texts += 1;
    return `text ${texts}`;
  };

  before(async () => {
    h = await createHarness();
  });
  after(() => h.close());
  beforeEach(async () => {
    await h.forget();
    ({ caller, connectionId } = await h.tenant());
    Object.assign(h.platform, {
      live: [],
      planned: [],
      containers: 0,
      script: [],
      listed: true,
      authority: "list",
      calls: 0,
      removed: [],
      deeds: [],
    });
  });

  const request = (text: string, payload: Partial<PublishRequest["payload"]> = {}): PublishRequest => ({
    connectionId: asId("connection", connectionId),
    payload: { content: text, ...payload },
  });
  const publish = async (text = nextText(), payload: Partial<PublishRequest["payload"]> = {}, key?: string) => {
    const made = await h.service.publish(caller, request(text, payload), key);
    assert.ok(made.ok, JSON.stringify(made));
    return made.value.view.id;
  };
  const job = async (id: string) => {
    const found = await h.service.getJob(caller, asId("publishJob", id));
    assert.ok(found.ok);
    return found.value;
  };

  it("publishes a due post once and records intent before answer", async () => {
    const id = await publish();
    await h.settle();
    const view = await job(id);
    assert.equal(view.state, "published");
    assert.equal(view.permalink, `https://scripted.test/${h.platform.live[0]?.id}`);
    assert.deepEqual(
      view.attempts?.map(({ step, outcome }) => `${step}:${outcome}`),
      ["make:ok", "show:ok"],
    );
    assert.equal(h.platform.live.length, 1);
  });

  it("tells of every answered try once, by step and outcome", async () => {
    h.attempts.length = 0;
    h.platform.script = [{ kind: "unavailable", message: "Down." }];
    await publish();
    await h.settle();
    assert.deepEqual(h.attempts, ["make:ok", "show:failed", "show:ok"]);
  });

  it("sends nothing before its time", async () => {
    const at = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
    const id = await publish(undefined, { scheduledFor: at });
    await h.work();
    assert.equal(await runJob(keyOf({ tenantId: caller.tenantId, jobId: id }), h.deps("early")), "early");
    assert.equal(h.platform.live.length, 0);
    await h.advance(3_601_000);
    await h.work();
    assert.equal(h.platform.live.length, 1);
  });

  it("a crash after the platform showed the post adopts it and never posts twice", async () => {
    h.platform.script = ["crash_after"];
    const id = await publish();
    await h.work();
    assert.equal(await h.state(caller, id), "publishing");
    await h.settle();
    const view = await job(id);
    assert.equal(view.state, "published");
    assert.equal(h.platform.live.length, 1);
    assert.ok(view.attempts?.some(({ outcome }) => outcome === "lost"));
  });

  it("a crash before the platform showed it asks a person where only a list can be read", async () => {
    h.platform.script = ["crash_before"];
    const id = await publish();
    await h.settle();
    const view = await job(id);
    assert.equal(view.state, "unknown");
    assert.equal(view.probe?.needsPerson, true);
    assert.equal(h.platform.live.length, 0);
    const refused = await h.service.retryJob(caller, asId("publishJob", id), {});
    assert.ok(!refused.ok && refused.error.code === "state_conflict");
    assert.ok((await h.service.resolveJob(caller, asId("publishJob", id), { outcome: "not_live" })).ok);
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
    assert.equal(h.platform.live.length, 1);
  });

  it("a crash before the platform showed it sends again where the platform's word is final", async () => {
    h.platform.authority = "authoritative";
    h.platform.script = ["crash_before"];
    const id = await publish();
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
    assert.equal(h.platform.live.length, 1);
  });

  for (const script of ["applied_unanswered", "lost"] as const) {
    it(`an answer that is ${script} ends with one post at most and no blind repeat`, async () => {
      h.platform.script = [script];
      const id = await publish();
      await h.settle();
      assert.equal(await h.state(caller, id), script === "lost" ? "unknown" : "published");
      assert.equal(h.platform.calls, 1);
    });
  }

  it("a probe waits until a paused worker's call must have ended", async () => {
    h.platform.script = ["crash_after"];
    const id = await publish();
    await h.work();
    await h.advance(leaseMs + 1_000);
    await h.work();
    const view = await job(id);
    assert.equal(view.state, "unknown");
    assert.equal(view.probe?.looks, 0);
    // The lease of the call, and what the platform may take to apply it.
    const waitMs = new Date(view.probe?.nextAt ?? 0).getTime() - h.clock.now().getTime();
    assert.ok(waitMs > 3_000 && waitMs <= 5_000, `${waitMs}`);
  });

  it("retries what surely had no effect after 1, 3, 9 and 27 s, then holds it for the outage and sends it when the platform is back", async () => {
    const down = { kind: "unavailable", message: "Down." } as const;
    h.platform.script = [down, down, down, down, down];
    const id = await publish();
    const waits: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await h.work();
      const view = await job(id);
      waits.push(Math.round((new Date(view.nextAt ?? 0).getTime() - h.clock.now().getTime()) / 1_000));
      await h.advance(new Date(view.nextAt ?? 0).getTime() - h.clock.now().getTime() + 5);
    }
    assert.deepEqual(waits, [1, 3, 9, 27, 60]);
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
    assert.equal(h.platform.live.length, 1);
  });

  it("a token that ended is renewed once and the same call repeated", async () => {
    h.platform.script = [{ kind: "auth_expired", message: "Expired." }];
    const before = h.renewals();
    const id = await publish();
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
    assert.equal(h.renewals() - before, 1);
    assert.equal(h.platform.containers, 1);
  });

  it("a revoked account holds the job and marks the account", async () => {
    h.platform.script = [{ kind: "auth_revoked", message: "Removed." }];
    const id = await publish();
    await h.settle();
    const view = await job(id);
    assert.deepEqual([view.state, view.heldReason, view.failure?.actor], ["held", "attention", "account_owner"]);
    const second = await publish();
    await h.settle();
    assert.equal((await job(second)).heldReason, "attention");
    assert.equal(h.platform.calls, 1);
  });

  it("a refused post goes to the desk and can be sent again from there", async () => {
    h.platform.script = [
      { kind: "content_rejected", field: "text", reason: "no", message: "The text is refused.", platformCode: "100" },
    ];
    const id = await publish();
    await h.settle();
    assert.equal(await h.state(caller, id), "failed");
    const desk = await h.service.listDlq(caller);
    assert.ok(desk.ok);
    assert.deepEqual(
      desk.value.groups.map(({ cause, count }) => [cause, count]),
      [["scripted:content_rejected:100", 1]],
    );
    assert.ok((await h.service.replayDlq(caller, { cause: "scripted:content_rejected:100" })).ok);
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
  });

  it("a platform that asks to wait holds the account's other posts too", async () => {
    h.platform.script = [{ kind: "rate_limited", message: "Slow down.", retryAfterMs: 30_000 }];
    const first = await publish();
    await h.work();
    const second = await publish();
    await h.work();
    assert.equal(h.platform.calls, 1);
    assert.equal(await h.state(caller, second), "scheduled");
    await h.settle();
    assert.deepEqual([await h.state(caller, first), await h.state(caller, second)], ["published", "published"]);
  });

  it("a machine that was off for three days sends nothing by itself on waking", async () => {
    const soon = new Date(h.clock.now().getTime() + 60_000).toISOString();
    const planned = await publish(undefined, { scheduledFor: soon });
    h.platform.script = [{ kind: "unavailable", message: "Down." }];
    const retrying = await publish();
    await h.work();
    assert.equal(await h.state(caller, retrying), "retrying");
    h.platform.script = ["crash_before"];
    h.platform.authority = "authoritative";
    const crashed = await publish();
    await h.work();
    const calls = h.platform.calls;
    await h.advance(3 * 24 * 3_600_000);
    await h.settle();
    assert.equal(h.platform.calls, calls);
    assert.equal(h.platform.live.length, 0);
    for (const id of [planned, retrying]) assert.equal((await job(id)).heldReason, "missed");
    const found = await job(crashed);
    assert.equal(found.heldReason ?? found.state, "missed");
    assert.ok((await h.service.retryJob(caller, asId("publishJob", planned), {})).ok);
    await h.settle();
    assert.equal(await h.state(caller, planned), "published");
  });

  it("two posts with the same text on purpose both go out, once each, one after the other", async () => {
    h.platform.script = ["lost"];
    const first = await publish("same words");
    await h.work();
    const refused = await h.service.publish(caller, request("same words"));
    assert.ok(!refused.ok && refused.error.code === "conflict");
    const second = await publish("same words", { repost: true });
    await h.work();
    assert.equal(await h.state(caller, second), "scheduled");
    assert.equal(h.platform.calls, 1);
    await h.settle(10 * 60_000);
    assert.ok((await h.service.resolveJob(caller, asId("publishJob", first), { outcome: "not_live" })).ok);
    await h.settle(10 * 60_000);
    assert.deepEqual([await h.state(caller, first), await h.state(caller, second)], ["published", "published"]);
    assert.equal(h.platform.live.length, 2);
  });

  it("a worker whose lease another took can write nothing", async () => {
    const id = await publish();
    const key = keyOf({ tenantId: caller.tenantId, jobId: id });
    const slow = h.deps("slow");
    const claimed = await slow.ledger.claim({ ...key, owner: "slow", leaseMs, lateAfterMs });
    assert.ok(!("refused" in claimed));
    await h.advance(leaseMs + 1);
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
    const intent = {
      attemptId: "att_late0001",
      kind: "call",
      step: "show",
      effect: "visible",
      repeatable: false,
      timeoutMs: 1,
      settleMs: 1,
      prepared: null,
      fingerprint: "",
      note: "",
    } as const;
    assert.equal(
      await slow.ledger.intend({ ...key, fence: claimed.fence, intent, connectorState: {}, leaseMs }),
      "lost",
    );
    assert.equal(
      await slow.ledger.settle({ ...key, fence: claimed.fence, change: { state: "failed", wake: null } }),
      "lost",
    );
    assert.equal(await slow.ledger.renew({ ...key, fence: claimed.fence, leaseMs }), undefined);
    assert.equal(h.platform.live.length, 1);
  });

  it("ten workers with the same hint send one post", async () => {
    const id = await publish();
    const key = keyOf({ tenantId: caller.tenantId, jobId: id });
    await Promise.all(Array.from({ length: 10 }, (_, index) => runJob(key, h.deps(`w${index}`))));
    assert.equal(h.platform.live.length, 1);
    assert.equal(await h.state(caller, id), "published");
  });

  it("the same key 50 times in parallel makes one job with one answer", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => h.service.publish(caller, request("keyed"), "key-1")),
    );
    const bodies = answers.map((answer) => {
      assert.ok(answer.ok);
      return JSON.stringify(answer.value.view, Object.keys(answer.value.view).sort());
    });
    assert.equal(new Set(bodies).size, 1);
    assert.equal(answers.filter((answer) => answer.ok && !answer.value.replayed).length, 1);
    const changed = await h.service.publish(caller, request("other words"), "key-1");
    assert.ok(!changed.ok && changed.error.code === "idempotency_conflict");
    const jobs = await h.service.listJobs(caller, { limit: 100 });
    assert.ok(jobs.ok);
    assert.equal(jobs.value.items.length, 1);
    await h.settle();
  });

  it("pause keeps everything, resume sends what is still in time and holds what is too late", async () => {
    assert.ok((await h.service.pause(caller, { scope: "tenant" })).ok);
    const early = await publish();
    await h.work();
    assert.equal((await job(early)).heldReason, "paused");
    await h.advance(lateAfterMs / 2);
    const fresh = await publish();
    await h.work();
    await h.advance(lateAfterMs / 2 + 60_000);
    assert.deepEqual(h.platform.live, []);
    assert.ok((await h.service.resume(caller, { scope: "tenant" })).ok);
    await h.settle();
    assert.equal((await job(early)).heldReason, "missed");
    assert.equal(await h.state(caller, fresh), "published");
  });

  it("a canceled job is never sent, and what is sent cannot be canceled", async () => {
    const at = new Date(h.clock.now().getTime() + 60_000).toISOString();
    const id = await publish(undefined, { scheduledFor: at });
    assert.ok((await h.service.cancelJob(caller, asId("publishJob", id))).ok);
    await h.advance(120_000);
    await h.settle();
    assert.equal(h.platform.live.length, 0);
    const sent = await publish();
    await h.settle();
    const refused = await h.service.cancelJob(caller, asId("publishJob", sent));
    assert.ok(!refused.ok && refused.error.code === "state_conflict");
  });

  it("an account that needs attention holds its posts and reconnecting lets those in time go out", async () => {
    const at = new Date(h.clock.now().getTime() + 600_000).toISOString();
    const id = await publish(undefined, { scheduledFor: at });
    const key = { tenantId: caller.tenantId, connectionId: asId("connection", connectionId) };
    assert.equal(await h.holds.holdConnection(key), 1);
    assert.equal((await job(id)).heldReason, "attention");
    assert.equal(await h.holds.releaseConnection(key), 1);
    assert.equal(await h.state(caller, id), "scheduled");
    await h.advance(600_000);
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
  });

  it("editing reaches the jobs before anything is sent, and the live text after it where the platform allows it", async () => {
    const at = new Date(h.clock.now().getTime() + 60_000).toISOString();
    const id = await publish("first words", { scheduledFor: at });
    const postId = asId("post", (await job(id)).postId);
    const edited = await h.service.updatePost(caller, postId, { content: "second words" });
    assert.ok(edited.ok, JSON.stringify(edited));
    assert.deepEqual(
      edited.value.view.changes?.map(({ jobId, change }) => [jobId, change]),
      [[id, "changed"]],
    );
    await h.advance(60_000);
    await h.settle();
    assert.deepEqual(
      h.platform.live.map(({ text }) => text),
      ["second words"],
    );
    const late = await h.service.updatePost(caller, postId, { content: "third words" });
    assert.ok(late.ok && late.value.waits);
    assert.equal(late.value.view.changes?.[0]?.change, "changing_live");
    await h.settle();
    assert.deepEqual(
      h.platform.live.map(({ text }) => text),
      ["third words"],
    );
    const shown = await h.service.getPost(caller, postId);
    assert.ok(shown.ok && shown.value.content.text === "third words");
  });

  it("a post handed to the platform's own clock is verified at its time", async () => {
    const at = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
    const id = await publish(undefined, { scheduledFor: at, nativeSchedule: true });
    await h.work();
    assert.equal(await h.state(caller, id), "handed_over");
    assert.equal(h.platform.planned.length, 1);
    await h.settle(2 * 3_600_000);
    assert.equal(await h.state(caller, id), "published");
    assert.equal(h.platform.live.length, 1);
  });

  it("a planned post the platform gives up fails with the platform's reason, and one that vanished with ours", async () => {
    const refused = {
      kind: "content_rejected",
      field: "text",
      reason: "rejected",
      message: "Not these words.",
    } as const;
    for (const [because, said] of [
      [refused, /Not these words/],
      [undefined, /somebody removed it there/],
    ] as const) {
      const at = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
      const id = await publish(undefined, { scheduledFor: at, nativeSchedule: true });
      await h.work();
      h.platform.gaveUpBecause = because;
      if (!because) h.platform.planned.splice(0);
      await h.settle(2 * 3_600_000);
      h.platform.gaveUpBecause = undefined;
      const view = await job(id);
      assert.equal(view.state, "failed", JSON.stringify(view));
      assert.match(view.failure?.message ?? "", said);
    }
  });

  describe("a post the platform holds while its account is disconnected", () => {
    const key = () => ({ tenantId: caller.tenantId, connectionId: asId("connection", connectionId) });
    const setDisconnected = (at: string) =>
      withTenant(h.app.db, caller.tenantId, (tx) =>
        runSql(tx, sql`update connections set disconnected_at = ${sql.raw(at)} where id = ${connectionId}`),
      );
    /** Handed over, then disconnected; nobody looks before its time. */
    const handOver = async () => {
      const at = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
      const id = await publish(undefined, { scheduledFor: at, nativeSchedule: true });
      await h.work();
      await setDisconnected("domain_now()");
      await h.holds.holdConnection(key());
      return id;
    };

    it("is counted, stays handed over until its time, and is called unknown from then on", async () => {
      const id = await handOver();
      assert.equal(await h.holds.handedOver(key()), 1);
      await h.settle(30 * 60_000);
      assert.equal(await h.state(caller, id), "handed_over");
      await h.settle(3 * 3_600_000);
      const view = await job(id);
      assert.deepEqual(
        [view.state, view.probe?.needsPerson, view.failure?.action, view.nextAt],
        ["unknown", true, "reconnect", undefined],
      );
      assert.equal(view.failure?.effect, "The platform held the post itself and may have shown it.");
      assert.equal(await h.holds.handedOver(key()), 0);
    });

    it("is looked up again when the account is connected again", async () => {
      const id = await handOver();
      await h.settle(3 * 3_600_000);
      await setDisconnected("null");
      await h.holds.releaseConnection(key());
      await h.settle();
      assert.equal(await h.state(caller, id), "published");
      assert.deepEqual([h.platform.live.length, h.platform.calls], [1, 1]);
    });

    it("can be linked by a person without naming its id", async () => {
      const id = await handOver();
      await h.settle(3 * 3_600_000);
      assert.ok((await h.service.resolveJob(caller, asId("publishJob", id), { outcome: "live" })).ok);
      assert.deepEqual(
        [await h.state(caller, id), (await job(id)).externalPostId],
        ["published", h.platform.planned[0]?.id],
      );
    });

    it("is really sent when a person says that it never went live", async () => {
      const id = await handOver();
      await h.settle(3 * 3_600_000);
      h.platform.planned.length = 0;
      await setDisconnected("null");
      assert.ok((await h.service.resolveJob(caller, asId("publishJob", id), { outcome: "not_live" })).ok);
      await h.settle();
      assert.deepEqual([await h.state(caller, id), h.platform.live.length, h.platform.calls], ["published", 1, 2]);
    });
  });

  it("a planned post that somebody removed at the platform is really sent when it is tried again", async () => {
    const at = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
    const id = await publish(undefined, { scheduledFor: at, nativeSchedule: true });
    await h.work();
    h.platform.planned.length = 0;
    await h.settle(2 * 3_600_000);
    assert.equal(await h.state(caller, id), "failed");
    assert.ok((await h.service.retryJob(caller, asId("publishJob", id), {})).ok);
    await h.settle();
    assert.deepEqual([await h.state(caller, id), h.platform.live.length], ["published", 1]);
  });

  it("a handed over post can be canceled at the platform", async () => {
    const at = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
    const id = await publish(undefined, { scheduledFor: at, nativeSchedule: true });
    await h.work();
    const asked = await h.service.cancelJob(caller, asId("publishJob", id));
    assert.ok(asked.ok && asked.value.waits);
    assert.equal(asked.value.view.wish?.kind, "cancel");
    await h.work();
    assert.equal(h.platform.planned.length, 0);
    assert.equal(await h.state(caller, id), "canceled");
  });

  it("a post that missed the platform's scheduling window goes out on time by our clock, never early", async () => {
    const at = new Date(h.clock.now().getTime() + 15 * 60_000);
    const id = await publish(undefined, { scheduledFor: at.toISOString(), nativeSchedule: true });
    await h.advance(10 * 60_000);
    await h.work();
    assert.equal(await h.state(caller, id), "scheduled");
    assert.equal(h.platform.calls, 0);
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
    assert.equal(h.platform.live[0]?.at.getTime() && h.platform.live[0].at >= at, true);
  });

  it("the rest of a thread waits for a platform that is down instead of being dropped", async () => {
    const down = { kind: "unavailable", message: "Down." } as const;
    h.platform.script = ["ok", down, down, down, down, down];
    const id = await publish("thread", { format: "thread" });
    for (let round = 0; round < 5; round += 1) {
      await h.work();
      await h.advance(30_000);
    }
    const held = await job(id);
    const root = h.platform.live[0]?.id;
    assert.deepEqual(
      [held.state, held.heldReason, held.permalink],
      ["partly_published", "outage", `https://scripted.test/${root}`],
    );
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
    assert.deepEqual(
      h.platform.live.map(({ text }) => text),
      ["thread", "thread (2)"],
    );
  });

  it("an edit of what is live leaves the rest of a thread its time, its reason and its words", async () => {
    const down = { kind: "unavailable", message: "Down." } as const;
    const waiting = async (text: string) => {
      h.platform.script = ["ok", down, down, down, down, down];
      const id = await publish(text, { format: "thread" });
      for (let round = 0; round < 5; round += 1) {
        await h.work();
        await h.advance(30_000);
      }
      return job(id);
    };
    const told = ({ state, heldReason, failure }: JobView) => [state, heldReason, failure?.effect];
    for (const refusals of [
      [],
      [down],
      [down, { kind: "content_rejected", field: "text", reason: "no", message: "No." }],
    ]) {
      const before = await waiting(`thread ${refusals.length}`);
      assert.deepEqual([before.state, before.heldReason], ["partly_published", "outage"]);
      h.platform.deeds = [...refusals] as PlatformFailure[];
      const edited = await h.service.updatePost(caller, asId("post", before.postId), {
        content: `new ${refusals.length}`,
      });
      assert.ok(edited.ok && edited.value.view.changes?.[0]?.change === "changing_live", JSON.stringify(edited));
      for (let round = 0; round < 40 && !(await job(before.id)).wishOutcome; round += 1) {
        await h.work();
        await h.advance(3_000);
      }
      const after = await job(before.id);
      assert.ok(after.wishOutcome, "the edit has ended");
      assert.deepEqual(told(after), told(before));
      // Asking the platform may have taken longer than the rest was to wait.
      const planned = Math.max(Date.parse(before.nextAt ?? ""), h.clock.now().getTime());
      const movedMs = Date.parse(after.nextAt ?? "") - planned;
      assert.ok(Math.abs(movedMs) < 5_000, `its time moved by ${movedMs} ms`);
      await h.settle();
      assert.equal(await h.state(caller, before.id), "published");
    }
  });

  it("a refused part of a thread leaves it partly published at the desk, and the rest can be sent again", async () => {
    h.platform.script = [
      "ok",
      { kind: "content_rejected", field: "options.replies.0", reason: "no", message: "Refused." },
    ];
    const id = await publish("thread two", { format: "thread" });
    await h.settle();
    const view = await job(id);
    assert.deepEqual([view.state, view.failure?.message], ["partly_published", "Refused."]);
    const desk = await h.service.listDlq(caller);
    assert.ok(desk.ok && desk.value.groups.some(({ jobs }) => jobs.some((one) => one.id === id)));
    assert.ok((await h.service.retryJob(caller, asId("publishJob", id), {})).ok);
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
    assert.deepEqual(
      h.platform.live.map(({ text }) => text),
      ["thread two", "thread two (2)"],
    );
  });

  it("a refused finishing touch is a remark on what is live", async () => {
    for (const answer of [
      { kind: "content_rejected", field: "options.firstComment", reason: "no", message: "Refused." } as const,
      "lost" as const,
    ]) {
      h.platform.script = ["ok", answer];
      const id = await publish(undefined, { format: "commented" });
      await h.settle();
      const view = await job(id);
      assert.deepEqual([view.state, view.mayBeLive, view.failure !== undefined], ["published", false, true]);
    }
  });
});
