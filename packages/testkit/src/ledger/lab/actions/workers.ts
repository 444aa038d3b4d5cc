import type { Actor } from "../actors.ts";
import { isConnectorFault } from "../calls.ts";
import type { Lab } from "../lab.ts";
import type { Random } from "../random.ts";
import { anyJob, minute } from "./asking.ts";

export async function workOff(lab: Lab, random: Random): Promise<void> {
  await lab.takeDue();
  // Hints may be lost, may come late, and may come twice.
  while (lab.hints.length > 0) {
    const hint = lab.hints.shift();
    if (!hint || random.chance(0.05)) continue;
    if (random.chance(0.05)) lab.hints.push(hint);
    const worker = await lab.work(hint);
    if (random.chance(0.8)) await lab.stage.runToEnd(worker);
    throwIfBroken(lab, worker);
    if (random.chance(0.1)) return;
  }
}

export function throwIfBroken(
  lab: Lab,
  actor: { readonly ended: boolean; readonly error: unknown; readonly name: string },
) {
  if (actor.error === undefined) return;
  if (actor.error instanceof Error && actor.error.name === "Broken") throw actor.error;
  if (isConnectorFault(actor.error)) return;
  const said = actor.error instanceof Error ? (actor.error.stack ?? actor.error.message) : String(actor.error);
  lab.oracle.broken(`${actor.name} threw ${said}`);
}

export async function beginWorker(lab: Lab, random: Random): Promise<void> {
  if (lab.stage.actors.length >= 4) return;
  const isStray = random.chance(0.3);
  await lab.takeDue();
  const row = isStray ? await anyJob(lab, random) : undefined;
  const key = row ? { tenantId: row.tenant_id, jobId: row.id } : lab.hints.shift();
  if (!key) return;
  const worker = await lab.work(key);
  lab.tell(`  ${worker.name} at ${lab.oracle.nameOf(key.jobId)} waits at ${worker.at}`);
  throwIfBroken(lab, worker);
}

const anyActor = (lab: Lab, random: Random) =>
  lab.stage.actors.length > 0 ? random.pick(lab.stage.actors) : undefined;

export async function stepWorker(lab: Lab, random: Random): Promise<void> {
  const actor = anyActor(lab, random);
  if (!actor) return;
  actor.isStalled = false;
  for (let steps = random.pick([1, 1, 2, 3, 5]); steps > 0 && !actor.ended; steps -= 1) await lab.stage.step(actor);
  lab.tell(`  ${actor.name} waits at ${actor.at}`);
  throwIfBroken(lab, actor);
}

export async function runWorker(lab: Lab, random: Random): Promise<void> {
  const actor = anyActor(lab, random);
  if (!actor) return;
  actor.isStalled = false;
  await lab.stage.runToEnd(actor);
  lab.tell(`  ${actor.name} ran on`);
  throwIfBroken(lab, actor);
}

/** It lives, keeps its lease, and takes long for its next turn. */
export async function slowWorker(lab: Lab, random: Random): Promise<void> {
  const isLeaving = ({ at, jobId }: Actor) => at === "call.leaves" && lab.oracle.isShowing(jobId ?? "");
  const leaving = lab.stage.actors.filter(isLeaving);
  const actor =
    leaving.length > 0 ? random.pick(leaving) : ((await aboutToShow(lab, isLeaving)) ?? anyActor(lab, random));
  if (!actor) return;
  actor.isStalled = false;
  await lab.advance(5_000 + Math.floor(random.next() * 22_000));
  for (let steps = random.pick([1, 2, 3]); steps > 0; steps -= 1) await lab.stage.step(actor);
  if (actor.at === "call.under_way" && random.chance(0.3)) {
    lab.tell(`  ${actor.name} died`);
    return lab.stage.kill(actor);
  }
  lab.tell(`  ${actor.name} waits at ${actor.at}`);
  throwIfBroken(lab, actor);
}

/** A worker of a due job, where its visible call is intended and has yet to leave. */
async function aboutToShow(lab: Lab, isThere: (actor: Actor) => boolean): Promise<Actor | undefined> {
  await lab.takeDue();
  const key = lab.hints.shift();
  if (!key || lab.stage.actors.length >= 4) return undefined;
  const worker = await lab.work(key);
  for (let steps = 0; steps < 14 && !worker.ended && !isThere(worker); steps += 1) await lab.stage.step(worker);
  throwIfBroken(lab, worker);
  return worker.ended ? undefined : worker;
}

export async function killWorker(lab: Lab, random: Random): Promise<void> {
  const actor = anyActor(lab, random);
  if (!actor) return;
  lab.tell(`  ${actor.name} died at ${actor.at}`);
  lab.stage.kill(actor);
}

export async function stallWorker(lab: Lab, random: Random): Promise<void> {
  const actor = anyActor(lab, random);
  if (!actor) return;
  actor.isStalled = true;
  lab.tell(`  ${actor.name} stands still at ${actor.at}`);
}

export async function passTime(lab: Lab, random: Random): Promise<void> {
  const ms = random.weighted([
    [5, Math.floor(random.next() * 3_000)],
    [4, 5_000 + Math.floor(random.next() * 10_000)],
    [4, 20_000 + Math.floor(random.next() * 25_000)],
    [2, minute + Math.floor(random.next() * 4 * minute)],
    [1, 100 * minute],
  ]);
  await lab.advance(ms);
  lab.tell(`  ${(ms / 1000).toFixed(1)} s pass`);
}

export async function toNextDue(lab: Lab): Promise<void> {
  const ms = await lab.world.due.nextDueInMs();
  if (ms === undefined || ms > 100 * minute) return;
  await lab.advance(Math.ceil(ms));
}
