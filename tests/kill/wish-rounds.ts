import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { chance, drawn, isComplete, pick, sampleNote } from "./chance.ts";
import { Crew, pointsIn } from "./crew.ts";
import { namesPost, type Point } from "./points.ts";
import { type LivePost, orderOf, partsOf, type Scenario, type Stage } from "./stage.ts";
import type { Strike } from "./troubles.ts";
import { answered, changedText, type Outcome, type Told, type Wish, type Wisher, wishes } from "./wishes.ts";

/** Of each connector, at the least; three rounds of kills and one of answers. */
const sampledPerKill = 3;
const scenariosWithWishes = [
  "bluesky image",
  "bluesky thread",
  "facebook photo",
  "facebook reel",
  "instagram carousel",
  "google event",
  "threads carousel",
] as const satisfies readonly Scenario[];
const waveSize = 20;

/** What happens to a held call. */
export interface Trouble {
  readonly name: string;
  /** What the call's answer becomes when it goes on, where it does. */
  readonly answer?: (at: Point["at"]) => object;
  readonly strike: Strike;
}

interface WishPoint extends Point {
  readonly trouble: Trouble;
  readonly wish: Wish;
  /** While the call is held, or right after what happens to it. */
  readonly when: "held" | "after";
}

interface Case {
  readonly point: WishPoint;
  readonly wisher: Wisher;
  told: Told | undefined;
  readonly complaints: string[];
}

const connectorOf = (scenario: Scenario): string => scenario.split(" ")[0] ?? "";

/** At each call, a random wish while it is held or right after its trouble; afterwards every answer given was true. */
export class WishRounds {
  readonly #stage: Stage;
  readonly #points: readonly Point[];
  readonly #crew: Crew;
  #count = 0;

  private constructor(stage: Stage, points: readonly Point[]) {
    this.#stage = stage;
    this.#points = points;
    this.#crew = new Crew(stage);
  }

  static async prepare(stage: Stage, which: readonly Scenario[] = scenariosWithWishes): Promise<WishRounds> {
    return new WishRounds(stage, await pointsIn(stage, which));
  }

