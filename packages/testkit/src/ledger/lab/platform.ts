import type { Random } from "./random.ts";

export interface ModelPost {
  readonly id: string;
  readonly account: string;
  readonly part: string;
  /** The post this one answers, as the platform shows it. */
  readonly answers?: string;
  readonly key: string | undefined;
  readonly container: string | undefined;
  readonly at: number;
  /** The job whose call made it; undefined: a human made it. */
  readonly jobId: string | undefined;
  /** When lists begin to show it. */
  listedAt: number;
  text: string;
  /** `planned` is shown by the platform itself at `showAt`. */
  state: "live" | "planned" | "gone";
  showAt: number;
  /** A human took it down, or changed what it says, at the platform. */
  touchedByHuman: boolean;
}

/** A call under way: it is applied at its time whatever becomes of who sent it. */
export interface Flight {
  readonly jobId: string;
  readonly connectionId: string;
  readonly kind: "show" | "deed" | "invisible";
  /** Undefined: it never is. */
  applyAt: number | undefined;
  isApplied: boolean;
  readonly apply: () => unknown;
  /** What it would show is there, or was: its key makes it the same post. */
  readonly isMoot: () => boolean;
  result: unknown;
}

/**
 * The truth: what an audience sees, whatever POSTD believes. Everything happens in one moment; what is under way happens at
 * its own time, at the latest when the lease it was sent under has ended and the platform's settle time has passed.
 */
export class ModelPlatform {
  readonly posts: ModelPost[] = [];
  readonly flights: Flight[] = [];
  readonly containers = new Map<string, { readonly jobId: string; account: string; postId: string | undefined }>();
  readonly tokens = new Map<string, "ok" | "expired" | "revoked">();
  readonly keys = new Map<string, ModelPost>();
  isDown = false;
  /** Nothing that is asked of a live post is done, and no answer to it can be read. */
  ignoresDeeds = false;
  /** Lists show nothing new. */
  isListStale = false;
  private made = 0;
  /** When what is applied now happens, where that was before now. */
  private momentMs: number | undefined;

  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  nextNumber(): number {
    this.made += 1;
    return this.made;
  }

  nextId(prefix: string): string {
    return `${prefix}${this.nextNumber()}`;
  }

  /** What is due by now happens. */
  tick(): void {
    const now = this.now();
    for (const flight of this.flights)
      if (!flight.isApplied && flight.applyAt !== undefined && flight.applyAt <= now) this.land(flight, flight.applyAt);
    for (const post of this.posts) if (post.state === "planned" && post.showAt <= now) post.state = "live";
  }

  land(flight: Flight, atMs = this.now()): void {
    if (flight.isApplied) return;
    flight.isApplied = true;
    this.momentMs = atMs;
    flight.result = flight.apply();
    this.momentMs = undefined;
  }

  /** Makes a post; one with a key that was used is the one that is there, or was. */
  show(
    input: Pick<ModelPost, "account" | "part" | "text" | "jobId"> &
      Partial<Pick<ModelPost, "key" | "container" | "answers">> & {
        readonly showAt?: number;
        readonly listedInMs?: number;
        /** For so long a second one that says the same is refused, and the first is named. */
        readonly refusesTwinsMs?: number;
        /** What it stands under; without that there is nothing to stand under. */
        readonly under?: string;
      },
  ): ModelPost {
    const before = input.key === undefined ? undefined : this.keys.get(input.key);
    if (before) return before;
    const now = this.momentMs ?? this.now();
    const { showAt, listedInMs = 0, refusesTwinsMs = 0 } = input;
    const twin = this.liveOn(input.account).find(
      ({ part, text, at }) => part === input.part && text === input.text && now - at < refusesTwinsMs,
    );
    if (twin) return twin;
    const isOrphan = input.under !== undefined && this.find(input.under)?.state !== "live";
    const post: ModelPost = {
      id: this.nextId("p"),
      account: input.account,
      part: input.part,
      ...(input.answers === undefined ? {} : { answers: input.answers }),
      text: input.text,
      jobId: input.jobId,
      key: input.key,
      container: input.container,
      at: now,
      listedAt: this.isListStale ? Number.POSITIVE_INFINITY : now + listedInMs,
      state: isOrphan ? "gone" : showAt === undefined || showAt <= now ? "live" : "planned",
      showAt: showAt ?? now,
      touchedByHuman: false,
    };
    this.posts.push(post);
    if (post.key !== undefined) this.keys.set(post.key, post);
    return post;
  }

  find(id: string): ModelPost | undefined {
    return this.posts.find((post) => post.id === id);
  }

  liveOn(account: string): readonly ModelPost[] {
    return this.posts.filter((post) => post.account === account && post.state === "live");
  }

  /** Shown now, or held to be shown by itself. */
  ownOf(jobId: string): readonly ModelPost[] {
    return this.posts.filter((post) => post.jobId === jobId && post.state !== "gone");
  }

  /** A call of this job that may still show something. */
  mayStillShow(jobId: string): boolean {
    return this.flights.some(
      (flight) =>
        flight.jobId === jobId &&
        flight.kind === "show" &&
        !flight.isApplied &&
        flight.applyAt !== undefined &&
        !flight.isMoot(),
    );
  }

  /** Everything is in order again, and lists show all. */
  calm(): void {
    this.isDown = false;
    this.isListStale = false;
    for (const post of this.posts) post.listedAt = Math.min(post.listedAt, this.now());
    for (const [connectionId, token] of this.tokens) if (token === "expired") this.tokens.set(connectionId, "ok");
  }

  humanPosts(account: string, text: string): ModelPost {
    return this.show({ account, part: "root", text, jobId: undefined });
  }

  humanRemoves(random: Random): ModelPost | undefined {
    const there = this.posts.filter(({ state }) => state !== "gone");
    if (there.length === 0) return undefined;
    return this.takesDown(random.pick(there));
  }

  /** A human takes one post down at the platform; its comments go with it, and the other parts of a thread stay. */
  takesDown(post: ModelPost): ModelPost {
    for (const gone of this.posts)
      if (gone === post || (gone.part === "comment" && gone.jobId !== undefined && gone.jobId === post.jobId)) {
        gone.state = "gone";
        gone.touchedByHuman = true;
      }
    return post;
  }
}
