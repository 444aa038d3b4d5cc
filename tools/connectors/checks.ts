import { setTimeout as sleep } from "node:timers/promises";
import type { TryOut } from "@postd/connector-kit";
import type { JobView, PlatformView } from "@postd/contracts";
import type { ApiSession } from "@postd/testkit/api";
import { destinationFor, mediumFor, optionsOf, uploadSample } from "./sample.ts";
import type { OpenedAccount } from "./sign-in.ts";
import type { Stage } from "./stage.ts";

export const checkNames = ["connect", "accounts", "publish", "numbers", "delete", "health", "errors"] as const;
export type CheckName = (typeof checkNames)[number];

/** `absent`: the platform does not have it. `not_tried`: nothing was asked of it, and why. */
export interface Outcome {
  readonly status: "ok" | "absent" | "failed" | "not_tried";
  /** What was seen, or why not; one sentence. */
  readonly detail?: string;
}

export const ok = (detail?: string): Outcome => ({ status: "ok", ...(detail && { detail }) });
export const absent = (detail: string): Outcome => ({ status: "absent", detail });
export const failed = (detail: string): Outcome => ({ status: "failed", detail });
export const notTried = (detail: string): Outcome => ({ status: "not_tried", detail });

/** One account of a platform, through one sign-in, while it is tried. */
export interface Try {
  readonly stage: Stage;
  readonly platform: PlatformView;
  readonly tryOut: TryOut;
  readonly session: ApiSession;
  readonly connectionId: string;
  /** Id of the sign-in it was opened by. */
  readonly signIn: string;
  /** What the sign-in opened. */
  readonly accounts: readonly OpenedAccount[];
  /** Words no other try says. */
  readonly words: (what: string) => string;
  /** What was published, for the checks after it. */
  live?: { readonly postId: string; readonly job: JobView };
}

/** Every account a sign-in opens has a name and an id, and one of them became the connection. */
export async function checkAccounts({ session, platform, connectionId, accounts }: Try): Promise<Outcome> {
  const nameless = accounts.find(({ name, externalId }) => !name || !externalId);
  if (nameless) return failed(`an account has no name or no id: ${JSON.stringify(nameless)}`);
  const connection = await session.must("GET", `/api/connections/${connectionId}`);
  if (!accounts.some(({ externalId }) => externalId === connection.externalId))
    return failed(`${connection.externalId} is connected and was not among the accounts that were found`);
  if (platform.supports.accountLimits) await session.must("GET", `/api/connections/${connectionId}/limits`);
  const places = platform.destinations
    ? (await session.must("GET", `/api/connections/${connectionId}/destinations`)).items.length
    : undefined;
  return ok(`${accounts.length} found${places === undefined ? "" : `, ${places} places below it`}`);
}

/** One post goes out and is live once. */
export async function checkPublish(at: Try): Promise<Outcome> {
  const { platform, stage } = at;
  if (platform.formats.length === 0) return absent("nothing is posted there");
  if (!(await stage.agree(`Publish one post to ${platform.name}, connection ${at.connectionId}?`)))
    return notTried("nobody agreed to a post");
  const before = await stage.simulated?.countPosts(platform.id);
  const { job } = await publish(at, await samplePayload(at, "A try"));
  if (job.state !== "published") return failed(saidOf(job));
  at.live = { postId: job.postId, job };
  if (!job.externalPostId) return failed("it is called published and has no id at the platform");
  const after = await stage.simulated?.countPosts(platform.id);
  if (before !== undefined && after !== before + 1)
    return failed(`one post was sent and the platform shows ${Number(after) - before} more`);
  return ok(job.permalink ?? `live as ${job.externalPostId}`);
}

/** A worker reads them as soon as one is free, by no clock that is moved. */
const numbersPatienceMs = 30_000;
const onceMs = 60_000;

/** Numbers of the post or the account are read, with a date. */
export async function checkNumbers(at: Try): Promise<Outcome> {
  const { session, platform, connectionId, live } = at;
  const { postAnalytics, accountAnalytics, siteAnalytics } = platform.supports;
  const without = at.tryOut.without?.[at.signIn]?.numbers;
  if (without) return absent(without);
  if (!postAnalytics && !accountAnalytics && !siteAnalytics) return absent("the platform gives none");
  const known = async () => {
    const { rows: accounts } = await session.must("GET", `/api/analytics?by=account&connectionId=${connectionId}`);
    const { targets } = live ? await session.must("GET", `/api/analytics/${live.postId}`) : { targets: [] };
    const { readAt, missing } = accounts[0] ?? {};
    return { readAt, missing, all: [...accounts, ...targets] };
  };
  const before = await known();
  await session.must("POST", `/api/connections/${connectionId}/numbers`, {});
  const deadline = performance.now() + numbersPatienceMs;
  let now = before;
  // Whoever was read within the minute is not read again for asking, and is new enough.
  const isNew = before.readAt !== undefined && Date.now() - Date.parse(before.readAt) < onceMs;
  while (!isNew && now.readAt === before.readAt) {
    if (performance.now() > deadline) return failed("nobody read them");
    await sleep(100);
    now = await known();
    const isNews = now.missing !== undefined && now.missing !== before.missing && now.readAt === before.readAt;
    if (isNews) return failed(now.missing);
  }
  const count = now.all.flatMap(({ metrics, numbers }) => metrics ?? numbers).length;
  return count > 0 ? ok(`${count} numbers`) : ok("read; the platform has counted nothing yet");
}

