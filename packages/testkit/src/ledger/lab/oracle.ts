import type { HeldReason, JobState, TenantId } from "@postd/contracts";
import { jobView, type Ledger, type TenantPublishing } from "@postd/core";
import { jobRecord } from "../../../../../apps/server/src/adapters/postgres/publishing/records.ts";
import type { LedgerWorld, StoredJob } from "../ledger-world.ts";
import { isConnectorFault } from "./calls.ts";
import { listOnly } from "./connector.ts";
import type { ModelPlatform, ModelPost } from "./platform.ts";

/** A promise was broken. The message says which, and what happened until then. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** What is known of a job beside its row. */
export interface Truth {
  readonly name: string;
  readonly format: string;
  /** Live posts a person's false word may have cost: each said "not live" of a post that was. */
  lies: number;
  /** A person linked what it is not; where the job points is theirs from then on. */
  isMislinked: boolean;
  /** A person has said how it is; a twin need not wait for it any more. */
  isSettled: boolean;
  wasFinal: JobState | undefined;
}

const finalStates: readonly JobState[] = ["canceled", "removed"];
/** A person has had their say. */
const leftStates: readonly JobState[] = ["discarded", "published"];
const stopWishes: readonly string[] = ["cancel", "delete", "remove"];
/** The platform's id on the row may be trusted to be what is live, in these. */
const namedStates: readonly JobState[] = [
  "published",
  "partly_published",
  "publishing",
  "processing",
  "retrying",
  "handed_over",
];
const unfinished: readonly JobState[] = ["scheduled", "publishing", "processing", "retrying", "handed_over"];
const wakesItself: readonly (HeldReason | null)[] = ["paused", "quota", "outage", "operator"];
/** Steps whose look is the platform's own guarantee. */
const provable: ReadonlySet<string> = new Set(["put", "reply", "release"]);
const partOf: Readonly<Record<string, string>> = { show: "root", reply_again: "third" };
const twinWindowMs = 10 * 60_000;

/** Says after every turn whether what POSTD shows is true. */
export class Oracle {
  readonly beganAtMs: number;
  readonly truths = new Map<string, Truth>();
  /** Posts somebody asked to delete. */
  readonly deleteAsked = new Map<string, TenantId>();
  /** Jobs of one idempotency key. */
  readonly byKey = new Map<string, Set<string>>();
  /** Texts humans posted themselves, by account. */
  readonly humanTexts = new Set<string>();
  /** Every state a job was seen in. */
  readonly reached = new Set<JobState>();
  private readonly stopped = new Set<string>();
  /** Until when the last worker of a job may be at it. */
  private readonly leases = new Map<string, Date>();
  /** Threads of which POSTD has told that parts were taken down. */
  private readonly shortened = new Set<string>();
  /** Jobs whose visible call was intended and not answered. */
  private readonly shown = new Set<string>();
  private readonly world: LedgerWorld;
  private readonly platform: ModelPlatform;
  private readonly story: () => readonly string[];

  constructor(world: LedgerWorld, platform: ModelPlatform, story: () => readonly string[]) {
    this.world = world;
    this.platform = platform;
    this.story = story;
    this.beganAtMs = world.clock.now().getTime();
  }

  /** Its visible call is intended, and not answered. */
  isShowing(jobId: string): boolean {
    return this.shown.has(jobId);
  }

  nameOf(jobId: string): string {
    return this.truths.get(jobId)?.name ?? jobId;
  }

  truthOf(row: Pick<StoredJob, "id" | "content">): Truth {
    const known = this.truths.get(row.id);
    if (known) return known;
    const truth: Truth = {
      name: `job ${this.truths.size + 1} (${row.content.format} "${row.content.text}")`,
      format: row.content.format,
      lies: 0,
      isMislinked: false,
      isSettled: false,
      wasFinal: undefined,
    };
    this.truths.set(row.id, truth);
    return truth;
  }

  /** Said also from within shipped code, which settles what is thrown; the next check tells it all the same. */
  broken(what: string): never {
    this.said ??= new Broken(
      `${what}\n${this.story()
        .map((line) => `    ${line}`)
        .join("\n")}`,
    );
    throw this.said;
  }

  private said: Broken | undefined;

