import type { TestContext } from "node:test";
import { isComplete, sampleNote, seed } from "./chance.ts";
import { type Actor, type Job, type LivePost, type Scenario, type Stage, threadOf } from "./stage.ts";

export const places = ["before", "body", "after"] as const;
type Place = (typeof places)[number];

/** One call of a scenario's clean run: the `nth` of its shape, counted from 0. */
export interface Call {
  readonly scenario: Scenario;
  readonly method: string;
  /** Regular expression; ids are left open. */
  readonly path: string;
  readonly nth: number;
  readonly shown: string;
}

export interface Point extends Call {
  readonly at: Place;
}

/** The calls a scenario makes when nothing goes wrong, in order: derived from the platform's record, not written down. */
export async function discover(stage: Stage, actor: Actor): Promise<readonly Call[]> {
  const before = (await stage.requestsOf(actor)).length;
  const id = await stage.publish(actor, `A clean run of ${actor.scenario}`);
  const [job] = await stage.settle([id]);
  if (job?.state !== "published") throw new Error(`the clean run ended ${job?.state}: ${job?.failure} ${stage.said()}`);
  const requests = (await stage.requestsOf(actor)).slice(before);
  const seen = new Map<string, number>();
  return requests.map(({ method, path }) => {
    const shape = path
      .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replace(/[a-z0-9]{20,}/g, "[a-z0-9]+")
      .replace(/(?<=\/)[0-9a-f]{10}(?=\/|$)/g, "[0-9a-f]{10}")
      .replace(/\d{6,}(_\d+)?/g, "\\d+(_\\d+)?");
    const nth = seen.get(`${method} ${shape}`) ?? 0;
    seen.set(`${method} ${shape}`, nth + 1);
    const short = path
      .replace(/^\/(xrpc\/|v[\d.]+\/)?/, "")
      .replace(/\d{6,}(_\d+)?|[a-z0-9]{20,}|(?<=\/)[0-9a-f]{10}(?=\/|$)/g, "{id}");
    return { scenario: actor.scenario, method, path: `^${shape}$`, nth, shown: `${method} ${short} #${nth + 1}` };
  });
}

export const pointsOf = (calls: readonly Call[]): readonly Point[] =>
  calls.flatMap((call) => places.map((at) => ({ ...call, at })));

/** No multiple of the places, so that a sample strikes all of them. */
const every = 8;
/** Of a scenario with few calls a round takes so many all the same. */
const least = 2;

/**
 * All points where everything is to be run, else every eighth of each scenario and two at least, beginning where the seed
 * says; `salt` varies it by round.
 */
export function sample(points: readonly Point[], salt: number): readonly Point[] {
  if (isComplete) return points;
  return [...Map.groupBy(points, ({ scenario }) => scenario).values()].flatMap((own) => {
    const step = stepOf(own.length);
    return own.filter((_, index) => (index + seed + salt) % step === 0);
  });
}

function stepOf(count: number): number {
  const step = Math.max(1, Math.min(every, Math.floor(count / least)));
  return step > 1 && step % places.length === 0 ? step - 1 : step;
}

/** What the platform holds for a post that was sent once: a comma-free line that can be compared. */
export function expectation(actor: Actor): string {
  return ["1 post, published", ...(actor.sha256.length > 0 ? [shortened(actor.sha256)] : [])].join(", ");
}

const shortened = (hashes: readonly string[]): string => hashes.map((hash) => hash.slice(0, 8)).join(" ");

/** Whether a job's name is this post's. Google names one by the account it was asked through, the job by its location alone. */
export const namesPost = (named: string | null | undefined, { id, details }: LivePost): boolean =>
  named === id || named === details?.videoId || id.endsWith(`/${named ?? "nothing"}`);

/** What it does hold, with the job's own word. Posts of the account under any other text than `known` are counted, too. */
export function reality(
  input: { readonly actor: Actor; readonly text: string; readonly known: ReadonlySet<string> },
  job: Job | undefined,
  posts: readonly LivePost[],
): string {
  const own = posts.filter(({ accountId }) => accountId === input.actor.accountId);
  const [post, ...more] = own.filter(({ text }) => text === input.text);
  const strays = own.filter(({ text }) => !input.known.has(text)).length;
  const hashes = shortened(post?.media.map(({ sha256 }) => sha256) ?? []);
  const isNamed = !post || namesPost(job?.externalPostId, post);
  const state =
    job?.state === "held" ? `held (${job.heldReason})` : `${job?.state}${job?.needsPerson ? " (asks)" : ""}`;
  const remark = `${isNamed ? "" : ", job names another post"}${threadRemark(input, own, job)}${strays === 0 ? "" : `, ${strays} strays`}${job?.state === "published" || !job?.failure ? "" : `: ${job.failure}`}`;
  const count = post ? 1 + more.length : 0;
  return `${count} ${count === 1 ? "post" : "posts"}, ${state}${hashes === "" ? "" : `, ${hashes}`}${remark}`;
}

/** Each further part of a thread is there once where the job is done, and never twice. */
function threadRemark(
  { actor, text }: Pick<Parameters<typeof reality>[0], "actor" | "text">,
  own: readonly LivePost[],
  job: Job | undefined,
): string {
  return threadOf(actor.scenario, text)
    .map((part) => {
      const count = own.filter((post) => post.text === part).length;
      if (count > 1) return `, "${part}" twice`;
      return count === 0 && job?.state === "published" ? `, "${part}" is missing` : "";
    })
    .join("");
}

export interface Row {
  readonly point: Point;
  readonly trouble: string;
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
}

/** Prints each point with what was expected and what came, the count, and fails the test where they differ. */
export function report(t: TestContext, rows: readonly Row[], total: number): void {
  const lines = rows.map(
    ({ point, trouble, expected, actual, ok }) =>
      `${ok ? "ok  " : "FAIL"} ${point.scenario.padEnd(18)} ${point.shown.padEnd(44)} ${point.at.padEnd(6)} ${trouble.padEnd(16)} expected ${expected}; actual ${actual}`,
  );
  const wrong = rows.filter(({ ok }) => !ok).length;
  const count = `${sampleNote(rows.length, total)}: ${wrong} wrong`;
  t.diagnostic(`${count}\n${lines.join("\n")}`);
  if (rows.length === 0) throw new Error("a round without a point shows nothing");
  if (wrong > 0) throw new Error(`${count}\n${lines.filter((line) => line.startsWith("FAIL")).join("\n")}`);
}