/** The post is taken away again. */
export async function checkDelete(at: Try): Promise<Outcome> {
  const { platform, session, live, stage } = at;
  const { supports } = platform;
  if (supports.delete.length === 0) return absent("no app can delete a post there");
  const without = at.tryOut.without?.[at.signIn]?.delete;
  if (without) return absent(without);
  if (!live) return notTried("nothing was published");
  if (live.job.format && !supports.delete.includes(live.job.format)) return absent(`not of a ${live.job.format}`);
  if (!(await stage.agree(`Delete that post from ${platform.name} again? ${live.job.permalink ?? ""}`)))
    return notTried("nobody agreed to deleting it");
  const before = await stage.simulated?.countPosts(platform.id);
  const { changes = [] } = await session.must("DELETE", `/api/posts/${live.postId}?alsoLive=true`);
  const leaves = changes.find(({ change }: { change: string }) => change === "left_live" || change === "too_late");
  if (leaves) return absent(leaves.message);
  const { job } = await settled(at, live.job.id, "removed");
  if (job.state !== "removed") return failed(saidOf(job));
  const after = await stage.simulated?.countPosts(platform.id);
  return before !== undefined && after !== before - 1 ? failed("it still stands at the platform") : ok();
}

/** The account and its sign-in are looked at. */
export async function checkHealth({ session, connectionId }: Try): Promise<Outcome> {
  const { status, statusReason } = await session.must("POST", `/api/connections/${connectionId}/check`, {});
  if (status !== "healthy" && status !== "expiring_soon") return failed(`${status}: ${statusReason?.message ?? ""}`);
  return ok(status === "healthy" ? undefined : "the sign-in ends soon");
}

/** What is posted to the platform, its files uploaded. */
export async function samplePayload(at: Try, what: string): Promise<Readonly<Record<string, unknown>>> {
  const { session, platform, connectionId, stage, tryOut } = at;
  const mediaIds = await uploadSample(session, mediumFor(platform), Math.floor(performance.now()));
  const destination = await destinationFor(session, platform, connectionId);
  const options = optionsOf(tryOut, stage.isLive);
  return {
    text: at.words(what),
    ...(mediaIds.length > 0 && { mediaIds }),
    ...(destination && { destination }),
    ...(options && { options }),
  };
}

/** A job that has come to rest, and every kind of failure it met on its way. */
interface Settled {
  readonly job: JobView;
  readonly failures: readonly string[];
}

export async function publish(at: Try, payload: Readonly<Record<string, unknown>>): Promise<Settled> {
  const { id } = await at.session.must("POST", "/api/publish", { connectionId: at.connectionId, payload });
  return settled(at, id);
}

const atRest = ["published", "partly_published", "removed", "failed", "unknown", "held", "canceled", "handed_over"];
/** What a held job waits for that no person has to bring. */
const passes = ["quota", "outage"];

/** When it has come to rest, or as it is when patience ends. `wanted`: the one state that counts as rest. */
async function settled({ session, stage }: Try, jobId: string, wanted?: string): Promise<Settled> {
  const failures = new Set<string>();
  for (let turn = 0; ; turn += 1) {
    await stage.settle();
    const job: JobView = await session.must("GET", `/api/publish/${jobId}`);
    for (const failure of [job.failure, ...(job.attempts ?? []).map((attempt) => attempt.failure)])
      if (typeof failure?.kind === "string") failures.add(failure.kind);
    const waits = job.heldReason !== undefined && passes.includes(job.heldReason);
    const isAtRest = wanted === undefined ? atRest.includes(job.state) && !waits : job.state === wanted;
    if (isAtRest || turn >= stage.turns) return { job, failures: [...failures] };
    await stage.pass(job.nextAt ? new Date(job.nextAt) : undefined);
  }
}

/** Why a job is not where it should be. */
export function saidOf({ state, heldReason, failure, wishOutcome }: JobView): string {
  const why = failure ? `${failure.kind}: ${failure.message}` : (wishOutcome?.message ?? "");
  return `it is ${state}${heldReason ? ` (${heldReason})` : ""}${why ? `; ${why}` : ""}`;
}
