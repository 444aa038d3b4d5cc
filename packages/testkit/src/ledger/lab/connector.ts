import type {
  ConnectorContext,
  Format,
  PlatformFailure,
  ProbeAnswer,
  ProbeCandidate,
  Progress,
  PublishingPlatform,
  Step,
} from "@postd/connector-kit";
import { barePlatform, barePublishing } from "@postd/connector-kit/conformance";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { type Calls, connectorFault, lineOf, settleMs, timeoutMs } from "./calls.ts";
import { modelDeeds, refOf } from "./deeds.ts";
import type { ModelPlatform, ModelPost } from "./platform.ts";
import type { Random } from "./random.ts";

type State = JsonObject & {
  readonly publishAt?: string;
  readonly container?: string;
  /** Its container was shown, and the platform works on it. */
  readonly started?: boolean;
  /** Ids of what is live, in the order of the parts. */
  readonly ids?: readonly string[];
  readonly commented?: boolean;
};

const visible = { effect: "visible", timeoutMs, settleMs } as const;

/** A text with which the connector itself breaks, every time. */
export const brokenText = "this one breaks";

export const formats = ["plain", "keyed", "guarded", "boxed", "slow", "thread", "touched"] as const;
export type FormatId = (typeof formats)[number];
/** Whose posts are found in a list only, so that a human's twin may be taken for one. */
export const listOnly: ReadonlySet<string> = new Set(["plain", "guarded", "touched", "thread"]);

/** How long the platform refuses what says the same, and what of it a connector relies on. */
const refusesTwinsMs = 120_000;
const reliesOnMs = 110_000;

/**
 * A connector of every shape there is: one visible call found by a list only, one with our own key, one whose twin the
 * platform refuses for a while, a container whose state can be read, one the platform works on for a while, a thread, a finishing touch, and a platform that holds the clock.
 */
