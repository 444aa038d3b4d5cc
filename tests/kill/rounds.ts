import type { TestContext } from "node:test";
import { Crew, pointsIn } from "./crew.ts";
import { expectation, type Point, type Row, reality, report, sample } from "./points.ts";
import { type Actor, type Scenario, type Stage, scenarios, threadOf } from "./stage.ts";

/** How many requests one worker may have held at once: egress lets no more to one host. */
const waveSize = 24;

/** What is done about the armed points of a wave once their jobs are accepted, until everything can go on. */
export type Trouble = (stage: Stage, actors: readonly Actor[], jobIds: readonly string[]) => Promise<void>;

/** A round: what is done to its points, and what may be said of them besides "once". */
export interface Round {
  readonly name: string;
  readonly fault: Fault;
  /** Varies which points a sample takes. */
  readonly salt: number;
  readonly trouble: Trouble;
  /** Where even the platform cannot tell: at most one post, and a person is asked. */
  readonly mayBeUnknown?: (point: Point) => boolean;
}

export type Fault = { readonly fault: "hold" | "drop" } | { readonly fault: "replace"; readonly status: number };

/**
 * LinkedIn, TikTok, X and Google know no key of ours, and that a list lacks a post proves nothing: then a person looks. So does one where
 * Mailchimp calls a campaign a draft that it was told to send.
 */
const neverTells = ({ scenario, shown }: Point): boolean =>
  (scenario === "linkedin picture" && shown === "POST rest/posts #1") ||
  (scenario === "tiktok video" && shown === "POST post/publish/video/init/ #1") ||
  (scenario === "google event" && shown.startsWith("POST accounts/")) ||
  (scenario === "x thread" && shown.startsWith("POST 2/tweets #")) ||
  (scenario === "mailchimp campaign" && shown === "POST 3.0/campaigns/{id}/actions/send #1");

/** Rounds of trouble over the same points, each post with a text of its own. */
export class Rounds {
  readonly stage: Stage;
  readonly points: readonly Point[];
  /** Armed before every wave, for the whole of it. */
  readonly #always: readonly object[];
  readonly #crew: Crew;
  #count = 0;

  private constructor(stage: Stage, points: readonly Point[], always: readonly object[]) {
    this.stage = stage;
    this.points = points;
    this.#always = always;
    this.#crew = new Crew(stage);
  }

  /** One clean run a scenario tells which calls there are. `always`: faults of the Meta simulator that stay armed. */
  static async prepare(
    stage: Stage,
    which: readonly Scenario[] = scenarios,
    always: readonly object[] = [],
  ): Promise<Rounds> {
    return new Rounds(stage, await pointsIn(stage, which), always);
  }

  /** Runs the round's points in waves and reports each. */
  async run(t: TestContext, round: Round): Promise<void> {
    const chosen = sample(this.points, round.salt);
    // What is only cut or replaced holds no place, so all of it goes at once.
    const size = round.fault.fault === "hold" ? waveSize : chosen.length;
    const rows: Row[] = [];
    for (let from = 0; from < chosen.length; from += size)
      rows.push(...(await this.#wave(chosen.slice(from, from + size), round)));
    report(t, rows, this.points.length);
  }

  async #wave(points: readonly Point[], { name, fault, trouble, mayBeUnknown }: Round): Promise<Row[]> {
    const { stage } = this;
    const actors = await this.#crew.for(points);
    await stage.clearFaults();
    const cast = points.map((point, index) => {
      const actor = actors[index];
      if (!actor) throw new Error("a point has no account");
      this.#count += 1;
      return { point, actor, text: `Number ${this.#count}: ${point.shown} ${point.at}, ${name}` };
    });
    for (const other of this.#always) await stage.system.sim("POST", "meta/faults", other);
    for (const { point, actor } of cast) {
      const match = { account: actor.accountId, method: point.method, path: point.path };
      await stage.system.sim("POST", `${actor.simulator}/faults`, { ...fault, at: point.at, match, skip: point.nth });
    }
    const jobIds = await Promise.all(
      cast.map(({ actor, text }) => {
        for (const each of [text, ...threadOf(actor.scenario, text)]) this.#crew.textsOf(actor).add(each);
        return stage.publish(actor, text);
      }),
    );
    await trouble(stage, actors, jobIds);
    const jobs = new Map((await stage.settle(jobIds)).map((job) => [job.id, job]));
    await stage.mustHaveHit();
    const posts = await stage.posts();
    return cast.map(({ point, actor, text }, index): Row => {
      const once = expectation(actor);
      const actual = reality({ actor, text, known: this.#crew.textsOf(actor) }, jobs.get(jobIds[index] ?? ""), posts);
      if (!mayBeUnknown?.(point) && !neverTells(point))
        return { point, trouble: name, expected: once, actual, ok: actual === once };
      const isAsked = /^(0 posts|1 post), (unknown|partly_published) \(asks\)(?!.* twice)/.test(actual);
      return { point, trouble: name, expected: `${once}, or unknown`, actual, ok: actual === once || isAsked };
    });
  }
}
