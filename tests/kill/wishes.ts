import { setTimeout as delay } from "node:timers/promises";
import type { ApiAnswer } from "@postd/testkit/api";
import { type Actor, orderOf, type Stage } from "./stage.ts";

/** One accepted post that somebody changes their mind about. */
export interface Wisher {
  readonly actor: Actor;
  readonly text: string;
  readonly key: string;
  readonly jobId: string;
  readonly postId: string;
}

/** What the person was told. */
export type Told = Pick<ApiAnswer, "status" | "body">;

/** What is true when nothing goes on any more. */
export interface Outcome {
  readonly told: Told;
  // biome-ignore lint/suspicious/noExplicitAny: the job as the API shows it; what it holds is what is judged.
  readonly job: any;
  /** Whether GET of the post still answers it. */
  readonly isListed: boolean;
  /** Live posts of this order: with the text it was accepted with, and with the changed one. */
  readonly old: number;
  readonly changed: number;
  readonly liveAt: Date | undefined;
}

export interface Wish {
  readonly name: string;
  ask(wisher: Wisher, stage: Stage): Promise<Told>;
  /** What the person does once nothing goes on by itself. */
  afterwards?(wisher: Wisher, stage: Stage): Promise<void>;
  /** Why the answer was not true; undefined: it was. */
  untrue(outcome: Outcome): string | undefined;
}

const answeredWithinMs = 60_000;

/** The answer to a request that is made again while nobody listens or the database is away, as people do. */
export async function answered(call: () => Promise<ApiAnswer>): Promise<Told> {
  const deadline = performance.now() + answeredWithinMs;
  for (;;) {
    try {
      const told = await call();
      if (told.status !== 503 || performance.now() > deadline) return told;
    } catch (error) {
      // What `fetch` throws where the connection broke.
      if (!(error instanceof TypeError) || performance.now() > deadline) throw error;
    }
    await delay(100);
  }
}

const jobCall = (verb: "cancel" | "remove" | "retry") => (wisher: Wisher) =>
  answered(() => wisher.actor.session.call("POST", `/api/jobs/${wisher.jobId}/${verb}`, {}));

const liveCount = ({ old, changed }: Outcome): number => old + changed;
const isOnce = (outcome: Outcome): boolean => outcome.job.state === "published" && liveCount(outcome) === 1;
const isGone = (outcome: Outcome, ...states: readonly string[]): boolean =>
  states.includes(outcome.job.state) && liveCount(outcome) === 0;
/** Of the one change a post to one account has. */
const changeOf = ({ told }: Outcome): string => told.body?.changes?.[0]?.change ?? "none";
const endOf = ({ job }: Outcome): string => job.wishOutcome?.outcome ?? "none";

const must = (isTrue: boolean, what: string): string | undefined => (isTrue ? undefined : what);

const cancel: Wish = {
  name: "cancel",
  ask: jobCall("cancel"),
  untrue(outcome) {
    const { told, job } = outcome;
    // Where the first part of a thread is live, the rest is what can be stopped, and the answer says so.
    if (told.status === 200 && told.body.state === "partly_published") return must(isOnce(outcome), "the rest stopped");
    if (told.status === 200) return must(isGone(outcome, "canceled"), "canceled means nothing is live, ever");
    if (told.status === 409 && told.body.detail.startsWith("It is canceled"))
      return must(isGone(outcome, "canceled"), "canceled already");
    if (told.status === 409) return must(isOnce(outcome), "it is live");
    const isKept = told.status === 202 && job.wish === undefined;
    return must(
      isKept &&
        ((isGone(outcome, "canceled") && endOf(outcome) === "done") ||
          (isOnce(outcome) && endOf(outcome) === "too_late")),
      "it is canceled, or live and told to be too late",
    );
  },
};

const deleted: Wish = {
  name: "delete",
  ask: ({ actor, postId }) => answered(() => actor.session.call("DELETE", `/api/posts/${postId}`)),
  untrue(outcome) {
    const { told, isListed } = outcome;
    if (told.status === 404) return must(!isListed, "deleted already");
    if (told.status === 200 && changeOf(outcome) === "left_live")
      return must(isOnce(outcome) && !isListed, "it stays live and leaves the list");
    if (told.status === 200 && told.body.jobs[0]?.state === "partly_published")
      return must(isOnce(outcome), "the rest stopped");
    if (told.status === 200)
      return must(changeOf(outcome) === "canceled" && isGone(outcome, "canceled") && !isListed, "canceled and gone");
    return must(
      told.status === 202 &&
        ((isGone(outcome, "canceled") && !isListed) || (isOnce(outcome) && isListed && endOf(outcome) === "too_late")),
      "it is canceled and gone, or live, listed and told to be too late",
    );
  },
};

const deletedAlsoLive: Wish = {
  name: "delete also live",
  ask: ({ actor, postId }) => answered(() => actor.session.call("DELETE", `/api/posts/${postId}?alsoLive=true`)),
  untrue(outcome) {
    const { told, isListed } = outcome;
    const isWell =
      told.status === 404 || told.status === 202 || (told.status === 200 && changeOf(outcome) === "canceled");
    return must(isWell && isGone(outcome, "canceled", "removed") && !isListed, "gone with all its parts");
  },
};

