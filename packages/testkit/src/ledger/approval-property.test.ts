import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asId, type ConnectionId, type Operation, operationsById, roleScopes, type Scope } from "@postd/contracts";
import type { Caller, PublishingStore } from "@postd/core";
import fc from "fast-check";
import { Lab, lateAfterMs } from "./lab/lab.ts";
import { type Random, randomOf } from "./lab/random.ts";
import { createMemoryLedger } from "./memory-ledger.ts";

const sequences = Number(process.env.POSTD_TEST_SEQUENCES ?? 400);
const seed = Number(process.env.POSTD_TEST_SEED ?? 7_602_114);

interface Asker {
  readonly caller: Caller;
  readonly scopes: readonly Scope[];
}

/** Two roles and two keys, none of which decides alone. Services see a key as the weakest member who could do as much. */
function askersOf(tenantId: Caller["tenantId"]): readonly Asker[] {
  const asker = (id: string, role: Caller["role"], scopes: readonly Scope[]): Asker => ({
    caller: {
      tenantId,
      actorId: id.startsWith("key") ? asId("apiKey", id) : asId("user", id),
      role,
      sessionHash: "s",
    },
    scopes,
  });
  return [
    asker("usr_editor001", "editor", roleScopes.editor),
    asker("usr_approver1", "approver", roleScopes.approver),
    asker("key_writes001", "editor", ["posts:read", "posts:write"]),
    asker("key_doesboth1", "admin", ["posts:read", "posts:write", "posts:approve"]),
  ];
}

const mayCall = ({ scopes }: Asker, { auth }: Operation): boolean =>
  auth.kind !== "caller" || auth.scope === undefined || scopes.includes(auth.scope);

/** Plays calls of the API in a random order, and keeps who wrote what and who approved it. */
class Office {
  readonly lab: Lab;
  readonly ofEveryPost: boolean;
  private askers: readonly Asker[] = [];
  private texts = 0;
  readonly posts: string[] = [];
  readonly story: string[] = [];
  /** Who wrote a text, or last changed where it goes. */
  private readonly writers = new Map<string, string>();
  private readonly asked = new Set<string>();
  /** `post text account`, as an approver saw it or, where nobody had been asked, as it was sent. */
  private readonly allowed = new Set<string>();
  approvals = 0;
  sent = 0;

  constructor(ofEveryPost: boolean) {
    this.ofEveryPost = ofEveryPost;
    const store = (real: PublishingStore): PublishingStore => ({
      forTenant: (tenantId) => ({ ...real.forTenant(tenantId), requiresApproval: async () => ofEveryPost }),
    });
    this.lab = new Lab(createMemoryLedger({ lateAfterMs }), { name: "", store });
    this.lab.isCalm = true;
  }

  async open(): Promise<void> {
    await this.lab.open();
    this.askers = askersOf(this.lab.accounts[0]?.tenantId as Caller["tenantId"]);
  }

  private get accounts(): readonly ConnectionId[] {
    const [first] = this.lab.accounts;
    return this.lab.accounts.filter(({ tenantId }) => tenantId === first?.tenantId).map((one) => one.connectionId);
  }