  /** Every intent is checked as it is written: nothing leaves against a wish, or of a deleted post, or with old words. */
  watchLedger(ledger: Ledger): Ledger {
    return {
      ...ledger,
      claim: async (input) => {
        const claimed = await ledger.claim(input);
        if (!("refused" in claimed) && claimed.wish === undefined) this.stopped.delete(input.jobId);
        return claimed;
      },
      renew: async (input) => {
        const until = await ledger.renew(input);
        if (until) this.leases.set(input.jobId, until);
        return until;
      },
      settle: async (input) => {
        const result = await ledger.settle(input);
        const isAnswer = input.answer?.outcome === "ok" || input.answer?.outcome === "waiting";
        const lease = this.leases.get(input.jobId);
        if (result === "lost" && isAnswer && lease && lease > this.world.clock.now() && this.shown.has(input.jobId))
          this.broken(`${this.nameOf(input.jobId)} was sent, and what the platform answered was thrown away`);
        this.shown.delete(input.jobId);
        if (result === "written" && input.change.granted?.outcome.outcome === "partly") this.shortened.add(input.jobId);
        return result;
      },
      intend: async (input) => {
        const answer = await ledger.intend(input);
        if (typeof answer !== "string") this.leases.set(input.jobId, answer.leaseUntil);
        const { kind, effect, prepared } = input.intent;
        if (typeof answer === "string" || effect !== "visible" || (kind !== "call" && kind !== "native")) return answer;
        this.shown.add(input.jobId);
        if (this.stopped.has(input.jobId))
          this.broken(`${this.nameOf(input.jobId)} is sent though somebody stopped it`);
        if (this.shortened.has(input.jobId))
          this.broken(`${this.nameOf(input.jobId)} is sent on though parts of it were taken down`);
        const found = await this.world.store.forTenant(input.tenantId).job(input.jobId);
        if (!found) return this.broken("a job without a row is sent");
        const { job } = found;
        if (kind === "call" && job.scheduledFor > this.world.clock.now() && !this.sentNow.has(input.jobId))
          this.broken(`${this.nameOf(input.jobId)} is sent before its time`);
        if (this.deleteAsked.has(job.postId) && !(await this.world.store.forTenant(input.tenantId).post(job.postId)))
          this.broken(`${this.nameOf(input.jobId)} is sent though its post is deleted`);
        const text = typeof prepared === "string" ? prepared : (prepared as { readonly text?: string } | null)?.text;
        if (text !== undefined && !text.startsWith(job.post.text))
          this.broken(`${this.nameOf(input.jobId)} is sent as "${text}" though it says "${job.post.text}"`);
        return answer;
      },
    };
  }

  /** Keeps what people were told when they asked. */
  watchStore(tenantId: TenantId, store: TenantPublishing): TenantPublishing {
    const noteWish = (job: { readonly id: string; readonly wish: { readonly kind: string } | undefined }) => {
      if (job.wish && stopWishes.includes(job.wish.kind)) this.stopped.add(job.id);
      else this.stopped.delete(job.id);
    };
    return {
      ...store,
      act: async (input) => {
        const job = await store.act(input);
        if (job && job !== "taken") {
          noteWish(job);
          if (this.shortened.has(job.id) && unfinished.includes(job.state))
            this.broken(`${this.nameOf(job.id)} goes on though parts of it were taken down`);
        }
        return job;
      },
      change: async (input) => {
        const changed = await store.change(input);
        for (const job of changed?.jobs ?? []) noteWish(job);
        return changed;
      },
      accept: async (input) => {
        const accepted = await store.accept(input);
        if (accepted.kind !== "new") return accepted;
        if (input.refuseTwins) this.checkTwins(await this.world.rows(), input.jobs);
        if (input.idempotency) {
          const { operation, key } = input.idempotency;
          const name = `${tenantId} ${operation} ${key}`;
          const known = this.byKey.get(name) ?? new Set<string>();
          for (const job of input.jobs) known.add(`${job.connectionId} ${job.id}`);
          this.byKey.set(name, known);
        }
        return accepted;
      },
    };
  }

  /** Of two identical requests without a key one is refused, as long as the first is or may be anything. */
  private checkTwins(
    rows: readonly StoredJob[],
    jobs: readonly {
      readonly id: string;
      readonly connectionId: string;
      readonly fingerprint: string;
      readonly scheduledFor: Date;
    }[],
  ): void {
    for (const job of jobs)
      for (const row of rows) {
        if (row.id === job.id || row.connection_id !== job.connectionId || row.fingerprint !== job.fingerprint)
          continue;
        const isNear = Math.abs(row.scheduled_for.getTime() - job.scheduledFor.getTime()) <= twinWindowMs;
        const isOver = ["canceled", "failed", "discarded", "removed"].includes(row.state) && !row.may_be_live;
        if (isNear && !isOver)
          this.broken(`the same was taken twice: ${this.truthOf(row).name} is ${row.state} and a second one was made`);
      }
  }

  /** Whoever disconnects is told that it is done only when nothing is left that a look could tell. */
  async disconnectedAtOnce(connectionId: string): Promise<void> {
    for (const row of await this.world.rows())
      if (row.connection_id === connectionId && this.askedForNothing.has(row.id))
        this.broken(`${this.truthOf(row).name} asks a person though a look before disconnecting would have told`);
  }

