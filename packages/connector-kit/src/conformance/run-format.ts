import assert from "node:assert/strict";
import type { Json, JsonObject } from "@postd/contracts";
import type { PlatformFailure } from "../failure.ts";
import type { HttpResponse } from "../http.ts";
import type { OutgoingPost, PublishedRef, Step } from "../publish.ts";
import type { CallSpy, Connected, Meddling, World } from "./world.ts";

/** One run of one step. */
export interface StepRun {
  readonly step: string;
  readonly effect: Step<JsonObject>["effect"];
  readonly effectCalls: number;
  /** "ok", "waiting" or the failure's kind. */
  readonly outcome: string;
  readonly failure?: PlatformFailure;
}

export interface RunReport {
  /** `asks_person`: it may be live and the platform could not tell. `stopped`: at the first failure, as asked. */
  readonly end: "published" | "failed" | "asks_person" | "stopped";
  readonly published?: PublishedRef;
  readonly failure?: PlatformFailure;
  readonly trace: readonly StepRun[];
  readonly state: JsonObject;
}

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

const MOST_RUNS = 200;
const MOST_TRIES = 5;
const MOST_LOOKS = 4;

/**
 * Drives a format's steps as the pipeline does: the first step that is not done, its intent kept and repeated, states
 * carried through JSON, waits on the clock, lost answers probed or repeated, an expired token refreshed once.
 */
export async function runFormat(options: RunFormatOptions): Promise<RunReport> {
  const { world, connected, post } = options;
  const format = world.connector.publish[post.format];
  assert.ok(format, `${world.connector.id} has no format ${post.format}`);
  const trace: StepRun[] = [];
  const start = { post, account: connected.account, now: world.clock.now() };
  let state = throughJson(format.start({ ...start, ...(options.publishAt && { publishAt: options.publishAt }) }));
  let pending: { readonly step: string; readonly prepared: Json; readonly intentAt: Date } | undefined;
  let published: PublishedRef | undefined;
  let tries = 0;
  let refreshed = false;

  const report = (end: RunReport["end"], failure?: PlatformFailure): RunReport => ({
    end,
    trace,
    state,
    ...(published && { published }),
    ...(failure && { failure }),
  });

  while (trace.length < MOST_RUNS) {
    const step: Step<JsonObject> | undefined = format.steps.find((candidate) => !candidate.done(state, post));
    if (!step) return report(published ? "published" : "failed");
    if (pending?.step !== step.name) {
      const { account } = connected;
      const prepared = step.prepare?.({ post, state, account, now: world.clock.now(), randomBits }) ?? null;
      pending = { step: step.name, prepared: throughJson(prepared), intentAt: world.clock.now() };
    }
    const spy: CallSpy = { effectCalls: 0, meddle: options.meddle?.(trace.length, step), tamper: options.tamper };
    const input = { post, state, prepared: pending.prepared };
    const result = await step.run(input, world.context(connected, step.effect, spy));
    world.seen.push(JSON.stringify([result, pending]));
    assert.ok(spy.effectCalls <= 1, `${step.name} makes ${spy.effectCalls} effect calls in one run`);
    const run = { step: step.name, effect: step.effect, effectCalls: spy.effectCalls };

    if (result.ok) {
      const { waitMs, published: named } = result.value;
      trace.push({ ...run, outcome: waitMs === undefined ? "ok" : "waiting" });
      if (published)
        assert.ok(named === undefined || named.externalId === published.externalId, "a live post changed its id");
      state = throughJson(result.value.state);
      published = named ?? published;
      pending = undefined;
      tries = 0;
      world.advance(waitMs ?? 10);
      continue;
    }

    const failure = result.error;
    trace.push({ ...run, outcome: failure.kind, failure });
    if (options.onFailure === "stop") return report("stopped", failure);
    if (failure.kind === "auth_expired" && !refreshed) {
      refreshed = true;
      const renewed = await refresh(world, connected);
      if (renewed) return report("failed", renewed);
      continue;
    }
    const retries = failure.kind === "unavailable" || failure.kind === "rate_limited";
    const mayDouble = step.effect === "visible" && !step.repeatable;
    const open = failure.kind === "outcome_unknown" || (failure.kind === "unexpected_response" && failure.status < 300);
    if (open && mayDouble) {
      const looked = await lookUntilKnown(options, step, { ...input, intentAt: pending.intentAt });
      if (looked === "ask") return report("asks_person", failure);
      if (looked === "absent") continue;
      ({ state, published } = looked);
      pending = undefined;
      continue;
    }
    tries += 1;
    if ((failure.kind === "outcome_unknown" || retries) && tries < MOST_TRIES) {
      world.advance("retryAfterMs" in failure ? (failure.retryAfterMs ?? 1000) : 1000 * 3 ** tries);
      continue;
    }
    return report("failed", failure);
  }
  throw new Error(`${world.connector.id}.${post.format} did not come to an end`);
}

type Looked = "absent" | "ask" | { readonly state: JsonObject; readonly published: PublishedRef };
type ProbeInput = Parameters<NonNullable<Step<JsonObject>["probe"]>>[0];

/** Looks once the platform had time to settle, and a few times more where its lists merely lack the post. */
async function lookUntilKnown(options: RunFormatOptions, step: Step<JsonObject>, input: ProbeInput): Promise<Looked> {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    options.world.advance(looks === 0 ? (step.settleMs ?? 5000) : 30_000);
    const looked = await look(options, step, input);
    if (looked !== "ask") return looked;
  }
  return "ask";
}

async function look(
  { world, connected }: RunFormatOptions,
  step: Step<JsonObject>,
  input: ProbeInput,
): Promise<Looked> {
  assert.ok(step.probe, `${step.name} has no probe`);
  const answer = await step.probe(input, world.context(connected, "none"));
  world.seen.push(JSON.stringify(answer));
  if (!answer.ok || answer.value.kind === "not_seen") return "ask";
  if (answer.value.kind === "absent_authoritative") return "absent";
  const ours = answer.value.candidates.filter((candidate) => candidate.ours);
  const candidates = ours.length > 0 ? ours : answer.value.candidates;
  const [chosen] = candidates;
  if (!chosen || candidates.length > 1) return "ask";
  const { state, externalId, permalink } = chosen;
  return { state: throughJson(state), published: { externalId, ...(permalink && { permalink }) } };
}

/** Renews the credentials as the pipeline would; the failure where that is not possible. */
export async function refresh(world: World, connected: Connected): Promise<PlatformFailure | undefined> {
  const auth = world.connector.auth.find(({ id }) => id === connected.account.authKind);
  if (!auth?.refresh) return { kind: "auth_revoked", message: "This sign-in cannot be renewed." };
  const renewed = await auth.refresh(world.context(connected, "none"));
  world.seen.push(JSON.stringify(renewed));
  if (!renewed.ok) return renewed.error;
  connected.credentials = renewed.value;
  return undefined;
}

/** What storing does to a value; a state or prepared value that does not come back the same is refused. */
function throughJson<T>(value: T): T {
  const back: T = JSON.parse(JSON.stringify(value));
  assert.deepEqual(back, value, "a stored value does not survive JSON");
  return back;
}

let drawn = 0n;
/** Different at every call, the same in every run of a test. */
function randomBits(bits: number): bigint {
  drawn += 1n;
  return (drawn * 0x9e3779b97f4a7c15n) & ((1n << BigInt(bits)) - 1n);
}
