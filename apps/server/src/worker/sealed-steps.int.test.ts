import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { ConnectorContext, Format, Step } from "@postd/connector-kit";
import { createRegistry, secret } from "@postd/connector-kit";
import { bareProvider } from "@postd/connector-kit/conformance";
import { asId, type JsonObject } from "@postd/contracts";
import { type Caller, createVaultRotation, type PipelineDeps, runJob } from "@postd/core";
import { sql } from "drizzle-orm";
import { runSql } from "../adapters/postgres/run-sql.ts";
import { Crash, createHarness, keyOf, lateAfterMs, leaseMs } from "./pipeline-harness.ts";

type State = JsonObject & { readonly session?: string; readonly isSent?: boolean; readonly id?: string };

const signature = "signature-that-opens-the-upload";
/** What the platform of this file has seen, and where the worker is killed next. */
const seen = { opened: 0, sentTo: [] as (string | undefined)[], live: 0 };
let isDown = false;
let crashAt: "send" | "show" | "read" | undefined;
const crash = (at: typeof crashAt) => {
  if (crashAt !== at) return;
  crashAt = undefined;
  throw new Crash();
};

const steps: readonly Step<State>[] = [
  {
    name: "open",
    effect: "invisible",
    repeatable: false,
    done: ({ session }) => session !== undefined,
    async run({ state }) {
      if (isDown) {
        isDown = false;
        return { ok: false, error: { kind: "unavailable", message: "Down." } };
      }
      seen.opened += 1;
      const session = `s${seen.opened}`;
      const address = secret(`https://up.scripted.test/${session}?sig=${signature}`);
      return { ok: true, value: { state: { ...state, session }, sealed: { address } } };
    },
  },
  {
    name: "send",
    effect: "invisible",
    repeatable: true,
    done: ({ isSent }) => isSent === true,
    async run({ state, sealed }) {
      crash("send");
      seen.sentTo.push(sealed?.address?.reveal());
      return { ok: true, value: { state: { ...state, isSent: true } } };
    },
  },
  {
    name: "show",
    effect: "visible",
    repeatable: false,
    done: ({ id }) => id !== undefined,
    async run({ state, sealed }, ctx) {
      crash("show");
      assert.ok(sealed?.address, "what was kept is handed to every later run");
      (ctx as unknown as { readonly sent: () => void } & ConnectorContext).sent();
      seen.live += 1;
      const id = `u${seen.live}`;
      return { ok: true, value: { state: { ...state, id }, published: { externalId: `${texts}-${id}` } } };
    },
    probe: async ({ state }) => ({ ok: true, value: absent(state) }),
  },
];
const absent = (state: State) => ({ kind: "absent_authoritative", because: `session ${state.session}` }) as const;
const upload: Format<State> = { label: "Upload", media: { min: 0, max: 0 }, start: () => ({}), steps };
const second: Format<State> = { ...upload, stateVersion: 2 };

let h: Awaited<ReturnType<typeof createHarness>>;
let caller: Caller;
let connectionId: string;
let texts = 0;
before(async () => {
  h = await createHarness({ upload, second });
});
after(() => h.close());
beforeEach(async () => {
  await h.forget();
  ({ caller, connectionId } = await h.tenant());
  Object.assign(seen, { opened: 0, sentTo: [], live: 0 });
  crashAt = undefined;
});

async function publish(format = "upload"): Promise<string> {
  texts += 1;
  const payload = { content: `file ${texts}`, format };
  const made = await h.service.publish(caller, { connectionId: asId("connection", connectionId), payload });
  assert.ok(made.ok, JSON.stringify(made));
  return made.value.view.id;
}
const keptBy = async (jobId: string) =>
  (
    await runSql<{ key_id: string; ciphertext: Buffer }>(
      h.admin,
      sql`select key_id, ciphertext from encrypted_secrets where owner_id = ${jobId}`,
    )
  ).rows;
const rowOf = async (jobId: string) => {
  const { rows } = await runSql<Record<string, unknown>>(h.admin, sql`select * from publish_jobs where id = ${jobId}`);
  assert.ok(rows[0]);
  return rows[0];
};
/** A worker of another release, whose format reads other versions. */
const workerOf = (format: Format<State>): PipelineDeps => {
  const { publishing } = h.platformFacets;
  const formats = { ...publishing.formats, second: format };
  const changed = { ...h.platformFacets, publishing: { ...publishing, formats } };
  return { ...h.deps("other release"), registry: createRegistry([bareProvider([changed])]) };
};
const jobKey = (jobId: string) => keyOf({ tenantId: caller.tenantId, jobId });

test("a worker killed between two steps leaves the upload address to the next one, sealed, and it goes with the job's end", async () => {
  crashAt = "send";
  const id = await publish();
  await h.work();
  assert.equal((await keptBy(id)).length, 1);
  const tables = sql`select (select string_agg(j::text, '') from publish_jobs j) || (select string_agg(a::text, '') from publish_attempts a)
    || (select string_agg(s::text, '') from encrypted_secrets s) as dump`;
  const { rows } = await runSql<{ dump: string }>(h.admin, tables);
  assert.ok(rows[0]?.dump.includes(id) && !rows[0].dump.includes(signature), "no row shows the address");
  await h.settle();
  assert.equal(await h.state(caller, id), "published");
  assert.deepEqual([seen.opened, seen.live, seen.sentTo], [1, 1, [`https://up.scripted.test/s1?sig=${signature}`]]);
  assert.deepEqual([(await keptBy(id)).length, (await rowOf(id)).has_sealed], [0, false]);
});

