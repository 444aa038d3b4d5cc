import type { Clock } from "../context.ts";
import { sha256Hex } from "../crypto.ts";
import { credentialFor, type RequestStart } from "./credential.ts";
import { createFaultBox, type FaultBox, type FaultInput } from "./fault.ts";
import { randomId } from "./random.ts";
import type { SimAnswer, SimEnv, SimRequest, Simulator, SimulatorDefinition } from "./types.ts";

/** One answered request, for assertions; query, headers and bodies are left out because they hold secrets. */
export interface RecordedRequest {
  readonly at: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Accounts the presented token acts for; absent: none, or the simulator cannot tell. */
  readonly accounts?: readonly string[];
  /** What the client saw: a status, or that it saw none. */
  readonly outcome: number | "drop" | "hold";
  /** What the simulator itself answered; absent: the request never reached it. */
  readonly applied?: number | "drop" | "hold";
}

/** A medium the simulator pulled, or failed to. `url` is without its query. */
export interface RecordedFetch {
  readonly at: string;
  readonly url: string;
  readonly status: number | "failed";
  readonly sha256?: string;
  readonly sizeBytes?: number;
  readonly contentType?: string;
}

export interface MountOptions {
  readonly clock?: Clock;
  /** Replaces network access of a simulator in pure tests. */
  readonly fetchMedia?: SimEnv["fetchMedia"];
  readonly deliver?: SimEnv["deliver"];
  readonly ask?: SimEnv["ask"];
  readonly urlFor?: SimEnv["urlFor"];
}

export interface MountedSimulator {
  readonly definition: SimulatorDefinition;
  readonly simulator: Simulator;
  readonly faults: FaultBox;
  /**
   * Answers one request with the same faults as on a port. Faults of the network become `drop`, `hold` or the answer
   * they put in its place; a hold cannot be released here, it stands for a time-out.
   */
  handle(request: SimRequest): Promise<SimAnswer>;
  /** Accounts the request's token acts for, as far as what came of it tells. */
  accountsOf(request: RequestStart): readonly string[];
  /** Arms a fault; throws a ZodError on a bad one. */
  arm(fault: FaultInput): void;
  /** Calls the simulator without transport faults. A throw of the simulator becomes 500 text and is kept in `crashes`. */
  apply(request: SimRequest): Promise<SimAnswer>;
  record(entry: Omit<RecordedRequest, "at">): void;
  requests(): readonly RecordedRequest[];
  /** Applied calls that may change the platform: every method but GET, HEAD, OPTIONS, answered below 400. */
  effectCalls(): readonly RecordedRequest[];
  fetches(): readonly RecordedFetch[];
  /** Bugs of the simulator itself; a test that leaves any here should fail. */
  crashes(): readonly string[];
  /** Forgets posts, accounts made, faults and records. */
  reset(): void;
}

const requestsKept = 500;
const effectsKept = 5000;
const mediaTimeoutMs = 20_000;
const deliverTimeoutMs = 10_000;
const systemClock: Clock = { now: () => new Date() };