  /** All points under each of these troubles, which strike alike, or a sample with so many of each connector and trouble. */
  async run(t: TestContext, troubles: readonly Trouble[], sampledEach = sampledPerKill): Promise<void> {
    const next = chance(troubles.map(({ name }) => name).join());
    const all = troubles.flatMap((trouble) => this.#points.map((point) => ({ ...point, trouble })));
    const chosen = isComplete
      ? all
      : [...Map.groupBy(all, ({ trouble, scenario }) => trouble.name + connectorOf(scenario)).values()].flatMap((own) =>
          drawn(own, sampledEach, next),
        );
    // Each wish in its turn, so that a small sample has them all, in an order that is drawn.
    let left: Wish[] = [];
    const planned = chosen.map((point): WishPoint => {
      if (left.length === 0) left = drawn(wishes, wishes.length, next);
      return { ...point, wish: left.pop() ?? pick(wishes, next), when: next() < 0.5 ? "held" : "after" };
    });
    const lines: string[] = [];
    try {
      for (let from = 0; from < planned.length; from += waveSize)
        lines.push(...(await this.#wave(planned.slice(from, from + waveSize))));
    } catch (error) {
      // What broke off leaves calls open and accounts disconnected; the next round begins without them.
      this.#crew.dismiss();
      await this.#stage.clearFaults();
      await this.#stage.release();
      throw error;
    }
    const wrong = lines.filter((line) => line.startsWith("FAIL"));
    const count = `${sampleNote(lines.length, all.length)}: ${wrong.length} wrong`;
    t.diagnostic(`${count}\n${lines.join("\n")}`);
    if (wrong.length > 0) throw new Error(`${count}\n${wrong.join("\n")}`);
  }

  async #wave(points: readonly WishPoint[]): Promise<string[]> {
    const stage = this.#stage;
    const actors = await this.#crew.for(points);
    await stage.clearFaults();
    const cases = await Promise.all(
      points.map(async (point, index): Promise<Case> => {
        const actor = actors[index];
        if (!actor) throw new Error("a point has no account");
        const match = { account: actor.accountId, method: point.method, path: point.path };
        const arm = (fault: object) =>
          stage.system.sim("POST", `${actor.simulator}/faults`, { ...fault, match, skip: point.nth });
        await arm({ fault: "hold", at: point.at });
        if (point.trouble.answer) await arm(point.trouble.answer(point.at));
        this.#count += 1;
        const text = `Wish ${this.#count}: ${point.wish.name}, ${point.shown} ${point.at}`;
        for (const own of [text, changedText(text), ...partsOf(text)]) this.#crew.textsOf(actor).add(own);
        const key = randomUUID();
        const order = orderOf(actor, text, { idempotencyKey: key });
        const { id, postId } = await actor.session.must("POST", "/api/publish", order);
        return { point, wisher: { actor, text, key, jobId: id, postId }, told: undefined, complaints: [] };
      }),
    );
    const ids = cases.map(({ wisher }) => wisher.jobId);
    await stage.allHeld(actors, ids);
    const ask = (when: WishPoint["when"]) => async () => {
      await Promise.all(
        cases
          .filter(({ point }) => point.when === when)
          .map(async (one) => {
            one.told = await one.point.wish.ask(one.wisher, stage);
          }),
      );
    };
    await ask("held")();
    await points[0]?.trouble.strike(stage, ask("after"));
    await stage.settle(ids, ({ heldReason }) => heldReason === "paused");
    await stage.mustHaveHit();
    await this.#nothingIsHidden(cases);
    await Promise.all(cases.map(({ point, wisher }) => point.wish.afterwards?.(wisher, stage)));
    await stage.settle(ids);
    await this.#nothingIsHidden(cases);
    await this.#asPeopleDo(cases);
    return Promise.all(cases.map((one) => this.#judge(one)));
  }

  /** Whatever a job says of itself now: nothing that is live is called held, failed or canceled. */
  async #nothingIsHidden(cases: readonly Case[]): Promise<void> {
    const posts = await this.#stage.posts();
    const jobs = new Map((await this.#stage.jobs(cases.map(({ wisher }) => wisher.jobId))).map((job) => [job.id, job]));
    for (const { wisher, complaints } of cases) {
      const state = jobs.get(wisher.jobId)?.state ?? "gone";
      const live = this.#liveOf(wisher, posts).whole.length;
      if (live > 1) complaints.push(`${live} are live`);
      if (live > 0 && ["held", "failed", "canceled", "scheduled", "removed"].includes(state))
        complaints.push(`it is called ${state} while it is live`);
    }
  }

  /** What asks for a person gets one who knows the truth; every such job has a way out. */
  async #asPeopleDo(cases: readonly Case[]): Promise<void> {
    const stage = this.#stage;
    for (let round = 0; round < 3; round += 1) {
      const jobs = new Map((await stage.jobs(cases.map(({ wisher }) => wisher.jobId))).map((job) => [job.id, job]));
      const posts = await stage.posts();
      const acted = await Promise.all(
        cases.map(async ({ wisher, complaints, point }) => {
          const job = jobs.get(wisher.jobId);
          const state = job?.state ?? "gone";
          if (["published", "canceled", "removed"].includes(state)) return false;
          const [live] = this.#liveOf(wisher, posts).whole;
          const stops = point.wish.name === "cancel" || point.wish.name === "delete";
          const resolve = (outcome: object) => ["resolve", outcome] as const;
          const [verb, body] =
            state === "unknown"
              ? resolve(live ? { outcome: "live", externalPostId: live.id } : { outcome: "not_live" })
              : state === "partly_published" && stops
                ? resolve({ outcome: "leave" })
                : (["retry", {}] as const);
          const told = await answered(() =>
            wisher.actor.session.call("POST", `/api/jobs/${wisher.jobId}/${verb}`, body),
          );
          const isExpected = state === "unknown" || state === "partly_published";
          if (!isExpected || told.status >= 300)
            complaints.push(
              `it ended ${state} ${job?.heldReason ?? ""} (${job?.failure ?? "no failure"}), and ${verb} answered ${told.status} ${told.body?.detail ?? ""}`,
            );
          return true;
        }),
      );
      if (!acted.includes(true)) return;
      await stage.settle(cases.map(({ wisher }) => wisher.jobId));
    }
  }

  async #judge({ point, wisher, told, complaints }: Case): Promise<string> {
    const { actor, jobId, postId } = wisher;
    if (!told) throw new Error("a wish was not made");
    const job = await actor.session.must("GET", `/api/publish/${jobId}`);
    const { whole, old, changed, parts } = this.#liveOf(wisher, await this.#stage.posts());
    const outcome: Outcome = {
      told,
      job,
      isListed: (await actor.session.call("GET", `/api/posts/${postId}`)).status === 200,
      old,
      changed,
      liveAt: whole[0] && new Date(whole[0].createdAt),
    };
    const untrue = point.wish.untrue(outcome);
    if (untrue) complaints.push(`untrue: ${untrue}`);
    if (whole.length > 1) complaints.push(`${whole.length} are live`);
    const [post] = whole;
    if (post && !namesPost(job.externalPostId, post)) complaints.push("the job names another post");
    if (post && post.media.map(({ sha256 }) => sha256).join() !== actor.sha256.join())
      complaints.push("other pictures");
    const wanted = actor.scenario === "bluesky thread" && post ? 2 : 0;
    const isShort = point.wish.name === "cancel" || point.wish.name === "delete";
    if (parts > wanted || (parts < wanted && !isShort)) complaints.push(`${parts} of ${wanted} parts are live`);
    if (this.#crew.strays(actor, await this.#stage.posts()) > 0) complaints.push("posts nobody ordered");
    const end = job.wishOutcome ? `, ${job.wishOutcome.outcome}` : "";
    const change = told.body?.changes?.[0]?.change;
    const head = `${point.scenario.padEnd(18)} ${point.shown.padEnd(44)} ${point.at.padEnd(6)} ${point.trouble.name.padEnd(15)} ${`${point.wish.name} (${point.when})`.padEnd(27)}`;
    const said = `${told.status}${change ? ` ${change}` : ""}; ${job.state}${end}, ${old} old, ${changed} new, ${parts} parts`;
    return `${complaints.length === 0 ? "ok  " : "FAIL"} ${head} ${said}${complaints.length === 0 ? "" : `: ${complaints.join("; ")} ${JSON.stringify({ told: told.body?.detail ?? told.body?.changes, failure: job.failure?.message, wishOutcome: job.wishOutcome })}`}`;
  }

  #liveOf({ actor, text }: Wisher, posts: readonly LivePost[]) {
    const own = posts.filter(({ accountId }) => accountId === actor.accountId);
    const old = own.filter((post) => post.text === text);
    const changed = own.filter((post) => post.text === changedText(text));
    const parts = own.filter((post) => partsOf(text).includes(post.text)).length;
    return { whole: [...old, ...changed], old: old.length, changed: changed.length, parts };
  }
}
