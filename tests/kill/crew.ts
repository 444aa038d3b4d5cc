import { type Call, discover, type Point, pointsOf } from "./points.ts";
import type { Actor, LivePost, Scenario, Stage } from "./stage.ts";

/** The places of these scenarios' calls; one clean run of each tells which calls there are. */
export async function pointsIn(stage: Stage, scenarios: readonly Scenario[]): Promise<readonly Point[]> {
  const calls = await Promise.all(
    scenarios.map(async (scenario): Promise<readonly Call[]> => {
      const [actor] = await stage.connect(scenario, 1);
      return actor ? discover(stage, actor) : [];
    }),
  );
  return pointsOf(calls.flat());
}

/** Accounts are made once and serve every wave, each with texts of its own. */
export class Crew {
  readonly #stage: Stage;
  #actors = new Map<Scenario, Actor[]>();
  /** Every text an account may show. */
  #texts = new Map<string, Set<string>>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** An account for each of these points, in their order, and none twice. */
  async for(points: readonly Point[]): Promise<Actor[]> {
    const taken = new Map<Scenario, number>();
    await Promise.all(
      [...Map.groupBy(points, ({ scenario }) => scenario)].map(async ([scenario, own]) => {
        const known = this.#actors.get(scenario) ?? [];
        this.#actors.set(scenario, known);
        known.push(...(await this.#stage.connect(scenario, own.length - known.length)));
      }),
    );
    return points.map(({ scenario }) => {
      const index = taken.get(scenario) ?? 0;
      taken.set(scenario, index + 1);
      const actor = this.#actors.get(scenario)?.[index];
      if (!actor) throw new Error("a point has no account");
      return actor;
    });
  }

  /** These accounts are not used again. */
  dismiss(): void {
    this.#actors.clear();
  }

  textsOf({ accountId }: Actor): Set<string> {
    const known = this.#texts.get(accountId) ?? new Set();
    this.#texts.set(accountId, known);
    return known;
  }

  /** Posts of the account that nobody ordered. */
  strays(actor: Actor, posts: readonly LivePost[]): number {
    return posts.filter((post) => post.accountId === actor.accountId && !this.textsOf(actor).has(post.text)).length;
  }
}
