import type { StoredJob } from "../ledger-world.ts";
import { minute } from "./actions/asking.ts";
import { resolveAs } from "./actions/people.ts";
import { throwIfBroken } from "./actions/workers.ts";
import type { Lab } from "./lab.ts";
import { randomOf } from "./random.ts";

const dayMs = 26 * 3_600_000;

/**
 * Everything is in order again: who is under way comes to an end, all that wakes by itself is done, and a person does what
 * is left. Then nothing may be left.
 */
export async function finish(lab: Lab, seed: number): Promise<void> {
  const random = randomOf(seed);
  lab.random = random;
  lab.tell("everything is in order again");
  lab.isCalm = true;
  lab.platform.calm();
  for (const actor of [...lab.stage.actors]) {
    if (actor.isStalled && random.chance(0.5)) lab.stage.kill(actor);
    else {
      await lab.stage.runToEnd(actor);
      throwIfBroken(lab, actor);
    }
  }
  await lab.oracle.check();
  for (const account of lab.accounts) {
    await lab.service.resume(account.caller, { scope: "instance" });
    await lab.service.resume(account.caller, { scope: "tenant" });
    await lab.service.resume(account.caller, { scope: "connection", connectionId: account.connectionId });
    if (random.chance(0.8)) await lab.reconnect(account);
  }
  for (let round = 0; ; round += 1) {
    await runDry(lab);
    const left = (await lab.world.rows()).filter((row) => !isOver(row));
    const waits = left.filter(({ id }) => lab.refusals.get(id) === "outage");
    if (waits.length > 0)
      lab.oracle.broken(`waits for a platform that answers: ${waits.map((row) => stateOf(lab, row)).join("; ")}`);
    if (left.length === 0) return;
    if (round === 12) {
      lab.oracle.broken(`no way out: ${left.map((row) => stateOf(lab, row)).join("; ")}`);
    }
    for (const row of left) await wayOut(lab, row, round);
    await lab.oracle.check();
  }
}

const isOver = (row: StoredJob): boolean =>
  (row.state === "published" && row.wish === null) ||
  row.state === "removed" ||
  row.state === "canceled" ||
  row.state === "discarded";

/** Follows every wake-up until none is left within a day. */
async function runDry(lab: Lab): Promise<void> {
  const end = lab.nowMs + dayMs;
  lab.refusals.clear();
  for (let turns = 0; ; turns += 1) {
    await lab.finishDisconnects();
    const waking = (await lab.world.rows()).filter((row) => row.wake_at !== null);
    if (turns > 300) lab.oracle.broken(`it never comes to rest: ${waking.map((row) => stateOf(lab, row)).join("; ")}`);
    // A twin waits for the first one, however long that takes.
    const busy = waking.filter(({ id }) => lab.refusals.get(id) !== "twin");
    const nextMs = Math.min(...busy.map((row) => (row.wake_at?.getTime() ?? 0) - lab.nowMs));
    if (busy.length === 0 || lab.nowMs + nextMs > end) return;
    if (nextMs > 0) await lab.advance(nextMs);
    for (const row of waking.filter(({ wake_at: wakeAt }) => wakeAt !== null && wakeAt.getTime() <= lab.nowMs)) {
      const worker = await lab.work({ tenantId: row.tenant_id, jobId: row.id });
      await lab.stage.runToEnd(worker);
      throwIfBroken(lab, worker);
      await lab.oracle.check();
      if (lab.refusals.get(row.id) === "busy") await lab.advance(1_000);
      // Something ended; whoever waits for it may go on.
      if (lab.refusals.get(row.id) === "worked") lab.refusals.clear();
    }
  }
}

const stateOf = (lab: Lab, row: StoredJob): string =>
  `${lab.oracle.truthOf(row).name} is ${row.state} (${row.held_reason ?? ""})`;

/** What a person does with a job that asks for one; something must be taken. */
async function wayOut(lab: Lab, row: StoredJob, round: number): Promise<void> {
  const caller = lab.callerOf(row.tenant_id);
  const id = lab.job(row.id);
  const name = lab.oracle.truthOf(row).name;
  const said = (what: string, isDone: boolean) => {
    lab.tell(`  a person: ${what} ${name}: ${isDone ? "taken" : "refused"}`);
    return isDone;
  };
  if (row.may_be_live) {
    // What was sent a moment ago may still arrive: a person is told so, and asks again.
    for (const waitMs of [0, minute]) {
      if (waitMs > 0) await lab.advance(waitMs);
      const isPlanned = lab.platform.ownOf(row.id).some(({ state }) => state === "planned");
      if (!isPlanned && round < 4 && (await resolveAs(lab, lab.random, row, "true"))) return;
      if (await resolveAs(lab, lab.random, row, "leave")) return;
    }
    return lab.oracle.broken(`${name} is ${row.state}, may be live, and nothing a person says is taken`);
  }
  if (row.state === "partly_published") {
    const isSent = round < 3 && said("send the rest of", (await lab.service.retryJob(caller, id, {})).ok);
    if (isSent || (await resolveAs(lab, lab.random, row, "leave"))) return;
  } else if (round < 3 && row.state !== "handed_over") {
    if (said("send", (await lab.service.retryJob(caller, id, {})).ok)) return;
  }
  if (said("cancel", (await lab.service.cancelJob(caller, id)).ok)) return;
  lab.oracle.broken(`${name} is ${row.state} (${row.held_reason ?? ""}) and nothing a person does is taken`);
}
