import { asId, type ResolveInput } from "@postd/contracts";
import type { StoredJob } from "../../ledger-world.ts";
import { isConnectorFault } from "../calls.ts";
import type { Lab } from "../lab.ts";
import type { ModelPost } from "../platform.ts";
import type { Random } from "../random.ts";
import { anyJob, ask, minute, shown } from "./asking.ts";
import { send } from "./publishing.ts";
import { throwIfBroken } from "./workers.ts";

export async function cancel(lab: Lab, random: Random): Promise<void> {
  const row = await anyJob(lab, random);
  if (!row) return;
  await ask(
    lab,
    random,
    `cancel ${shown(lab, row)}`,
    () => lab.service.cancelJob(lab.callerOf(row.tenant_id), lab.job(row.id)),
    ({ view, waits }) => {
      if (!waits && view.state !== "canceled" && view.state !== "partly_published")
        lab.oracle.broken(`${shown(lab, row)}: cancel answered 200 and it is ${view.state}`);
      if (waits && !view.wish) lab.oracle.broken(`${shown(lab, row)}: cancel answered 202 and nothing is wished`);
      return waits ? "202" : `200 ${view.state}`;
    },
  );
}

export async function retry(lab: Lab, random: Random): Promise<void> {
  const row = await anyJob(lab, random);
  if (!row) return;
  const at = random.chance(0.3) ? new Date(lab.nowMs + 15 * minute).toISOString() : undefined;
  await ask(
    lab,
    random,
    `retry ${shown(lab, row)}`,
    () => lab.service.retryJob(lab.callerOf(row.tenant_id), lab.job(row.id), at ? { at } : {}),
    ({ view, waits }) => `${waits ? 202 : 200} ${view.state}`,
  );
}

export async function remove(lab: Lab, random: Random): Promise<void> {
  const row = await anyJob(lab, random);
  if (!row) return;
  await ask(
    lab,
    random,
    `remove ${shown(lab, row)}`,
    () => lab.service.removeJob(lab.callerOf(row.tenant_id), lab.job(row.id)),
    ({ view, waits }) => `${waits ? 202 : 200} ${view.state}`,
  );
}

/**
 * Somebody takes the first part of a thread down at the platform, then wants all of it removed, and no answer to that can
 * be read: POSTD has to look at what is left by itself.
 */
export async function removeWhatIsLeft(lab: Lab, random: Random): Promise<void> {
  const partsOf = (row: StoredJob) => lab.platform.ownOf(row.id).filter(({ state }) => state === "live");
  const find = async () =>
    (await lab.world.rows()).filter(
      (row) => !row.may_be_live && row.wish === null && partsOf(row).length > 1 && row.state.endsWith("published"),
    );
  if ((await find()).length === 0) await publishCalmly(lab, random, "thread");
  const rows = await find();
  if (rows.length === 0) return;
  const row = random.pick(rows);
  const [first] = partsOf(row);
  if (!first) return;
  lab.platform.takesDown(first);
  lab.tell(`  ${first.id} of ${shown(lab, row)} is taken down by hand`);
  lab.platform.ignoresDeeds = true;
  const caller = lab.callerOf(row.tenant_id);
  const id = lab.job(row.id);
  await lab.service.removeJob(caller, id);
  await followWish(lab, row);
  lab.platform.ignoresDeeds = false;
  if (random.chance(0.5)) return;
  // They want something else of it, and then that it is sent after all.
  const other = random.pick(["cancel", "edit", "remove"] as const);
  lab.tell(`  then ${other} of ${shown(lab, row)}, then retry`);
  if (other === "cancel") await lab.service.cancelJob(caller, id);
  else if (other === "remove") await lab.service.removeJob(caller, id);
  else await lab.service.updatePost(caller, lab.post(row.post_id), { content: "better" });
  await followWish(lab, row);
  await lab.service.retryJob(caller, id, {});
}

/** A post that goes out without any trouble, where the account lets it. */
async function publishCalmly(lab: Lab, random: Random, format: string): Promise<void> {
  const { caller, connectionId } = random.pick(lab.accounts);
  const taken = await lab.service.publish(caller, { connectionId, payload: { content: "calm", format, repost: true } });
  if (!taken.ok) return;
  lab.tell(`  "calm" is published as ${format}`);
  lab.isCalm = true;
  for (let tries = 0; tries < 6; tries += 1) {
    const row = (await lab.world.rows()).find(({ id }) => id === taken.value.view.id);
    if (!row?.wake_at || row.state.endsWith("published")) break;
    const inMs = row.wake_at.getTime() - lab.nowMs;
    if (inMs > 0) await lab.advance(inMs);
    const worker = await lab.work({ tenantId: row.tenant_id, jobId: row.id });
    await lab.stage.runToEnd(worker);
    throwIfBroken(lab, worker);
  }
  lab.isCalm = false;
}

/** Works at a wish until it is settled, or a person is asked. */
async function followWish(lab: Lab, row: StoredJob): Promise<void> {
  const key = { tenantId: row.tenant_id, jobId: row.id };
  for (let tries = 0; tries < 12; tries += 1) {
    const now = (await lab.world.rows()).find(({ id }) => id === row.id);
    if (!now?.wish || !now.wake_at) return;
    const inMs = now.wake_at.getTime() - lab.nowMs;
    if (inMs > 0) await lab.advance(inMs);
    const worker = await lab.work(key);
    await lab.stage.runToEnd(worker);
    throwIfBroken(lab, worker);
  }
}