  /** Jobs that may be live and could be looked at, noted before a disconnect is asked for. */
  readonly askedForNothing = new Set<string>();

  async noteDoubts(connectionId: string): Promise<void> {
    this.askedForNothing.clear();
    const connection = await this.connectionOf(connectionId);
    if (!connection || connection.disconnectedAt || connection.endingAt) return;
    for (const row of await this.world.rows())
      if (row.connection_id === connectionId && row.may_be_live && !leftStates.includes(row.state) && !row.needs_person)
        this.askedForNothing.add(row.id);
  }

  private async connectionOf(connectionId: string) {
    for (const tenantId of this.tenants)
      for (const found of [await this.world.connections.forTenant(tenantId).find(connectionId as never)])
        if (found) return found;
    return undefined;
  }

  readonly tenants = new Set<TenantId>();
  /** Jobs of which a person said that they are to go at once, whatever they were planned for. */
  readonly sentNow = new Set<string>();

  /** Only the model's own faults are thrown on purpose; every other one is ours. */
  noteError(error: unknown): void {
    if (error instanceof Error && !isConnectorFault(error) && !(error instanceof Broken)) this.thrown ??= error;
  }

  private thrown: Error | undefined;

  async check(): Promise<void> {
    if (this.said) throw this.said;
    if (this.thrown) this.broken(`threw ${this.thrown.stack ?? this.thrown.message}`);
    this.platform.tick();
    const rows = await this.world.rows();
    const inDoubt = new Set<string>();
    for (const row of rows) {
      this.reached.add(row.state);
      this.checkRow(row, rows);
      // What the platform holds for its time may be there as often as somebody asked for it.
      if (!row.may_be_live || !row.step_state?.visible || row.state === "discarded") continue;
      if (this.truthOf(row).isSettled) continue;
      const content = `${row.connection_id} ${row.fingerprint}`;
      if (inDoubt.has(content)) this.broken(`two jobs of one content may be live: ${this.truthOf(row).name}`);
      inDoubt.add(content);
    }
    this.checkKeys(rows);
    this.checkPosts(rows);
  }

  /** Whatever was edited, taken back and approved: an account has one job of a post, beside those that were canceled. */
  private checkPosts(rows: readonly StoredJob[]): void {
    const going = new Map<string, StoredJob>();
    for (const row of rows.filter(({ state }) => state !== "canceled")) {
      const place = `${row.post_id} ${row.connection_id}`;
      const other = going.get(place);
      if (other) this.broken(`${this.truthOf(row).name} and ${this.truthOf(other).name} are one post on one account`);
      going.set(place, row);
    }
  }

  private checkKeys(rows: readonly StoredJob[]): void {
    for (const [name, jobs] of this.byKey) {
      const live = new Map<string, number>();
      for (const entry of jobs) {
        const [connectionId = "", jobId = ""] = entry.split(" ");
        const roots = this.platform.ownOf(jobId).filter(({ part }) => part === "root").length;
        live.set(connectionId, (live.get(connectionId) ?? 0) + roots - (this.truths.get(jobId)?.lies ?? 0));
      }
      for (const [connectionId, count] of live)
        if (count > 1 && rows.length > 0) this.broken(`the key ${name} made ${count} live posts on ${connectionId}`);
    }
  }

  private checkRow(row: StoredJob, rows: readonly StoredJob[]): void {
    const truth = this.truthOf(row);
    const own = this.platform.ownOf(row.id);
    const parts = new Map<string, number>();
    for (const { part, state } of own) if (state === "live") parts.set(part, (parts.get(part) ?? 0) + 1);
    for (const [part, count] of parts)
      if (count > 1 + truth.lies) this.broken(`${truth.name} is live ${count} times (${part})`);
    const isNamed = row.external_post_id !== null && namedStates.includes(row.state);
    const isThere = own.length > 0 || this.platform.mayStillShow(row.id);
    const isMissedTwin = row.state === "removed" && this.mayBeHumans(row, truth);
    if (isThere && !row.may_be_live && !isNamed && truth.lies === 0 && !truth.isMislinked && !isMissedTwin)
      this.broken(`${truth.name} is shown ${row.state} while ${own.length > 0 ? "live" : "it may still become live"}`);
    this.checkPublished(row, truth);
    if (truth.wasFinal && row.state !== truth.wasFinal)
      this.broken(`${truth.name} was ${truth.wasFinal} for good and is ${row.state}`);
    if (finalStates.includes(row.state)) truth.wasFinal = row.state;
    this.checkWayOut(row, truth);
    this.checkAsking(row, truth, rows);
    this.checkWords(
      row,
      truth,
      own.some(({ state }) => state === "live"),
    );
  }

