import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { type ApiSession, grantThroughBrowser, signUp } from "@postd/testkit/api";
import { createProcessSystem, type Part, type ProcessSystem } from "@postd/testkit/processes";

export const scenarios = [
  "bluesky image",
  "facebook photo",
  "instagram carousel",
  "facebook reel",
  "linkedin picture",
  "tiktok video",
  "x thread",
  "mailchimp campaign",
  "google event",
  "threads carousel",
] as const;
/** A Page's plain text is the one post nothing at the platform protects from a twin, where it goes out in one call. */
export type Scenario = (typeof scenarios)[number] | "facebook text" | "bluesky thread";
const pictures: Readonly<Record<Scenario, number>> = {
  "bluesky image": 1,
  "facebook photo": 1,
  "instagram carousel": 2,
  "facebook reel": 1,
  "linkedin picture": 1,
  "tiktok video": 1,
  "x thread": 1,
  "mailchimp campaign": 1,
  "google event": 1,
  "threads carousel": 2,
  "facebook text": 0,
  "bluesky thread": 0,
};

/** A connected account of its own with what it posts; the platforms keep these bytes unchanged. */
export interface Actor {
  readonly scenario: Scenario;
  readonly simulator: (typeof simulators)[number];
  readonly session: ApiSession;
  readonly connectionId: string;
  readonly accountId: string;
  readonly mediaIds: readonly string[];
  readonly sha256: readonly string[];
  readonly format?: string;
  /** A place below the account, where a post needs one. */
  readonly destination?: string;
  /** Signs in again as the same account. */
  reconnect(): Promise<void>;
}

export interface Job {
  readonly id: string;
  readonly state: string;
  readonly heldReason: string | null;
  readonly needsPerson: boolean;
  readonly externalPostId: string | null;
  /** Domain milliseconds until it goes on; null: never by itself. */
  readonly inMs: number | null;
  /** Not begun: its time is ahead, or it waits for a twin. */
  readonly isWaiting: boolean;
  readonly change: string;
  readonly failure: string | null;
}

export interface LivePost {
  readonly id: string;
  readonly accountId: string;
  readonly text: string;
  readonly createdAt: string;
  readonly media: readonly { readonly sha256: string }[];
  readonly details?: { readonly videoId?: string };
}

interface MadeAccount extends Pick<Actor, "simulator" | "accountId" | "destination"> {
  /** Answers the connection's id. */
  connect(): Promise<string>;
}

const simulators = ["bluesky", "meta", "linkedin", "tiktok", "x", "mailchimp", "google", "threads"] as const;
/** A claim nobody touched for this long of real time is a dead worker's; a living one writes far more often. */
const deadAfterMs = 2_000;
/** So little domain time is safe to pass while workers work: a living one keeps two thirds of a lease of 30 s, and more. */
const smallStepMs = 9_000;

const settledWithinMs = 120_000;

/** Less than the time-out of a call, after which a held one would be given up. */
const heldWithinMs = 25_000;

/** A closed connection is noticed within a turn of the platforms' event loop. */
const noticedWithinMs = 500;

/** The body of POST /api/publish for one post of this actor; a thread has two more parts. */
export function orderOf(actor: Actor, content: string, more: Readonly<Record<string, unknown>> = {}) {
  const { mediaIds, format, destination, connectionId, scenario } = actor;
  const options = optionsOf(scenario, content);
  const parts = threadOf(scenario, content).map((text) => ({ text }));
  const thread = parts.length > 0 ? { parts } : {};
  return {
    connectionId,
    payload: {
      content,
      mediaIds,
      ...(format ? { format } : {}),
      ...(destination ? { destination } : {}),
      ...options,
      ...thread,
      ...more,
    },
  };
}

/** Further posts that one order makes, where they go by the word all platforms share. */
export const threadOf = (scenario: Scenario, content: string): readonly string[] =>
  scenario === "x thread" ? partsOf(content) : [];