export function modelConnector(
  platform: ModelPlatform,
  calls: Calls,
  world: { readonly nowMs: () => number; readonly random: () => Random },
): PublishingPlatform {
  const show = (ctx: ConnectorContext, input: Omit<Parameters<ModelPlatform["show"]>[0], "account" | "jobId">) => {
    const { account, jobId } = lineOf(ctx);
    const listedInMs = world.random().pick([0, 0, 0, 3_000, 45_000]);
    return calls.change(lineOf(ctx), "show", () => platform.show({ ...input, account, jobId, listedInMs }), {
      isMoot: () =>
        (input.key !== undefined && platform.keys.has(input.key)) ||
        (input.under !== undefined && platform.find(input.under)?.state !== "live"),
    });
  };

  /** What a list of recent posts shows of it. */
  const listed = (ctx: ConnectorContext, text: string, part: string, intentAt: Date, isPlanned: boolean) => {
    const now = world.nowMs();
    const { account } = lineOf(ctx);
    return platform.posts
      .filter((post) => post.account === account && (post.state === "live" || (isPlanned && post.state === "planned")))
      .filter((post) => post.text === text && post.part === part && post.listedAt <= now)
      .filter((post) => post.at >= intentAt.getTime() - 300_000);
  };

  const byList =
    (
      part: string,
      stateOf: (state: State, id: string) => State,
      isMeant: (post: ModelPost, state: State) => boolean = () => true,
    ): NonNullable<Step<State>["probe"]> =>
    async ({ post, state, intentAt, prepared }, ctx) => {
      const text = typeof prepared === "string" ? prepared : post.text;
      const read = await calls.read(lineOf(ctx), () =>
        listed(ctx, text, part, intentAt, state.publishAt !== undefined).filter((one) => isMeant(one, state)),
      );
      if (!read.ok) return read;
      const candidates = read.value.map(
        ({ id, at }): ProbeCandidate<State> => ({
          ...refOf(id),
          state: stateOf(state, id),
          createdAt: new Date(at),
          ours: false,
        }),
      );
      return ok<ProbeAnswer<State>>(
        candidates.length > 0 ? { kind: "found", candidates } : { kind: "not_seen", looked: "the last posts" },
      );
    };

  const byProof =
    (
      find: (input: { readonly state: State; readonly prepared: unknown }) => ModelPost | undefined,
      stateOf: (state: State, id: string) => State,
    ): NonNullable<Step<State>["probe"]> =>
    async ({ state, prepared }, ctx) => {
      const read = await calls.read(lineOf(ctx), () => find({ state, prepared }));
      if (!read.ok) return read;
      const post = read.value;
      if (post?.state !== "live") return ok<ProbeAnswer<State>>({ kind: "absent_authoritative", because: "its key" });
      const found = { ...refOf(post.id), state: stateOf(state, post.id), createdAt: new Date(post.at), ours: true };
      return ok<ProbeAnswer<State>>({ kind: "found", candidates: [found] });
    };

  const withId = (state: State, id: string): State => ({ ...state, ids: [...(state.ids ?? []), id] });
  const named = (state: State, id: string): Progress<State> => ({
    state: withId(state, id),
    published: refOf(state.ids?.[0] ?? id),
  });

  const showPlain: Step<State> = {
    name: "show",
    ...visible,
    repeatable: false,
    done: ({ ids = [] }) => ids.length > 0,
    prepare: ({ post }) => {
      if (post.text === brokenText) throw connectorFault();
      return post.text;
    },
    run: async ({ state, prepared }, ctx) => {
      const shown = await show(ctx, {
        part: "root",
        text: String(prepared),
        ...(state.publishAt === undefined ? {} : { showAt: Date.parse(state.publishAt) }),
      });
      return shown.ok ? ok(named(state, shown.value.id)) : shown;
    },
    probe: byList("root", withId),
  };

  const keyed = (name: string, part: string, index: number): Step<State> => ({
    name,
    ...visible,
    repeatable: true,
    done: ({ ids = [] }) => ids.length > index,
    prepare: ({ post, randomBits }) => ({ key: `${part}-${randomBits(40)}`, text: `${post.text}${suffix(index)}` }),
    run: async ({ state, prepared }, ctx) => {
      const shown = await show(ctx, { part, ...Prepared.parse(prepared) });
      return shown.ok ? ok(named(state, shown.value.id)) : shown;
    },
    probe: byProof(({ prepared }) => platform.keys.get(Prepared.parse(prepared).key), withId),
  });

  const guarded: Step<State> = {
    name: "guard",
    ...visible,
    repeatable: false,
    done: ({ ids = [] }) => ids.length > 0,
    prepare: ({ post }) => post.text,
    run: async ({ state, prepared, repeats }, ctx) => {
      const { account, jobId } = lineOf(ctx);
      const shown = await calls.change(lineOf(ctx), "show", () => {
        const before = platform.posts.length;
        const post = platform.show({ part: "root", text: String(prepared), account, jobId, refusesTwinsMs });
        return { post, isTwin: platform.posts.length === before };
      });
      if (!shown.ok) return shown;
      const { post, isTwin } = shown.value;
      const twin = {
        kind: "content_rejected",
        field: "text",
        reason: "twin",
        message: "A twin.",
        refused: true,
      } as const;
      return isTwin && !repeats ? fail(twin) : ok(named(state, post.id));
    },
    probe: async ({ intentAt }, ctx) => {
      const read = await calls.read(lineOf(ctx), () => undefined);
      const until = new Date(intentAt.getTime() + reliesOnMs);
      return read.ok ? ok<ProbeAnswer<State>>({ kind: "repeat_until", until, looked: "nowhere" }) : read;
    },
  };

  const listedPart = (name: string, part: string, index: number): Step<State> => ({
    name,
    ...visible,
    repeatable: false,
    done: ({ ids = [] }) => ids.length > index,
    prepare: ({ post }) => `${post.text}${suffix(index)}`,
    run: async ({ state, prepared }, ctx) => {
      const answers = state.ids?.at(-1);
      const shown = await show(ctx, { part, text: String(prepared), ...(answers === undefined ? {} : { answers }) });
      return shown.ok ? ok(named(state, shown.value.id)) : shown;
    },
    // Only what answers the job's own part before it: another thread with the same words has parts of its own.
    probe: byList(part, withId, (post, state) => post.answers === state.ids?.at(-1)),
  });

  const box: Step<State> = {
    name: "box",
    effect: "invisible",
    repeatable: false,
    done: ({ container }) => container !== undefined,
    run: async ({ state }, ctx) => {
      const { jobId, account } = lineOf(ctx);
      const made = await calls.change(lineOf(ctx), "invisible", () => {
        const id = platform.nextId("c");
        platform.containers.set(id, { jobId, account, postId: undefined });
        return id;
      });
      return made.ok ? ok({ state: { ...state, container: made.value } }) : made;
    },
  };

  /** The post of a container; a second showing of it is the same post. */
  const release = (ctx: ConnectorContext, container: string, text: string, readyInMs: number) =>
    show(ctx, { part: "root", text, key: container, container, showAt: world.nowMs() + readyInMs });

  const releaseBox: Step<State> = {
    name: "release",
    ...visible,
    repeatable: false,
    done: ({ ids = [] }) => ids.length > 0,
    prepare: ({ post }) => post.text,
    run: async ({ state, prepared }, ctx) => {
      const shown = await release(ctx, state.container ?? "", String(prepared), 0);
      if (shown.ok) return ok(named(state, shown.value.id));
      // The platform says in documented words that this container cannot be shown: another one is made.
      const isSpent = shown.error.refused && shown.error.kind === "content_rejected";
      return isSpent ? ok({ state: {}, waitMs: 1_000, refused: true }) : shown;
    },
    probe: byProof(({ state }) => platform.keys.get(state.container ?? ""), withId),
  };

  const startSlow: Step<State> = {
    name: "start",
    ...visible,
    repeatable: false,
    done: ({ started }) => started === true,
    prepare: ({ post }) => post.text,
    run: async ({ state, prepared }, ctx) => {
      const shown = await release(ctx, state.container ?? "", String(prepared), 20_000);
      return shown.ok ? ok({ state: { ...state, started: true }, waitMs: 5_000 }) : shown;
    },
    probe: async ({ state }, ctx) => {
      const read = await calls.read(lineOf(ctx), () => platform.keys.get(state.container ?? ""));
      if (!read.ok) return read;
      const post = read.value;
      if (!post || post.state === "gone")
        return ok<ProbeAnswer<State>>({ kind: "absent_authoritative", because: "its container" });
      if (post.state === "planned") return ok<ProbeAnswer<State>>({ kind: "not_seen", looked: "its container" });
      const found = { ...refOf(post.id), state: { ...withId(state, post.id), started: true }, ours: true };
      return ok<ProbeAnswer<State>>({ kind: "found", candidates: [found] });
    },
  };

  const pollSlow: Step<State> = {
    name: "wait",
    effect: "none",
    repeatable: true,
    done: ({ ids = [] }) => ids.length > 0,
    run: async ({ state }, ctx) => {
      const read = await calls.read(lineOf(ctx), () => platform.keys.get(state.container ?? ""));
      if (!read.ok) return read;
      const post = read.value;
      if (!post || post.state === "gone") {
        const gone: PlatformFailure = {
          kind: "content_rejected",
          field: "media",
          reason: "processing failed",
          message: "The platform could not make a post of it.",
        };
        return fail(gone);
      }
      if (post.state === "planned") return ok({ state, waitMs: 5_000 });
      return ok(named(state, post.id));
    },
  };

  const comment: Step<State> = {
    name: "comment",
    ...visible,
    repeatable: false,
    touch: true,
    done: ({ commented }) => commented === true,
    prepare: ({ post }) => `${post.text} (comment)`,
    run: async ({ state, prepared }, ctx) => {
      const shown = await show(ctx, { part: "comment", text: String(prepared), under: state.ids?.[0] ?? "" });
      return shown.ok ? ok({ state: { ...state, commented: true } }) : shown;
    },
    probe: async () => ok({ kind: "not_seen", looked: "comments" }),
  };

  const format = (label: string, steps: readonly Step<State>[]): Format<State> => ({
    label,
    media: { min: 0, max: 0 },
    start: ({ publishAt }) => (publishAt ? { publishAt: publishAt.toISOString() } : {}),
    steps,
  });

  const every: Readonly<Record<FormatId, Format>> = {
    plain: format("Text", [showPlain]),
    keyed: format("Record", [keyed("put", "root", 0)]),
    guarded: format("Note", [guarded]),
    boxed: format("Photo", [box, releaseBox]),
    slow: format("Video", [box, startSlow, pollSlow]),
    thread: format("Thread", [
      keyed("put", "root", 0),
      keyed("reply", "second", 1),
      listedPart("reply_again", "third", 2),
    ]),
    touched: format("With a comment", [showPlain, comment]),
  };
  return barePlatform({
    id: "model",
    accountKinds: [{ id: "page", label: "Page" }],
    extras: z.record(z.string(), z.json()),
    publishing: barePublishing(every, { fingerprint: (post) => post.text, ...modelDeeds(platform, calls) }),
  });
}

const Prepared = z.object({ key: z.string(), text: z.string() });

const suffix = (index: number): string => (index === 0 ? "" : ` (${index + 1})`);
