import type { TestContext } from "node:test";
import { type Call, discover, expectation, type Point, pointsOf, type Row, reality, report, sample } from "./points.ts";
import { type Actor, type Scenario, type Stage, scenarios } from "./stage.ts";

/** How many requests one worker may have held at once: egress lets no more to one host. */
const waveSize = 24;

/** What is done about the armed points of a wave once their jobs are accepted, until everything can go on. */
export type Trouble = (stage: Stage, actors: readonly Actor[], jobIds: readonly string[]) => Promise<void>;

/** A round: what is done to its points, and what may be said of them besides "once". */
export interface Round {
  readonly name: string;
  readonly fault: Fault;
  /** Varies which points a sample takes; absent: all of them. */
  readonly salt?: number;
  readonly trouble: Trouble;
  /** Where even the platform cannot tell: at most one post, and a person is asked. */
  readonly mayBeUnknown?: (point: Point) => boolean;
}

export type Fault = { readonly fault: "hold" | "drop" } | { readonly fault: "replace"; readonly status: number };

/** Accounts are made once and serve every round, each with a text of its own. */
export class Rounds {
  readonly stage: Stage;
  readonly points: readonly Point[];
  /** Armed before every wave, for the whole of it. */
  readonly #always: readonly object[];
  #actors = new Map<Scenario, Actor[]>();
  /** Every text an account may show. */
  #texts = new Map<string, Set<string>>();
  #count = 0;

  private constructor(stage: Stage, points: readonly Point[], always: readonly object[]) {
    this.stage = stage;
    this.points = points;
    this.#always = always;
  }

  /** One clean run a scenario tells which calls there are. `always`: faults of the Meta simulator that stay armed. */
  static async prepare(
    stage: Stage,
    which: readonly Scenario[] = scenarios,
    always: readonly object[] = [],
  ): Promise<Rounds> {
    const calls = await Promise.all(
      which.map(async (scenario): Promise<readonly Call[]> => {
        const [actor] = await stage.connect(scenario, 1);
        return actor ? discover(stage, actor) : [];
      }),
    );
    return new Rounds(stage, pointsOf(calls.flat()), always);
  }

  /** Runs the round's points in waves and reports each. */
  async run(t: TestContext, round: Round): Promise<void> {
    const chosen = round.salt === undefined ? this.points : sample(this.points, round.salt);
    // What is only cut or replaced holds no place, so all of it goes at once.
    const size = round.fault.fault === "hold" ? waveSize : chosen.length;
    const rows: Row[] = [];
    for (let from = 0; from < chosen.length; from += size)
      rows.push(...(await this.#wave(chosen.slice(from, from + size), round)));
    report(t, rows, this.points.length);
  }

  async #wave(points: readonly Point[], { name, fault, trouble, mayBeUnknown }: Round): Promise<Row[]> {
    const { stage } = this;
    const actors = await this.#actorsFor(points);
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
        this.#textsOf(actor).add(text);
        return stage.publish(actor, text);
      }),
    );
    await trouble(stage, actors, jobIds);
    const jobs = new Map((await stage.settle(jobIds)).map((job) => [job.id, job]));
    await this.#mustHaveHit(cast.length);
    const posts = await stage.posts();
    return cast.map(({ point, actor, text }, index): Row => {
      const once = expectation(actor);
      const actual = reality({ actor, text, known: this.#textsOf(actor) }, jobs.get(jobIds[index] ?? ""), posts);
      if (!mayBeUnknown?.(point)) return { point, trouble: name, expected: once, actual, ok: actual === once };
      const isAsked = /^(0 posts|1 post), unknown \(asks\)/.test(actual);
      return { point, trouble: name, expected: `${once}, or unknown`, actual, ok: actual === once || isAsked };
    });
  }

  /** A point whose call was never made proves nothing. */
  async #mustHaveHit(count: number): Promise<void> {
    const lists = await Promise.all(["bluesky", "meta"].map((id) => this.stage.system.sim("GET", `${id}/faults`)));
    const all: { fault: string; used: number }[] = lists.flatMap(({ faults }) => faults);
    const faults = all.filter(({ fault }) => ["hold", "drop", "replace"].includes(fault));
    const unused = faults.filter(({ used }) => used !== 1);
    if (faults.length !== count || unused.length > 0)
      throw new Error(`${unused.length} of ${faults.length} faults were not met: ${JSON.stringify(unused)}`);
  }

  async #actorsFor(points: readonly Point[]): Promise<Actor[]> {
    const taken = new Map<Scenario, number>();
    const need = Map.groupBy(points, ({ scenario }) => scenario);
    await Promise.all(
      [...need].map(async ([scenario, own]) => {
        const known = this.#actors.get(scenario) ?? [];
        this.#actors.set(scenario, known);
        known.push(...(await this.stage.connect(scenario, own.length - known.length)));
      }),
    );
    return points.flatMap(({ scenario }) => {
      const index = taken.get(scenario) ?? 0;
      taken.set(scenario, index + 1);
      return this.#actors.get(scenario)?.[index] ?? [];
    });
  }

  #textsOf(actor: Actor): Set<string> {
    const known = this.#texts.get(actor.accountId) ?? new Set();
    this.#texts.set(actor.accountId, known);
    return known;
  }
}