  async act(random: Random): Promise<void> {
    this.lab.random = random;
    const asker = random.pick(this.askers);
    const { caller } = asker;
    const { service } = this.lab;
    this.texts += 1;
    const text = `text ${this.texts}`;
    const post = this.posts.length > 0 ? asId("post", random.pick(this.posts.slice(-3))) : undefined;
    const rows = await this.lab.world.rows();
    const job = rows.length > 0 ? this.lab.job(random.pick(rows).id) : undefined;
    const mode = random.pick(["publish", "draft", "ask"] as const);
    const at = new Date(this.lab.nowMs + 20 * 60_000).toISOString();
    const [one, two] = this.accounts;
    if (!one || !two) throw new Error("the lab has two accounts");
    const targets = random.pick([[one], [one, two]]).map((connectionId) => ({ connectionId }));
    const format = "plain";
    const tell = (what: string, ok: boolean) =>
      this.story.push(`${caller.actorId} ${what}: ${ok ? "done" : "refused"}`);
    const call = async <T>(
      operation: Operation,
      what: string,
      run: () => Promise<{ readonly ok: boolean; readonly value?: T }>,
    ): Promise<T | undefined> => {
      if (!mayCall(asker, operation)) return undefined;
      const answer = await run();
      tell(what, answer.ok);
      return answer.ok ? answer.value : undefined;
    };
    switch (
      random.weighted<string>([
        [3, "new"],
        [1, "publish"],
        [8, "patch"],
        [7, "decide"],
        [3, "job"],
        [4, "work"],
      ])
    ) {
      case "new": {
        const when = random.chance(0.5) ? { scheduledFor: at } : {};
        const made = await call(operationsById.createPost, `writes "${text}" (${mode})`, () =>
          service.createPost(caller, { text, format, targets, mode, ...when }),
        );
        if (!made) return;
        this.posts.push(made.view.id);
        this.writers.set(made.view.id, caller.actorId);
        if (mode === "ask") this.asked.add(made.view.id);
        return;
      }
      case "publish": {
        const made = await call(operationsById.publish, `publishes "${text}"`, () =>
          service.publish(caller, { connectionId: one, payload: { text, format } }),
        );
        if (made) this.posts.push(made.view.postId);
        return;
      }
      case "patch": {
        if (!post) return;
        const patch = {
          ...(random.chance(0.5) ? { text } : {}),
          ...(random.chance(0.2) ? { targets } : {}),
          ...(random.chance(0.5) ? { mode } : {}),
          ...(random.chance(0.2) ? { scheduledFor: random.pick([at, null]) } : {}),
        };
        const before = await service.getPost(caller, post);
        const done = await call(operationsById.updatePost, `changes ${post} ${JSON.stringify(patch)}`, () =>
          service.updatePost(caller, post, patch),
        );
        if (!done || !before.ok) return;
        const saying = (view: typeof done.view) => JSON.stringify([view.content, view.targets]);
        if (saying(before.value) !== saying(done.view)) this.writers.set(post, caller.actorId);
        if (patch.mode === "ask") this.asked.add(post);
        return;
      }
      case "decide": {
        if (!post) return;
        const approve = random.chance(0.7);
        const operation = approve ? operationsById.approvePost : operationsById.rejectPost;
        const done = await call(operation, `${approve ? "approves" : "rejects"} ${post}`, () =>
          service.decidePost(caller, post, { approve }),
        );
        if (!done || !approve) return;
        this.approvals += 1;
        const { content, createdBy } = done.view;
        assert.ok(createdBy !== caller.actorId, `${caller.actorId} approved their own post`);
        assert.ok(this.writers.get(post) !== caller.actorId, `${caller.actorId} approved what they changed last`);
        for (const { connectionId } of done.view.targets) this.allowed.add(`${post} ${content.text} ${connectionId}`);
        return;
      }
      case "job": {
        if (!job) return;
        const run = random.pick([
          async () => {
            const done = await call(operationsById.retryJob, `retries ${job}`, () => service.retryJob(caller, job, {}));
            const of = done && (await service.getPost(caller, asId("post", done.view.postId)));
            const waits = of?.ok && of.value.status !== "approved" && this.asked.has(of.value.id);
            assert.ok(!waits, `${job} is sent while its post waits for a word:\n${this.story.join("\n")}`);
          },
          () => call(operationsById.cancelJob, `cancels ${job}`, () => service.cancelJob(caller, job)),
          () => call(operationsById.removeJob, `removes ${job}`, () => service.removeJob(caller, job)),
          () =>
            call(operationsById.resolveJob, `resolves ${job}`, () =>
              service.resolveJob(caller, job, { outcome: random.pick(["not_live", "leave"] as const) }),
            ),
          () => call(operationsById.replayDlq, `replays ${job}`, () => service.replayDlq(caller, { jobIds: [job] })),
        ]);
        await run();
        return;
      }
      default:
        return this.work(random);
    }
  }

  private async work(random: Random): Promise<void> {
    if (random.chance(0.4)) await this.lab.advance(20 * 60_000);
    this.lab.isCalm = random.chance(0.7);
    for (const row of await this.lab.world.rows())
      if (row.wake_at && row.wake_at.getTime() <= this.lab.nowMs) {
        const worker = await this.lab.work({ tenantId: row.tenant_id, jobId: row.id });
        await this.lab.stage.runToEnd(worker);
      }
    this.lab.isCalm = true;
    this.story.push("workers run");
  }

  /** What was sent, or is to be sent or changed at a platform, an approver has seen, wherever one was to be asked. */
  async check(): Promise<void> {
    for (const row of await this.lab.world.rows()) {
      const edit = row.wish?.kind === "edit" ? row.wish.content.text : undefined;
      for (const text of [row.content.text, ...(edit === undefined ? [] : [edit])]) {
        const said = `${row.post_id} ${text} ${row.connection_id}`;
        if (!this.ofEveryPost && !this.asked.has(row.post_id)) this.allowed.add(said);
        this.sent += 1;
        assert.ok(this.allowed.has(said), `"${text}" goes out and nobody approved it:\n${this.story.join("\n")}`);
      }
    }
  }
}

describe("approval", () => {
  for (const ofEveryPost of [true, false])
    it(`is got around by no order of calls of two roles and two keys, ${ofEveryPost ? "where the workspace wants it" : "where it was asked for"} (seed ${seed})`, async () => {
      let approvals = 0;
      let sent = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(0xffff_fffe), { minLength: 8, maxLength: 40, size: "max" }), async (turns) => {
          const office = new Office(ofEveryPost);
          await office.open();
          for (const turn of turns) {
            await office.act(randomOf(turn));
            await office.check();
          }
          approvals += office.approvals;
          sent += office.sent;
        }),
        { numRuns: sequences, seed },
      );
      // An idle search would prove nothing.
      assert.ok(approvals > sequences / 8 && sent > sequences, `${approvals} approvals, ${sent} looks at what is sent`);
    });
});
