import type { Json, JsonObject, Result } from "@postd/contracts";
import type { ConnectorContext } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Format, NativeSchedule, OutgoingPost, Progress, PublishedRef, Step } from "../publish.ts";
import { type MemoryJob, type MemoryJobWorld, memoryJob, throughJson } from "./memory-job.ts";

/** One run of one step. */
export interface StepRun {
  readonly step: string;
  readonly effect: Step<JsonObject>["effect"];
  /** "ok", "waiting" or the failure's kind. */
  readonly outcome: string;
  readonly failure?: PlatformFailure;
  readonly waitMs?: number;
}

export interface PlayReport<R extends StepRun = StepRun> {
  /**
   * `asks_person`: it may be live and the platform could not tell. `held`: it waits for the account, the platform or our
   * app. `handed_over`: the platform holds it. `stopped`: at the first failure or before a step, as asked.
   */
  readonly end: "published" | "handed_over" | "failed" | "held" | "asks_person" | "stopped";
  readonly published?: PublishedRef;
  readonly failure?: PlatformFailure;
  readonly trace: readonly R[];
  readonly state: JsonObject;
}

export interface Play<R extends StepRun> {
  readonly world: MemoryJobWorld;
  readonly name: string;
  readonly format: Format;
  readonly schedule?: NativeSchedule | undefined;
  readonly post: OutgoingPost;
  /** Set where the platform shall hold the clock. */
  readonly publishAt?: Date | undefined;
  /** Where the steps go on from; absent: from their start. */
  readonly state?: JsonObject | undefined;
  /** `stop`: give back the first failure. `settle`: go on as the pipeline does. Default `settle`. */
  readonly onFailure?: "stop" | "settle" | undefined;
  /** Ends before this step is run. */
  readonly stopBefore?: string | undefined;
  /** Called right before each run, with its number. */
  readonly before?: (run: number, step: Step<JsonObject>) => void;
  /** What else is noted of a run. */
  readonly note: (run: StepRun, told: Told) => R;
}

/** What a run was given to repeat, and what came of it. */
export interface Told {
  readonly prepared: Json;
  readonly result: Result<Progress<JsonObject>, PlatformFailure>;
}

const mostRuns = 200;
const mostClaims = 200;

/** The test asked to go no further. */
class Stopped extends Error {
  readonly failure: PlatformFailure | undefined;
  constructor(failure?: PlatformFailure) {
    super("stopped");
    this.failure = failure;
  }
}

/**
 * Publishes one post with the shipped driver and a job in memory: claims it whenever it is due until nothing is left to
 * do. States and prepared values are carried through JSON, and a live post must keep its id.
 */
export async function playFormat<R extends StepRun>(play: Play<R>): Promise<PlayReport<R>> {
  const trace: R[] = [];
  const watched: Format = {
    ...play.format,
    start: (input) => throughJson(play.state ?? play.format.start(input)),
    steps: play.format.steps.map((step) => ({ ...step, run: (input, ctx) => watch(step, input, ctx) })),
  };
  const way = { name: play.name, format: watched, schedule: play.schedule };
  const job = memoryJob(play.world, { way, post: play.post, plannedAt: play.publishAt });

  async function watch(step: Step<JsonObject>, input: Parameters<Step<JsonObject>["run"]>[0], ctx: ConnectorContext) {
    if (step.name === play.stopBefore) throw new Stopped();
    if (trace.length >= mostRuns) throw new Error(`${play.name} did not come to an end`);
    play.before?.(trace.length, step);
    const result = await step.run(input, ctx);
    const run = { step: step.name, effect: step.effect };
    const told = { prepared: input.prepared, result };
    if (!result.ok) {
      trace.push(play.note({ ...run, outcome: result.error.kind, failure: result.error }, told));
      if (play.onFailure === "stop") throw new Stopped(result.error);
      return result;
    }
    const { waitMs } = result.value;
    const waits = waitMs === undefined ? { outcome: "ok" } : { outcome: "waiting", waitMs };
    trace.push(play.note({ ...run, ...waits }, told));
    keepsIdentity(job, result.value);
    play.world.advance(10);
    return { ok: true as const, value: { ...result.value, state: throughJson(result.value.state) } };
  }

  try {
    for (let claims = 0; claims < mostClaims; claims += 1) {
      await job.next();
      const end = endOf(job);
      if (end) return reportOf(end, job.row.failure?.failure);
    }
  } catch (error) {
    if (error instanceof Stopped) return reportOf("stopped", error.failure);
    throw error;
  }
  throw new Error(`${play.name} did not come to an end`);

  function reportOf(end: PlayReport["end"], failure: PlatformFailure | undefined): PlayReport<R> {
    const published = job.drive.published ?? job.row.published;
    const state = job.drive.state ?? {};
    return { end, trace, state, ...(published && { published }), ...(failure && { failure }) };
  }
}

function keepsIdentity(job: MemoryJob, { published }: Progress<JsonObject>): void {
  const before = job.drive.published?.externalId;
  if (before !== undefined && published !== undefined && published.externalId !== before)
    throw new Error("a live post changed its id");
}

/** undefined: it goes on by itself. */
function endOf({ row }: MemoryJob): PlayReport["end"] | undefined {
  switch (row.state) {
    case "published":
    case "handed_over":
    case "failed":
      return row.state;
    case "held":
      // An allowance that is used up comes back by itself.
      return row.failure?.failure.kind === "rate_limited" && row.wake !== null ? undefined : row.state;
    case "partly_published":
      if (row.mayBeLive) return "asks_person";
      return row.needsPerson ? "failed" : "held";
    default:
      return row.wake === null ? "asks_person" : undefined;
  }
}