const removed: Wish = {
  name: "remove",
  ask: jobCall("remove"),
  untrue(outcome) {
    const { told } = outcome;
    if (told.status === 409) return must(isOnce(outcome), "nothing was live yet, and it goes out");
    return must(told.status === 202 && isGone(outcome, "removed", "canceled"), "gone with all its parts");
  },
};

const edited: Wish = {
  name: "edit text",
  ask: ({ actor, postId, text }) =>
    answered(() => actor.session.call("PATCH", `/api/posts/${postId}`, { content: changedText(text) })),
  untrue(outcome) {
    const { told, old, changed } = outcome;
    if (!isOnce(outcome)) return "an edit is no reason not to send";
    switch (changeOf(outcome)) {
      case "changed":
        return must(changed === 1, "the new text is live");
      case "too_late":
        return must(old === 1, "the old text is live");
      case "waiting":
      case "changing_live":
        return must(
          told.status === 202 && (endOf(outcome) === "done" ? changed === 1 : endOf(outcome) !== "none" && old === 1),
          "the new text is live, or the old one with too_late",
        );
      default:
        return `an edit was answered ${told.status} ${changeOf(outcome)}`;
    }
  },
};

const moveByMs = 10 * 60_000;
const plannedTimes = new WeakMap<Told, Date>();

const moved: Wish = {
  name: "move",
  async ask({ actor, postId }, stage) {
    const [{ now } = { now: "" }] = await stage.system.query<{ now: string }>("select domain_now()::text as now");
    const at = new Date(Date.parse(now) + moveByMs);
    const told = await answered(() =>
      actor.session.call("PATCH", `/api/posts/${postId}`, { scheduledFor: at.toISOString() }),
    );
    plannedTimes.set(told, at);
    return told;
  },
  untrue(outcome) {
    const { told, liveAt } = outcome;
    const at = plannedTimes.get(told);
    const isOnTime = at !== undefined && liveAt !== undefined && liveAt >= at;
    if (!isOnce(outcome)) return "a new time is no reason not to send";
    if (changeOf(outcome) === "changed") return must(isOnTime, "not before its new time");
    if (changeOf(outcome) === "too_late") return must(!isOnTime, "it was live before");
    return must(
      told.status === 202 && (endOf(outcome) === "done" ? isOnTime : endOf(outcome) === "too_late"),
      "at its new time, or too late",
    );
  },
};

const goesOut = (accepted: readonly number[]) => (outcome: Outcome) =>
  accepted.includes(outcome.told.status)
    ? must(isOnce(outcome), "it goes out once")
    : `answered ${outcome.told.status}: ${outcome.told.body?.detail}`;

const pausedAndResumed: Wish = {
  name: "pause and resume",
  ask: ({ actor }) =>
    answered(() => actor.session.call("POST", "/api/pause", { scope: "connection", connectionId: actor.connectionId })),
  async afterwards({ actor }) {
    await actor.session.must("POST", "/api/resume", { scope: "connection", connectionId: actor.connectionId });
  },
  untrue: goesOut([200]),
};

const disconnected: Wish = {
  name: "disconnect and back",
  ask: ({ actor }) => answered(() => actor.session.call("DELETE", `/api/connections/${actor.connectionId}`)),
  async afterwards({ actor }) {
    // A disconnect that still looks may withdraw a sign-in that is being made; the answer says so, and people try again. One that
    // was killed between its call and its end keeps new sign-ins out for minutes, or until it is asked for once more.
    for (let tries = 1; ; tries += 1) {
      try {
        return await actor.reconnect();
      } catch (error) {
        const isTold = error instanceof Error && /account_needs_attention|"code":"conflict"/.test(error.message);
        if (!isTold || tries === 5) throw error;
        if (/"code":"conflict"/.test(error.message))
          await actor.session.call("DELETE", `/api/connections/${actor.connectionId}`);
        await delay(1_000);
      }
    }
  },
  untrue: goesOut([200, 202]),
};

const retried: Wish = { name: "retry", ask: jobCall("retry"), untrue: goesOut([200, 202, 409]) };

const again = (name: string, isKept: boolean): Wish => ({
  name,
  ask: ({ actor, text, key }) =>
    answered(() =>
      actor.session.call("POST", "/api/publish", orderOf(actor, text, isKept ? { idempotencyKey: key } : {})),
    ),
  untrue(outcome) {
    const { told, job } = outcome;
    if (isKept && (told.status >= 300 || told.body.id !== job.id)) return "the same key answers the same job";
    if (!isKept && told.status !== 409) return `a repeat without a key was answered ${told.status}`;
    return must(isOnce(outcome), "it goes out once");
  },
});

export const changedText = (text: string): string => `${text}, changed`;

export const wishes: readonly Wish[] = [
  cancel,
  deleted,
  deletedAlsoLive,
  removed,
  edited,
  moved,
  pausedAndResumed,
  disconnected,
  retried,
  again("again, same key", true),
  again("again, no key", false),
];