function optionsOf(scenario: Scenario, content: string): { readonly options?: object } {
  if (scenario === "bluesky thread") return { options: { replies: partsOf(content) } };
  if (scenario === "mailchimp campaign") return { options: { subject: "Beans" } };
  if (scenario === "google event") return { options: { title: "Tasting night", ...tastingDates, button: "CALL" } };
  return scenario === "tiktok video" ? { options: { privacyLevel: "PUBLIC_TO_EVERYONE", consent: true } } : {};
}

const tastingDates = { startDate: "2030-12-24", startTime: "19:00", endDate: "2030-12-24", endTime: "23:30" };

/** What follows the first post of a thread. */
export const partsOf = (content: string): readonly string[] => [`${content}, part 2`, `${content}, part 3`];

/** Google takes no photo under 10 KB. */
const photoOf = (scenario: Scenario) =>
  scenario === "google event" ? { width: 1_200, height: 900, channels: 3 as const } : { width: 600, height: 600 };

/** The whole of POSTD in processes, people signed in, accounts connected on demand. */
export class Stage {
  readonly system: ProcessSystem;
  http: Part;
  worker: Part;
  #sessions = new Map<Scenario, Promise<ApiSession>>();
  #seed = 0;

  constructor(system: ProcessSystem, http: Part, worker: Part) {
    this.system = system;
    this.http = http;
    this.worker = worker;
  }

