import assert from "node:assert/strict";
import type { JsonObject } from "@postd/contracts";
import type { PlatformFailure } from "../failure.ts";
import type { HttpResponse } from "../http.ts";
import type { OutgoingPost, Sealed, Step } from "../publish.ts";
import { formatOf } from "../publishing.ts";
import { type PlayReport, playFormat, type StepRun, type Told } from "./play-format.ts";
import type { CallSpy, Connected, Meddling, World } from "./world.ts";

/** One run of one step, with the calls of it that changed something. */
export interface WorldRun extends StepRun {
  readonly effectCalls: number;
}

export type RunReport = PlayReport<WorldRun>;

export interface RunFormatOptions {
  readonly world: World;
  readonly connected: Connected;
  readonly post: OutgoingPost;
  /** `stop`: give back the first failure. `settle`: do with failures what the pipeline does. Default `settle`. */
  readonly onFailure?: "stop" | "settle";
  /** Meddles with the calls of a run, named by its number (0 is the first) and step. */
  readonly meddle?: (run: number, step: Step<JsonObject>) => Meddling | undefined;
  readonly tamper?: (answer: HttpResponse) => HttpResponse;
  /** Set where the platform shall hold the clock. */
  readonly publishAt?: Date;
}

/** The destination of a sample whose place is known only once its account is. */
export const anyPlace = "any-place";

/**
 * Publishes a post through the connector at its simulator, with the rules the pipeline runs: intents kept and repeated,
 * waits on the world's clock, lost answers looked up or repeated, an expired token renewed once.
 */
export async function runFormat({ world, connected, post, ...options }: RunFormatOptions): Promise<RunReport> {
  const { id, publishing } = world.platform;
  const format = formatOf(world.platform, post.format);
  assert.ok(format, `${id} has no format ${post.format}`);
  let spy: CallSpy = { effectCalls: 0 };
  return playFormat<WorldRun>({
    name: `${id}.${post.format}`,
    format: { ...format, steps: format.steps.map((step) => remembering(world, step)) },
    schedule: publishing?.schedule,
    post: post.destination === anyPlace && world.place !== undefined ? { ...post, destination: world.place } : post,
    publishAt: options.publishAt,
    onFailure: options.onFailure,
    world: {
      now: () => world.clock.now(),
      advance: (ms) => world.advance(ms),
      account: () => connected.account,
      renew: () => refresh(world, connected),
      context(step, onVisibleCall) {
        spy = { effectCalls: 0, onVisibleCall };
        return world.context(connected, step.effect, spy);
      },
    },
    before(run, step) {
      spy.meddle = options.meddle?.(run, step);
      spy.tamper = options.tamper;
    },
    note(run, told) {
      for (const value of Object.values(sealedIn(told.result))) world.secrets.add(value.reveal());
      world.seen.push(JSON.stringify(told));
      return { ...run, effectCalls: spy.effectCalls };
    },
  });
}

const sealedIn = (result: Told["result"]): Sealed => (result.ok && result.value.sealed) || {};

/** What probes answer is searched for secrets too. */
function remembering(world: World, step: Step<JsonObject>): Step<JsonObject> {
  const { probe } = step;
  if (!probe) return step;
  return {
    ...step,
    async probe(input, ctx) {
      const answer = await probe(input, ctx);
      world.seen.push(JSON.stringify(answer));
      return answer;
    },
  };
}

/** Renews the credentials as the pipeline would; the failure where that is not possible. */
export async function refresh(world: World, connected: Connected): Promise<PlatformFailure | undefined> {
  const auth = world.provider.signIns.find(({ id }) => id === connected.account.authKind);
  if (!auth?.refresh) return { kind: "auth_revoked", message: "This sign-in cannot be renewed." };
  const renewed = await auth.refresh(world.signInContext(connected, "none"));
  world.seen.push(JSON.stringify(renewed));
  if (!renewed.ok) return renewed.error;
  connected.credentials = renewed.value;
  return undefined;
}
