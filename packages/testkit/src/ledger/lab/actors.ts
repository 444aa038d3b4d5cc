/**
 * Who acts: workers and people. Each runs until the next place where something from outside would be waited for, and goes
 * on when it is stepped; so any order of two or three of them can be played, and one that is never stepped again has died
 * there.
 */
export interface Actor {
  readonly name: string;
  /** The job a worker is at. */
  readonly jobId?: string;
  ended: boolean;
  dead: boolean;
  /** Where it waits. */
  at: string;
  /** Calls it makes again and again while it lives; a lease is kept by one. */
  readonly beats: Set<() => void>;
  /** Its process stands still: no beat, no step. */
  isStalled: boolean;
  error: unknown;
}

type Inner = Actor & { resume: (() => void) | undefined; arrived: (() => void) | undefined };

export class Stage {
  readonly actors: Inner[] = [];
  private current: Inner | undefined;
  /** Beats answer nobody; what they began is waited for here. */
  private readonly begun = new Set<Promise<unknown>>();

  /** Waits for its next turn, if somebody who is stepped runs now. */
  async gate(at: string): Promise<void> {
    const actor = this.current;
    if (!actor) return;
    await new Promise<void>((resolve) => {
      actor.at = at;
      actor.resume = resolve;
      actor.arrived?.();
    });
  }

  get acting(): Actor | undefined {
    return this.current;
  }

  /** An object whose every method waits for a turn first. */
  gated<T extends object>(name: string, target: T): T {
    const gatedMethods = Object.entries(target).map(([method, fn]) => [
      method,
      async (...args: unknown[]) => {
        await this.gate(`${name}.${method}`);
        const work = (fn as (...given: unknown[]) => Promise<unknown>).apply(target, args);
        return this.current ? work : this.tracked(work);
      },
    ]);
    return Object.fromEntries(gatedMethods) as T;
  }

  private tracked<T>(work: Promise<T>): Promise<T> {
    this.begun.add(work);
    const done = () => this.begun.delete(work);
    work.then(done, done);
    return work;
  }

  /** Begins and runs to the first gate. */
  async begin(name: string, work: () => Promise<unknown>, jobId?: string): Promise<Actor> {
    const actor: Inner = {
      name,
      ...(jobId === undefined ? {} : { jobId }),
      ended: false,
      dead: false,
      at: "begin",
      beats: new Set(),
      isStalled: false,
      error: undefined,
      resume: undefined,
      arrived: undefined,
    };
    this.actors.push(actor);
    await this.turn(actor, () => {
      work().then(
        () => this.end(actor, undefined),
        (error: unknown) => this.end(actor, error),
      );
    });
    return actor;
  }

  async step(actor: Actor): Promise<void> {
    const inner = this.actors.find((one) => one === actor);
    const resume = inner?.resume;
    if (!inner || !resume || inner.dead || inner.ended) return;
    inner.resume = undefined;
    await this.turn(inner, resume);
  }

  async runToEnd(actor: Actor): Promise<void> {
    for (let steps = 0; !actor.ended && !actor.dead; steps += 1) {
      if (steps > 500) throw new Error(`${actor.name} does not come to an end; it waits at ${actor.at}`);
      await this.step(actor);
    }
  }

  kill(actor: Actor): void {
    actor.dead = true;
    actor.beats.clear();
    this.actors.splice(0, this.actors.length, ...this.actors.filter((one) => one !== actor));
  }

  /** Every process that does not stand still does what it does again and again. */
  async beat(): Promise<void> {
    let beats = 0;
    for (const actor of this.actors)
      if (!actor.isStalled)
        for (const beat of actor.beats) {
          beat();
          beats += 1;
        }
    if (beats === 0) return;
    // What a beat asks, and what is answered, goes through several wrappers before time goes on.
    const passOn = async () => {
      for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
    };
    await passOn();
    while (this.begun.size > 0) {
      await Promise.allSettled([...this.begun]);
      await passOn();
    }
  }

  private async turn(actor: Inner, go: () => void): Promise<void> {
    await new Promise<void>((resolve) => {
      actor.arrived = resolve;
      this.current = actor;
      go();
    });
    this.current = undefined;
    actor.arrived = undefined;
  }

  private end(actor: Inner, error: unknown): void {
    actor.ended = true;
    actor.error = error;
    actor.at = "end";
    this.actors.splice(0, this.actors.length, ...this.actors.filter((one) => one !== actor));
    actor.arrived?.();
  }
}