  /** Several accounts of a scenario, a few sign-ins at a time. */
  async connect(scenario: Scenario, count: number): Promise<Actor[]> {
    const actors: Actor[] = [];
    while (actors.length < count) {
      const batch = Math.min(4, count - actors.length);
      actors.push(...(await Promise.all(Array.from({ length: batch }, () => this.#connectOne(scenario)))));
    }
    return actors;
  }

  async #connectOne(scenario: Scenario): Promise<Actor> {
    const session = await this.#sessionOf(scenario);
    const media = await this.#upload(session, scenario);
    const { simulator, accountId, destination, connect } = await this.#account(session, scenario);
    const connectionId = await connect();
    const format = scenario === "facebook reel" ? { format: "reel" } : {};
    const reconnect = async () => assert.equal(await connect(), connectionId);
    const place = destination ? { destination } : {};
    return { scenario, simulator, session, connectionId, accountId, reconnect, ...place, ...media, ...format };
  }

  #account(session: ApiSession, scenario: Scenario): Promise<MadeAccount> {
    if (scenario.startsWith("bluesky")) return this.#blueskyAccount(session);
    if (scenario.startsWith("linkedin")) return this.#linkedinPage(session);
    if (scenario.startsWith("google")) return this.#googleLocation(session);
    if (scenario.startsWith("tiktok")) return this.#tiktokCreator(session);
    if (scenario.startsWith("x ")) return this.#xAccount(session);
    if (scenario.startsWith("mailchimp")) return this.#mailchimpAccount(session);
    if (scenario.startsWith("threads")) return this.#threadsProfile(session);
    return this.#metaAccount(session, scenario === "instagram carousel" ? "instagram" : "facebook");
  }

  async #linkedinPage(session: ApiSession): Promise<MadeAccount> {
    const made = await this.system.sim("POST", "linkedin/accounts", { kind: "page" });
    const connect = async () => {
      const { grantId } = await grantThroughBrowser(session, "linkedin", "linkedin_page", {
        person: made.extra.subject,
      });
      const accounts = [{ platform: "linkedin", externalId: made.id }];
      return (await session.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
    };
    return { simulator: "linkedin", accountId: made.id, connect };
  }

  async #tiktokCreator(session: ApiSession): Promise<MadeAccount> {
    // What TikTok lets a creator post in a minute or a day is far less than is tried here, and moderation takes longer.
    const set = { action: "set", limitsRequests: false, postsPerDay: 1_000, moderationMs: 0 };
    await this.system.sim("POST", "tiktok/act", set);
    const made = await this.system.sim("POST", "tiktok/accounts", { kind: "public" });
    const connect = async () => {
      const { grantId } = await grantThroughBrowser(session, "tiktok", "tiktok", { person: made.extra.subject });
      const accounts = [{ platform: "tiktok", externalId: made.id }];
      return (await session.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
    };
    return { simulator: "tiktok", accountId: made.id, connect };
  }

  async #googleLocation(session: ApiSession): Promise<MadeAccount> {
    // Ten posts a minute are fewer than is tried here. The first look at a post always finds Google still looking at it.
    await this.system.sim("POST", "google/act", { action: "set", limitsRequests: false, reviewMs: 3_000 });
    const made = await this.system.sim("POST", "google/accounts", {});
    const externalId = made.id.slice(made.id.indexOf("locations/"));
    const connect = async () => {
      const person = made.extra.subject;
      const { grantId } = await grantThroughBrowser(session, "google", "google_business", { person });
      const accounts = [{ platform: "google_business_profile", externalId }];
      return (await session.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
    };
    return { simulator: "google", accountId: made.id, connect };
  }

  async #xAccount(session: ApiSession): Promise<MadeAccount> {
    const made = await this.system.sim("POST", "x/accounts", { kind: "premium" });
    const connect = async () => {
      const { grantId } = await grantThroughBrowser(session, "x", "x", { person: made.extra.subject });
      const accounts = [{ platform: "x", externalId: made.id }];
      return (await session.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
    };
    return { simulator: "x", accountId: made.id, connect };
  }

  async #mailchimpAccount(session: ApiSession): Promise<MadeAccount> {
    // Counting and sending are done by the first look, so that every run makes the same calls.
    await this.system.sim("POST", "mailchimp/act", { action: "set", countMs: 0, sendMs: 0 });
    const made = await this.system.sim("POST", "mailchimp/accounts", {});
    const keys = { apiKey: made.accessToken };
    const connect = async () =>
      (await session.must("POST", "/api/connections", { platform: "mailchimp", keys })).connections[0].id;
    return { simulator: "mailchimp", accountId: made.id, destination: made.extra.listId, connect };
  }

  async #threadsProfile(session: ApiSession): Promise<MadeAccount> {
    // A container is known and ready at once, so every run makes the same calls.
    await this.system.sim("POST", "threads/act", {
      action: "set",
      spreadMs: 0,
      imageProcessingMs: 0,
      postsPerDay: 1_000,
    });
    const made = await this.system.sim("POST", "threads/accounts", {});
    const connect = async () => {
      const { grantId } = await grantThroughBrowser(session, "threads", "threads", { person: made.extra.personId });
      const accounts = [{ platform: "threads", externalId: made.id }];
      return (await session.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
    };
    return { simulator: "threads", accountId: made.id, connect };
  }

  async #blueskyAccount(session: ApiSession): Promise<MadeAccount> {
    const made = await this.system.sim("POST", "bluesky/accounts", {});
    const keys = { identifier: made.handle, appPassword: made.extra.appPassword };
    const connect = async () =>
      (await session.must("POST", "/api/connections", { platform: "bluesky", keys })).connections[0].id;
    return { simulator: "bluesky", accountId: made.id, connect };
  }

  async #metaAccount(session: ApiSession, platform: "facebook" | "instagram"): Promise<MadeAccount> {
    const kind = platform === "instagram" ? "instagram" : "page";
    const made = await this.system.sim("POST", "meta/accounts", { kind });
    const connect = async () => {
      const { grantId } = await grantThroughBrowser(session, platform, "facebook_login", {
        person: made.extra.personId,
      });
      const accounts = [{ platform, externalId: made.id }];
      return (await session.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
    };
    return { simulator: "meta", accountId: made.id, connect };
  }

