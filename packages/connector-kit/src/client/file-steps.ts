import { ok } from "@postd/contracts";
import type { z } from "zod";
import type { ConnectorContext, MediaInfo, PlatformResult } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { HttpBody } from "../http.ts";
import type { OutgoingPost, Step } from "../publish.ts";
import { secret } from "../secret.ts";
import { awaitStep } from "./await-step.ts";
import type { FilePart } from "./plan-parts.ts";
import type { Pace, Polled } from "./poll-until.ts";
import { noPartsSent, type PartsSent, type PartTaken, uploadParts } from "./upload-parts.ts";

/** The files of a post on their way to the platform, as a step's state keeps them. */
export type Files = {
  /** What the platform calls those it has, in the order of the post's media. */
  readonly names: readonly string[];
  /** How many of them it has ready. */
  readonly ready: number;
  /** The one under way; what it needs besides is kept sealed. */
  readonly open?: { readonly name: string; readonly sent: PartsSent };
  /** How often files were begun anew. */
  readonly restarts?: number;
};
export type FilesState = { readonly files: Files; readonly polled?: Polled };
export const noFiles: Files = { names: [], ready: 0 };

/** One file and the place the platform gave it. */
export interface FilePlace<P> {
  readonly file: MediaInfo;
  /** What the platform calls it; empty where it names it only at the end. */
  readonly name: string;
  readonly plan: P;
}

/** How a platform takes files: it gives a place, takes the bytes there, and is told or finds out that they are whole. */
export interface FileFacts<P> {
  /** Part of the steps' names: `upload_videos`. */
  readonly what: string;
  /** Asks for a place. `plan` is all that sending needs; it is stored sealed, as addresses carry their own right. */
  readonly begin: (file: MediaInfo, ctx: ConnectorContext) => PlatformResult<Omit<FilePlace<P>, "file">>;
  readonly plan: z.ZodType<P>;
  /** Default: the file whole. */
  readonly parts?: (place: FilePlace<P>) => readonly FilePart[];
  /** Where the platform says how much it has; asked once a run. */
  readonly received?: (place: FilePlace<P>, ctx: ConnectorContext) => PlatformResult<number | undefined>;
  readonly send: (
    place: FilePlace<P> & { readonly part: FilePart; readonly body: HttpBody },
    ctx: ConnectorContext,
  ) => PlatformResult<PartTaken>;
  /** Ends an upload, where that takes a call; answers the file's name where that is new. */
  readonly end?: (
    place: FilePlace<P> & { readonly tags: readonly string[] },
    ctx: ConnectorContext,
  ) => PlatformResult<string | undefined>;
  /** Trouble that ends with another place: an address that has expired or is not known any more. */
  readonly isPlaceGone?: (failure: PlatformFailure) => boolean;
  /** Longest time one run may take. Default 180,000. */
  readonly timeoutMs?: number;
}

/** How often files are begun anew before trouble with them is the post's. */
const mostRestarts = 3;

/** Files that have to be sent again, from this one on; undefined: that was tried often enough. */
export function filesAgain({ names, restarts = 0 }: Files, from = 0, most = mostRestarts): Files | undefined {
  if (restarts >= most) return undefined;
  return { names: names.slice(0, from), ready: Math.min(from, names.length), restarts: restarts + 1 };
}

/**
 * Sends the post's files one after the other, in as many runs as their bytes take. A small one goes in one run; a large
 * one's place is stored first, so that a cut costs a part and not the file. Losing an answer leaves an orphan nobody sees.
 */