/** Mounts a simulator without a port: what unit tests use, and what the host builds on. */
export function mountInProcess(definition: SimulatorDefinition, options: MountOptions = {}): MountedSimulator {
  const clock = options.clock ?? systemClock;
  const faults = createFaultBox(definition.errors);
  let requests: RecordedRequest[] = [];
  let effects: RecordedRequest[] = [];
  let fetches: RecordedFetch[] = [];
  let crashes: string[] = [];

  const at = () => clock.now().toISOString();
  const fetchMedia: SimEnv["fetchMedia"] = options.fetchMedia ?? pullMedia;
  const env: SimEnv = {
    now: () => clock.now(),
    randomId,
    fault: (name, request) => faults.takeNamed(name, { ...request, accounts: accountsOf(request) }),
    urlFor: options.urlFor ?? ((host, path) => `https://${host}${path}`),
    deliver: options.deliver ?? postWebhook,
    ask: options.ask ?? askAddress,
    async fetchMedia(url) {
      const got = await fetchMedia(url);
      const base = { at: at(), url: withoutQuery(url) };
      if (got === undefined) fetches.push({ ...base, status: "failed" });
      else
        fetches.push({
          ...base,
          status: 200,
          sha256: sha256Hex(got.bytes),
          sizeBytes: got.bytes.byteLength,
          contentType: got.contentType,
        });
      fetches = fetches.slice(-requestsKept);
      return got;
    },
  };
  const simulator = definition.create(env);
  const accountsOf = (request: RequestStart): readonly string[] => {
    const token = credentialFor(definition, request);
    return token === undefined ? [] : (simulator.accountsOf?.(token) ?? []);
  };

  const mounted: MountedSimulator = {
    definition,
    simulator,
    faults,
    accountsOf,
    arm: (fault) => faults.arm(fault),
    async apply(request) {
      // No platform serves a path that is no text; none of its simulators has to ask.
      if (!isText(request.path)) return { status: 400, text: "Bad Request" };
      try {
        return await simulator.handle(request);
      } catch (error) {
        crashes.push(
          `${request.method} ${request.host}${request.path}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
        return { status: 500, text: "The simulator itself failed; GET /__sim/<id>/ lists crashes." };
      }
    },
    async handle(request) {
      const accounts = accountsOf(request);
      const head = { method: request.method, host: request.host, path: request.path, ...named(accounts) };
      const fault = faults.takeTransport({ ...request, accounts });
      // A body that breaks off is no answer to whoever asked in process.
      const cut =
        typeof fault?.answer === "object" && fault.answer.cutAfterBytes !== undefined ? "drop" : fault?.answer;
      if (cut !== undefined && fault?.at !== "after") {
        mounted.record({ ...head, outcome: outcomeOf(cut) });
        return cut;
      }
      const answer = await mounted.apply(request);
      mounted.record({ ...head, outcome: outcomeOf(cut ?? answer), applied: outcomeOf(answer) });
      return cut ?? answer;
    },
    record(entry) {
      const redacted = { ...entry, path: definition.redactPath?.(entry.path) ?? entry.path, at: at() };
      requests = [...requests.slice(-(requestsKept - 1)), redacted];
      if (changes(redacted)) effects = [...effects.slice(-(effectsKept - 1)), redacted];
    },
    requests: () => requests,
    effectCalls: () => effects,
    fetches: () => fetches,
    crashes: () => crashes,
    reset() {
      simulator.reset();
      faults.clear();
      requests = [];
      effects = [];
      fetches = [];
      crashes = [];
    },
  };
  return mounted;
}

/** For records: nothing where no account is known. */
export const named = (accounts: readonly string[]): { readonly accounts?: readonly string[] } =>
  accounts.length === 0 ? {} : { accounts };

export const outcomeOf = (answer: SimAnswer): number | "drop" | "hold" =>
  typeof answer === "string" ? answer : answer.status;

/** A simulator's own `drop` and `hold` come after applying, so they count as changes. */
function changes(entry: RecordedRequest): boolean {
  if (entry.applied === undefined || ["GET", "HEAD", "OPTIONS"].includes(entry.method)) return false;
  return typeof entry.applied === "string" || entry.applied < 400;
}

function isText(path: string): boolean {
  try {
    return decodeURIComponent(path) !== "";
  } catch {
    return false;
  }
}

function withoutQuery(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? "";
}

async function pullMedia(url: string): ReturnType<SimEnv["fetchMedia"]> {
  try {
    const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(mediaTimeoutMs) });
    if (answer.status !== 200) {
      await answer.body?.cancel();
      return undefined;
    }
    return { bytes: new Uint8Array(await answer.arrayBuffer()), contentType: answer.headers.get("content-type") ?? "" };
  } catch {
    // Unreachable or cut: for the platform this is simply media it could not have.
    return undefined;
  }
}

async function askAddress(url: string): ReturnType<SimEnv["ask"]> {
  try {
    const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(deliverTimeoutMs) });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return undefined; // Nobody there: to the platform an address that did not prove itself.
  }
}

async function postWebhook(url: string, request: Parameters<SimEnv["deliver"]>[1]): Promise<number> {
  try {
    const answer = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: request.headers,
      body: request.body,
      signal: AbortSignal.timeout(deliverTimeoutMs),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    // The address does not answer; platforms see that as a failed delivery, told as 0.
    return 0;
  }
}