  /** A human posted the same on that page, and a list cannot tell whose is whose. */
  private mayBeHumans(row: StoredJob, truth: Truth): boolean {
    if (!listOnly.has(truth.format)) return false;
    return this.humanTexts.has(row.content.text) || this.wasMisled();
  }

  private wasMisled(): boolean {
    for (const { lies, isMislinked } of this.truths.values()) if (lies > 0 || isMislinked) return true;
    return false;
  }

  private checkPublished(row: StoredJob, truth: Truth): void {
    if (row.state !== "published" && row.state !== "partly_published" && row.state !== "handed_over") return;
    // While something is asked of it the answer says so.
    if (truth.isMislinked || row.wish !== null) return;
    // Whether a change that was never answered, and that nobody can look for, was made is told to be unclear.
    if (row.wish_outcome?.message.startsWith("The platform did not say")) return;
    const post = this.platform.find(row.external_post_id ?? "");
    if (post?.touchedByHuman) return;
    const maker = post?.jobId === undefined ? undefined : this.truths.get(post.jobId);
    if (maker && maker !== truth && maker.lies === 0 && !maker.isMislinked)
      this.broken(`${truth.name} is shown ${row.state} as what ${maker.name} made`);
    const isThere = post?.state === "live" || (post?.state === "planned" && row.state === "handed_over");
    if (!isThere) this.broken(`${truth.name} is shown ${row.state} while it is not live`);
    if (row.state === "published" && post?.jobId === row.id && truth.lies === 0 && post.text !== row.content.text)
      this.broken(`${truth.name} says "${row.content.text}" and the live post says "${post.text}"`);
  }

  private checkWayOut(row: StoredJob, truth: Truth): void {
    if (row.wake_at !== null) return;
    const isStuck =
      unfinished.includes(row.state) ||
      (row.state === "unknown" && !row.needs_person) ||
      (row.state === "held" && wakesItself.includes(row.held_reason));
    if (isStuck) this.broken(`${truth.name} is ${row.state} (${row.held_reason ?? ""}) and nothing wakes it`);
    if (row.wish !== null && row.state !== "discarded" && !row.needs_person)
      this.broken(`${truth.name} is ${row.state} and nobody does what was wished: ${row.wish.kind}`);
  }

  /** A person is asked only where the next look could not tell either. */
  private checkAsking(row: StoredJob, truth: Truth, rows: readonly StoredJob[]): void {
    const visible = row.step_state?.visible;
    const lastLook = row.probe?.saw.at(-1);
    if (!row.needs_person || row.wake_at !== null || !row.may_be_live || !visible || !lastLook) return;
    if (row.state === "discarded" || truth.lies > 0 || truth.isMislinked || lastLook.answer !== "not_seen") return;
    if (lastLook.detail === "POSTD itself failed at this look.") return;
    // Somebody linked this job's post to another job: it is that one's now, and only a person can say more.
    const isTaken = this.platform
      .ownOf(row.id)
      .some((post) => rows.some((other) => other.id !== row.id && other.external_post_id === post.id));
    if (provable.has(visible.step) && !isTaken)
      this.broken(`${truth.name} asks a person though its key or container would tell`);
    // A false word about one post says nothing true about its twins.
    if (this.wasMisled()) return;
    const account = this.accountOf(row.connection_id);
    const isSame = ({ text, part, state }: ModelPost) =>
      state === "live" && part === partOf[visible.step] && text === visible.prepared;
    const candidates = this.platform.liveOn(account).filter(isSame);
    const own = candidates.find(({ jobId }) => jobId === row.id);
    const free = candidates.filter((post) => post === own || !rows.some((other) => other.external_post_id === post.id));
    const lookedAt = Date.parse(String(lastLook.at));
    const hadRival = rows.some(
      (other) =>
        other.id !== row.id &&
        (other.may_be_live || other.updated_at.getTime() >= lookedAt) &&
        other.fingerprint === row.fingerprint &&
        this.accountOf(other.connection_id) === account,
    );
    if (own && free.length === 1 && !hadRival && own.listedAt <= lookedAt)
      this.broken(`${truth.name} asks a person though the list shows it and nothing else`);
  }

  /** Which page a connection leads to. */
  accountOf: (connectionId: string) => string = () => "";

  /** What is said of a post is never that it was not sent while it is live or may be. */
  private checkWords(row: StoredJob, truth: Truth, isLive: boolean): void {
    if (!row.failure || truth.lies > 0) return;
    const effect = String(jobView(jobRecord(row)).failure?.effect ?? "");
    const saysNot = /^(The post was not sent|The post is held and safe|Held: |The post waits until)/.test(effect);
    if (saysNot && (row.may_be_live || isLive)) this.broken(`${truth.name} (${row.state}) says "${effect}"`);
  }
}