export const uploadFiles = <S extends FilesState, P>(facts: FileFacts<P>): Step<S> => ({
  name: `upload_${facts.what}`,
  effect: "invisible",
  repeatable: true,
  timeoutMs: facts.timeoutMs ?? 180_000,
  done: ({ files }, post) => files.names.length >= post.media.length,
  async run({ post, state, sealed }, ctx) {
    const { files } = state;
    const file = post.media[files.names.length];
    if (!file) return ok({ state });
    const kept = keptPlan(facts, sealed?.plan?.reveal());
    const isOpen = files.open !== undefined && kept !== undefined;
    const begun = isOpen ? ok({ name: files.open.name, plan: kept }) : await facts.begin(file, ctx);
    if (!begun.ok) return begun;
    const { name, plan } = begun.value;
    const place = { file, name, plan };
    const parts = facts.parts?.(place) ?? [{ index: 0, from: 0, to: file.sizeBytes }];
    const at = (sent: PartsSent): S => ({ ...state, files: { ...files, open: { name, sent } } });
    const keep = { plan: secret(JSON.stringify(plan)) };
    if (!isOpen && parts.length > 1) return ok({ state: at(noPartsSent), sealed: keep });
    const { received } = facts;
    const done = await uploadParts(ctx, {
      id: file.id,
      parts,
      sent: (isOpen && files.open?.sent) || noPartsSent,
      ...(received && { received: () => received(place, ctx) }),
      send: (part, body) => facts.send({ ...place, part, body }, ctx),
    });
    if (!done.ok) {
      const again = facts.isPlaceGone?.(done.error) ? filesAgain(files, files.names.length) : undefined;
      return again ? ok({ state: { ...state, files: again }, sealed: {}, waitMs: 1_000 }) : done;
    }
    if (!done.value.isWhole) return ok({ state: at(done.value.sent), sealed: keep, waitMs: 0 });
    const ended = await facts.end?.({ ...place, tags: done.value.sent.tags }, ctx);
    if (ended && !ended.ok) return ended;
    const { open: _, ...rest } = files;
    const names = [...rest.names, ended?.value ?? name];
    return ok({ state: { ...state, files: { ...rest, names } }, ...(isOpen && { sealed: {} }) });
  },
});

function keptPlan<P>({ plan }: FileFacts<P>, text: string | undefined): P | undefined {
  return text === undefined ? undefined : plan.safeParse(JSON.parse(text)).data;
}

/**
 * What the platform says of a file. `hidden`: this sign-in may not ask, so all files get `graceMs`, once. `broken`: it gave
 * up on the file; `again` times it is sent anew.
 */
export type FileStage =
  | { readonly is: "ready" }
  | { readonly is: "working"; readonly toldMs?: number }
  | { readonly is: "hidden"; readonly graceMs: number }
  | { readonly is: "broken"; readonly failure: PlatformFailure; readonly again?: number };

/** Waits until the platform has every file ready, one after the other. */
export const awaitFiles = <S extends FilesState>(facts: {
  readonly what: string;
  readonly look: (
    file: { readonly name: string; readonly index: number },
    ctx: ConnectorContext,
  ) => PlatformResult<FileStage>;
  readonly pace: Pace;
  readonly atEnd: (index: number) => PlatformFailure;
  /** The state from which files are sent anew, where more hangs on them. */
  readonly restart?: (state: S, files: Files) => S;
}): Step<S> => {
  const { what, pace, restart = (state, files) => ({ ...state, files }) } = facts;
  return awaitStep<S>({
    name: `await_${what}`,
    done: ({ files }, post: OutgoingPost) =>
      files.ready >= files.names.length && files.names.length >= post.media.length,
    pace,
    atEnd: ({ files }) => facts.atEnd(files.ready),
    async look({ state }, ctx) {
      const { files, polled } = state;
      const seen = await facts.look({ name: files.names[files.ready] ?? "", index: files.ready }, ctx);
      if (!seen.ok) return seen;
      const stage = seen.value;
      const readyUpTo = (ready: number): S => ({ ...state, files: { ...files, ready } });
      switch (stage.is) {
        case "ready":
          return ok({ state: readyUpTo(files.ready + 1) });
        case "hidden":
          return ok(polled ? { state: readyUpTo(files.names.length) } : { working: true, toldMs: stage.graceMs });
        case "working":
          return ok({ working: true, toldMs: stage.toldMs });
        case "broken": {
          const again = stage.again ? filesAgain(files, files.ready, stage.again) : undefined;
          return again ? ok({ state: restart(state, again) }) : { ok: false, error: stage.failure };
        }
        default:
          return stage satisfies never;
      }
    },
  });
};