test("a worker killed at the visible call finds the address again when the call was surely without effect", async () => {
  crashAt = "show";
  const id = await publish();
  await h.settle();
  assert.deepEqual([await h.state(caller, id), seen.opened, seen.live], ["published", 1, 1]);
});

test("with what is kept, the trouble before it is over", async () => {
  isDown = true;
  const id = await publish();
  await h.work();
  assert.equal((await rowOf(id)).state, "retrying");
  crashAt = "send";
  await h.advance(5_000);
  await h.work();
  const { failure, has_sealed, tries } = await rowOf(id);
  assert.deepEqual([failure, has_sealed, tries], [null, true, 0]);
});

test("data keys may be rotated while an address is kept", async () => {
  crashAt = "send";
  const id = await publish();
  await h.work();
  const [before] = await keptBy(id);
  await createVaultRotation(h.vaultDeps).rotateTenant(caller.tenantId);
  const [rotated] = await keptBy(id);
  assert.ok(before && rotated && before.key_id !== rotated.key_id);
  await h.settle();
  assert.deepEqual([await h.state(caller, id), seen.opened], ["published", 1]);
});

test("an address whose key is removed after sealing is sealed again and stored", async () => {
  const deps = h.deps("w");
  let isFirst = true;
  const secrets: PipelineDeps["secrets"] = {
    ...deps.secrets,
    async seal(...args) {
      const sealed = await deps.secrets.seal(...args);
      const gone = isFirst ? { ...sealed, keyId: asId("encryptionKey", "dek_00000000") } : sealed;
      isFirst = false;
      return gone;
    },
  };
  const id = await publish();
  await h.due.takeDue(10);
  await runJob(jobKey(id), { ...deps, secrets });
  assert.deepEqual([await h.state(caller, id), seen.opened], ["published", 1]);
});

test("a worker whose turn is over changes nothing of what is kept", async () => {
  crashAt = "send";
  const id = await publish();
  await h.work();
  const stale = h.deps("stale");
  await h.advance(leaseMs + 1_000);
  const claimed = await stale.ledger.claim({ ...jobKey(id), owner: "stale", leaseMs, lateAfterMs });
  assert.ok(!("refused" in claimed));
  await h.advance(leaseMs + 1_000);
  crashAt = "send";
  await h.work("other");
  const [before] = await keptBy(id);
  const kept = await stale.secrets.seal(jobKey(id), { address: secret("https://elsewhere.test/") });
  for (const sealed of [kept, null])
    assert.equal(
      await stale.ledger.settle({
        ...jobKey(id),
        fence: claimed.fence,
        change: { state: "publishing", wake: "lease", sealed },
      }),
      "lost",
    );
  assert.deepEqual(await keptBy(id), [before]);
});

test("what is kept goes when a person cancels or gives the job up, and stays where it may be sent again", async () => {
  crashAt = "send";
  const canceled = await publish();
  await h.work();
  await h.advance(leaseMs + 1_000);
  assert.ok((await h.service.cancelJob(caller, asId("publishJob", canceled))).ok);
  await h.settle();
  assert.deepEqual([await h.state(caller, canceled), (await keptBy(canceled)).length], ["canceled", 0]);

  crashAt = "send";
  const failed = await publish();
  await h.work();
  const change = { state: "failed", wake: null, pending: null } as const;
  const { fence } = await rowOf(failed);
  assert.equal(await h.deps("w").ledger.settle({ ...jobKey(failed), fence: Number(fence), change }), "written");
  assert.equal((await keptBy(failed)).length, 1);
  assert.ok((await h.service.retryJob(caller, asId("publishJob", failed), {})).ok);
  await h.settle();
  assert.deepEqual([await h.state(caller, failed), seen.sentTo.at(-1)?.includes("/s2?")], ["published", true]);
});

test("steps of a version this worker does not know are left alone until a worker comes that knows it", async () => {
  crashAt = "send";
  const id = await publish("second");
  await h.work();
  await h.advance(leaseMs + 1_000);
  const before = await rowOf(id);
  assert.equal(before.step_version, 2);
  for (const other of [upload, { ...upload, stateVersion: 3 }]) {
    assert.equal(await runJob(jobKey(id), workerOf(other)), "steps of another version");
    assert.deepEqual(await rowOf(id), before);
  }
  // The hint was followed in vain; the row is handed out again.
  assert.equal((await h.due.takeDue(10)).length, 1);
  await h.advance(10 * 60_000);
  assert.equal((await h.due.takeDue(10)).length, 1);
  const reads: Format<State> = {
    ...upload,
    stateVersion: 3,
    olderStates: { 2: (state) => ({ ...state, wasOlder: true }) },
  };
  assert.equal(await runJob(jobKey(id), workerOf(reads)), undefined);
  const ended = await rowOf(id);
  assert.deepEqual([ended.state, ended.step_version, seen.opened, seen.live], ["published", 3, 1, 1]);
  const { connector } = ended.step_state as { readonly connector: JsonObject };
  assert.deepEqual([connector.session, connector.wasOlder], ["s1", true]);
});
