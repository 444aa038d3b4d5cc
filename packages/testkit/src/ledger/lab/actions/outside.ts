import type { Lab } from "../lab.ts";
import type { Random } from "../random.ts";
import { nameOf } from "./asking.ts";

export async function pauseOrResume(lab: Lab, random: Random): Promise<void> {
  const account = random.pick(lab.accounts);
  const scope = random.pick(["instance", "tenant", "connection"] as const);
  const input = { scope, ...(scope === "connection" ? { connectionId: account.connectionId } : {}) };
  const isPause = random.chance(0.4);
  await (isPause ? lab.service.pause(account.caller, input) : lab.service.resume(account.caller, input));
  lab.tell(`  ${isPause ? "pause" : "resume"} ${scope}`);
}

export async function disconnect(lab: Lab, random: Random): Promise<void> {
  const account = random.pick(lab.accounts);
  lab.tell(`  ${nameOf(lab, account)}`);
  await lab.oracle.noteDoubts(account.connectionId);
  await lab.disconnect(account);
}

export async function reconnect(lab: Lab, random: Random): Promise<void> {
  const account = random.pick(lab.accounts);
  lab.tell(`  ${nameOf(lab, account)}`);
  await lab.reconnect(account);
}

export async function endDisconnects(lab: Lab): Promise<void> {
  const ended = await lab.finishDisconnects();
  if (ended > 0) lab.tell(`  ${ended} ended`);
}

export async function humanPosts(lab: Lab, random: Random): Promise<void> {
  const account = random.pick(lab.accounts);
  const text = random.pick(["hello", "good news"]);
  lab.platform.humanPosts(account.externalId, text);
  lab.oracle.humanTexts.add(text);
  lab.tell(`  "${text}" on ${account.externalId}`);
}

export async function humanRemoves(lab: Lab, random: Random): Promise<void> {
  const gone = lab.platform.humanRemoves(random);
  if (gone) lab.tell(`  ${gone.id} of ${lab.oracle.nameOf(gone.jobId ?? "a human")}`);
}

export async function changeToken(lab: Lab, random: Random): Promise<void> {
  const account = random.pick(lab.accounts);
  const token = random.pick(["expired", "expired", "revoked", "ok"] as const);
  lab.platform.tokens.set(account.connectionId, token);
  lab.tell(`  of ${nameOf(lab, account)} is ${token}`);
}

export async function changeOutage(lab: Lab, random: Random): Promise<void> {
  lab.platform.isDown = random.chance(0.5);
  lab.tell(`  ${lab.platform.isDown ? "begins" : "is over"}`);
}

export async function changeLists(lab: Lab, random: Random): Promise<void> {
  lab.platform.isListStale = random.chance(0.5);
  lab.tell(`  ${lab.platform.isListStale ? "show nothing new" : "show all"}`);
}

/** Others found that the platform, or one account of it, does not answer. */
export async function openCircuit(lab: Lab, random: Random): Promise<void> {
  const account = random.pick(lab.accounts);
  const isWhole = random.chance(0.6);
  if (!lab.world.circuits) return;
  lab.world.circuits.open(isWhole ? { platform: "model" } : { connectionId: account.connectionId });
  lab.tell(`  of ${isWhole ? "the platform" : nameOf(lab, account)}`);
}

export async function wakeProbes(lab: Lab): Promise<void> {
  const woken = await lab.world.circuits?.wakeProbes();
  if (woken) lab.tell(`  ${woken} woken`);
}