  /** One person and workspace a scenario, so that nobody's rate limit is near. */
  #sessionOf(scenario: Scenario): Promise<ApiSession> {
    const known = this.#sessions.get(scenario) ?? signUp(this.system.url);
    this.#sessions.set(scenario, known);
    return known;
  }

  async #upload(session: ApiSession, scenario: Scenario): Promise<Pick<Actor, "mediaIds" | "sha256">> {
    const uploaded = [];
    for (let count = pictures[scenario]; count > 0; count -= 1) {
      this.#seed += 1;
      const isFilm = scenario === "facebook reel" || scenario === "tiktok video";
      const file = isFilm
        ? sampleMp4({ width: 540, height: 960, durationMs: 5_000, seed: this.#seed, payloadBytes: 200_000 })
        : sampleJpeg({ ...photoOf(scenario), seed: this.#seed });
      uploaded.push(await session.upload(file, isFilm ? "reel.mp4" : "beans.jpg"));
    }
    return { mediaIds: uploaded.map(({ id }) => id), sha256: uploaded.map(({ sha256 }) => sha256) };
  }

  /** Accepts one post; answers its job's id. */
  async publish(actor: Actor, content: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return (await actor.session.must("POST", "/api/publish", orderOf(actor, content, more))).id;
  }

  jobs(ids: readonly string[]): Promise<readonly Job[]> {
    return this.system.query<Job>(
      `select id, state, held_reason as "heldReason", needs_person as "needsPerson", external_post_id as "externalPostId",
        (extract(epoch from wake_at - domain_now()) * 1000)::float8 as "inMs", failure ->> 'message' as failure,
        state = 'scheduled' and first_claimed_at is null as "isWaiting",
        concat(state, fence, updated_at, wake_at) as change
       from publish_jobs where id = any($1)`,
      [ids],
    );
  }

  /**
   * Waits until no job goes on by itself, moving the clocks to whatever the next one waits for. Where a worker may still
   * be at a job, only little domain time passes, so that no lease ends under it. `rests`: what else counts as at rest, though it looks around now and then.
   */
  async settle(ids: readonly string[], rests: (job: Job) => boolean = () => false): Promise<readonly Job[]> {
    const deadline = performance.now() + settledWithinMs;
    const changedAt = new Map<string, number>();
    for (;;) {
      const jobs = await this.jobs(ids);
      const open = jobs.filter((job) => job.inMs !== null && !rests(job));
      if (open.length === 0) return jobs;
      const now = performance.now();
      if (now > deadline) throw new Error(`not settled: ${JSON.stringify(open.slice(0, 5))}\n${this.said()}`);
      for (const { change } of open) if (!changedAt.has(change)) changedAt.set(change, now);
      const worked = open.filter(({ state }) => state === "publishing");
      const isQuiet = worked.every(({ change }) => now - (changedAt.get(change) ?? now) > deadAfterMs);
      // What waits for a twin looks every few seconds; what it waits for is the twin.
      const begun = open.filter(({ isWaiting }) => !isWaiting);
      const nextMs = Math.min(...(begun.length > 0 ? begun : open).map(({ inMs }) => inMs ?? 0));
      const isDue = open.some(({ inMs }) => (inMs ?? 0) < 50);
      // A hint whose handling failed is given again after a while.
      const isForgotten = isDue && open.every(({ change }) => now - (changedAt.get(change) ?? now) > deadAfterMs);
      if (isForgotten) await this.system.advance(smallStepMs);
      else if (!isDue && (isQuiet || nextMs < smallStepMs)) await this.system.advance(nextMs + 20);
      else await delay(40);
    }
  }

  /**
   * Waits until each of these accounts, whose jobs `ids` names in the same order, has that many requests held, or where
   * `orOver` says so has come to an end. Short waits between their steps are passed over once nobody is at work who would
   * see the clock jump.
   */
  async allHeld(
    actors: readonly Actor[],
    ids: readonly string[],
    { times = 1, orOver = false }: { readonly times?: number; readonly orOver?: boolean } = {},
  ): Promise<void> {
    const deadline = performance.now() + heldWithinMs;
    for (;;) {
      const held = await this.heldAccounts();
      const missing = new Set(
        ids.filter((_, at) => held.filter((accountId) => accountId === actors[at]?.accountId).length < times),
      );
      const jobs = (await this.jobs(ids)).filter(({ id, inMs }) => missing.has(id) && !(orOver && inMs === null));
      if (jobs.length === 0) return;
      if (performance.now() > deadline) throw new Error(`not held: ${JSON.stringify(jobs)}\n${this.said()}`);
      const nextMs = Math.min(...jobs.map(({ inMs }) => inMs ?? Number.POSITIVE_INFINITY));
      const isIdle = jobs.every(({ state }) => state === "processing");
      if (isIdle && nextMs > 50 && nextMs < smallStepMs) await this.system.advance(nextMs + 20);
      else await delay(40);
    }
  }

  async heldAccounts(): Promise<string[]> {
    const lists = await Promise.all(simulators.map((id) => this.system.sim("GET", `${id}/holds`)));
    return lists.flatMap(({ holds }) => holds.flatMap((held: { accounts?: string[] }) => held.accounts ?? []));
  }

  /**
   * Waits until the platforms have noticed that whoever sent the held requests is gone: what was held before its end or
   * within its body is then never applied. A large body that nobody reads hides it; such an upload is let go, and breaks
   * off or arrives late, as on any network.
   */
  async noneHeld(): Promise<void> {
    let held = await this.heldAccounts();
    for (let since = performance.now(); held.length > 0 && performance.now() - since < noticedWithinMs; ) {
      await delay(20);
      const now = await this.heldAccounts();
      if (now.length < held.length) since = performance.now();
      held = now;
    }
    await this.release();
  }

  async clearFaults(): Promise<void> {
    await Promise.all(simulators.map((id) => this.system.sim("DELETE", `${id}/faults`)));
  }

  /** Every call that was to be held, cut or answered otherwise was: one that was never made proves nothing. */
  async mustHaveHit(): Promise<void> {
    const lists = await Promise.all(simulators.map((id) => this.system.sim("GET", `${id}/faults`)));
    const once: { left: number | null; used: number }[] = lists.flatMap(({ faults }) => faults);
    const unused = once.filter(({ left, used }) => left !== null && used !== 1);
    if (unused.length > 0)
      throw new Error(`${unused.length} of ${once.length} faults were not met: ${JSON.stringify(unused)}`);
  }

  async release(): Promise<void> {
    await Promise.all(simulators.map((id) => this.system.sim("POST", `${id}/release`, {})));
  }

  async posts(): Promise<readonly LivePost[]> {
    const lists = await Promise.all(simulators.map((id) => this.system.sim("GET", `${id}/posts`)));
    // Below what was written every mail has an address and the way out.
    return lists
      .flatMap(({ posts }): LivePost[] => posts)
      .map((post) => ({ ...post, text: post.text.split("\n\n*|LIST:ADDRESS|*")[0] ?? "" }));
  }

  /** Requests that reached the platforms for one account, oldest first. */
  async requestsOf(actor: Actor): Promise<readonly { readonly method: string; readonly path: string }[]> {
    const { requests } = await this.system.sim("GET", `${actor.simulator}/requests`);
    return requests.filter((one: { accounts?: string[] }) => one.accounts?.includes(actor.accountId));
  }

  /** Errors of both processes, and the last words of the worker, for a test that fails. */
  said(): string {
    const errors = [this.http, this.worker].flatMap((part) =>
      part
        .said()
        .split("\n")
        .filter((line) => line.includes('"level":50')),
    );
    return [...errors.slice(-10).map((line) => line.slice(0, 1_500)), this.worker.said().slice(-2_000)].join("\n");
  }

  /** A simulator that broke would let anything pass. */
  async close(): Promise<void> {
    const state = await Promise.all(simulators.map((id) => this.system.sim("GET", id))).finally(() =>
      this.system.close(),
    );
    assert.deepEqual(
      state.flatMap(({ crashes }) => crashes),
      [],
    );
  }
}

export async function openStage(options: Parameters<typeof createProcessSystem>[0] = {}): Promise<Stage> {
  const system = await createProcessSystem(options);
  try {
    const [http, worker] = await Promise.all([system.startHttp(), system.startWorker()]);
    // Long enough that the first look at a video always finds it unfinished, so every run makes the same calls.
    await system.sim("POST", "meta/act", { action: "setProcessing", videoMs: 3_000 });
    return new Stage(system, http, worker);
  } catch (error) {
    await system.close();
    throw error;
  }
}