/** A person looks at the page and says what they see, or errs. */
export async function resolve(lab: Lab, random: Random): Promise<void> {
  const rows = (await lab.world.rows()).filter((row) => row.may_be_live || row.state === "partly_published");
  const row = rows.length > 0 && random.chance(0.9) ? random.pick(rows) : await anyJob(lab, random);
  if (row)
    await resolveAs(
      lab,
      random,
      row,
      random.weighted([[6, "true"] as const, [2, "wrong"] as const, [2, "leave"] as const]),
    );
}

export async function resolveAs(
  lab: Lab,
  random: Random,
  row: StoredJob,
  how: "true" | "wrong" | "leave",
): Promise<boolean> {
  const { externalId } = lab.accountOf(row.connection_id);
  const truth = lab.oracle.truthOf(row);
  const isOwn = ({ jobId, part }: ModelPost) => jobId === row.id && (part === "root" || row.external_post_id !== null);
  const own = lab.platform.liveOn(externalId).find(isOwn);
  const isPlanned = lab.platform.ownOf(row.id).some((post) => isOwn(post) && post.state === "planned");
  const others = lab.platform.liveOn(externalId).filter((post) => post !== own);
  const wrong: ResolveInput =
    own || others.length === 0
      ? { outcome: "not_live" }
      : { outcome: "live", externalPostId: random.chance(0.8) ? random.pick(others).id : "nowhere" };
  // What the platform holds for its time is neither; whoever says one or the other errs.
  const trueWord: ResolveInput = own
    ? { outcome: "live", externalPostId: row.external_post_id ?? own.id }
    : { outcome: "not_live" };
  const input: ResolveInput =
    how === "leave" ? { outcome: "leave" } : how === "true" && !(isPlanned && !own) ? trueWord : wrong;
  // A connector that breaks while it reads for a person is that person's 500.
  const answer = await lab.service.resolveJob(lab.callerOf(row.tenant_id), lab.job(row.id), input).catch((error) => {
    if (!isConnectorFault(error)) throw error;
    return undefined;
  });
  if (!answer) return false;
  lab.tell(
    `  resolve ${truth.name} as ${how}: ${JSON.stringify(input)}: ${answer.ok ? answer.value.state : answer.error.detail}`,
  );
  if (answer.ok) truth.isSettled = input.outcome !== "not_live";
  if (answer.ok && input.outcome === "not_live" && (own || isPlanned)) truth.lies += 1;
  if (answer.ok && input.outcome === "live" && lab.platform.find(input.externalPostId ?? "")?.jobId !== row.id)
    truth.isMislinked = true;
  return answer.ok;
}

export async function deletePost(lab: Lab, random: Random): Promise<void> {
  const row = await anyJob(lab, random);
  if (!row) return;
  const alsoLive = random.chance(0.5);
  lab.oracle.deleteAsked.set(row.post_id, asId("tenant", row.tenant_id));
  await ask(
    lab,
    random,
    `delete the post of ${shown(lab, row)}${alsoLive ? ", live ones too" : ""}`,
    () => lab.service.deletePost(lab.callerOf(row.tenant_id), lab.post(row.post_id), { alsoLive }),
    ({ view, waits }) => `${waits ? 202 : 200} ${(view.changes ?? []).map(({ change }) => change).join(", ")}`,
  );
  // Whoever does not know that it was deleted sends the same request again.
  const request = lab.requests.find(
    ({ account, input, key }) =>
      key !== undefined && account.connectionId === row.connection_id && input.payload.content === row.content.text,
  );
  if (request && random.chance(0.5)) await send(lab, random, request);
}

export async function editPost(lab: Lab, random: Random): Promise<void> {
  const row = await anyJob(lab, random);
  if (!row) return;
  const caller = lab.callerOf(row.tenant_id);
  const at = new Date(lab.nowMs + random.pick([minute, 15 * minute, 45 * minute])).toISOString();
  const patch = random.weighted([
    [5, { content: random.pick(["hello", "better", "good news"]) }],
    [2, { scheduledFor: at }],
    [1, { content: "better", scheduledFor: at }],
    [2, { scheduledFor: null }],
    [1, { mode: "draft" as const }],
    [2, { mode: "publish" as const }],
  ]);
  await ask(
    lab,
    random,
    `edit the post of ${shown(lab, row)}: ${JSON.stringify(patch)}`,
    () => lab.service.updatePost(caller, lab.post(row.post_id), patch),
    ({ view, waits }) => `${waits ? 202 : 200} ${(view.changes ?? []).map(({ change }) => change).join(", ")}`,
  );
}

/** Taken back to a draft, asked for, and decided by somebody who may; where it waits already, decided at once. */
export async function approvePost(lab: Lab, random: Random): Promise<void> {
  const row = await anyJob(lab, random);
  if (!row) return;
  const caller = lab.callerOf(row.tenant_id);
  const id = lab.post(row.post_id);
  for (const mode of ["draft", "ask"] as const) await lab.service.updatePost(caller, id, { mode });
  const approve = random.chance(0.8);
  await ask(
    lab,
    random,
    `${approve ? "approve" : "reject"} the post of ${shown(lab, row)}`,
    () => lab.service.decidePost(caller, id, { approve }),
    ({ view, waits }) => `${waits ? 202 : 200} ${(view.changes ?? []).map(({ change }) => change).join(", ")}`,
  );
}
