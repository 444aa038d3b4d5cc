import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import type { PlatformFailure } from "../failure.ts";
import type { Step } from "../publish.ts";
import {
  awaitFiles,
  type FileFacts,
  type FileStage,
  type FilesState,
  filesAgain,
  noFiles,
  uploadFiles,
} from "./file-steps.ts";
import { planParts } from "./plan-parts.ts";
import { fileOf, played } from "./play-fixture.ts";

type State = FilesState & { readonly [key: string]: unknown; readonly id?: string };
const Plan = z.object({ address: z.string() });
const cut: PlatformFailure = { kind: "unavailable", message: "cut" };
const expired: PlatformFailure = { kind: "scope_missing", scopes: [], status: 403, message: "that address has ended" };
const broken: PlatformFailure = {
  kind: "content_rejected",
  field: "media",
  reason: "unreadable",
  message: "unreadable",
};

/** A platform that numbers its places; `trouble` says what the nth part meets, `stages` what is said of files, in turn. */
function place(
  given: {
    readonly partBytes?: number;
    readonly trouble?: Readonly<Record<number, PlatformFailure>>;
    readonly stages?: readonly FileStage[];
  } = {},
) {
  const seen = { places: 0, parts: [] as string[], ended: [] as string[], looks: [] as string[] };
  const facts: FileFacts<z.output<typeof Plan>> = {
    what: "files",
    plan: Plan,
    async begin(_file, ctx) {
      seen.places += 1;
      assert.ok(ctx.clock.now());
      return ok({ name: `f${seen.places}`, plan: { address: `https://up.example/${seen.places}?sig=s` } });
    },
    parts: ({ file }) => planParts(file.sizeBytes, { partBytes: given.partBytes ?? 1_000 }),
    async send({ plan, part, body }) {
      seen.parts.push(`${plan.address.slice(19, 20)}:${part.from}-${part.to}`);
      assert.equal(body.sizeBytes, part.to - part.from);
      const odd = given.trouble?.[seen.parts.length];
      return odd ? fail(odd) : ok({ tag: `e${part.index}` });
    },
    async end({ name, tags }) {
      seen.ended.push(`${name} ${tags.join()}`);
      return ok(undefined);
    },
    isPlaceGone: ({ status }) => status === 403,
  };
  const stages = [...(given.stages ?? [])];
  const ready = awaitFiles<State>({
    what: "files",
    pace: { firstMs: 1_000, mostMs: 8_000, endMs: 60_000 },
    atEnd: (index) => ({ ...broken, field: `media.${index}` }) as PlatformFailure,
    async look({ name }) {
      seen.looks.push(name);
      return ok(stages.shift() ?? { is: "ready" });
    },
  });
  const show: Step<State> = {
    name: "show",
    effect: "none",
    repeatable: true,
    done: ({ id }) => id !== undefined,
    run: async ({ state }) => ok({ state: { ...state, id: state.files.names.join() }, published: { externalId: "p" } }),
  };
  return { seen, steps: [uploadFiles<State, z.output<typeof Plan>>(facts), ready, show] };
}
const start: State = { files: noFiles };

test("a small file goes in one run, and its address is never stored", async () => {
  const { seen, steps } = place();
  const told = await played(steps, start, { media: [fileOf(300), fileOf(200, "med_2")] });
  assert.equal(told.end, "published", JSON.stringify(told.failure));
  assert.deepEqual(told.runs.slice(0, 2), ["upload_files ok", "upload_files ok"]);
  assert.deepEqual(
    [seen.parts, seen.ended, seen.looks],
    [
      ["1:0-300", "2:0-200"],
      ["f1 e0", "f2 e0"],
      ["f1", "f2"],
    ],
  );
  assert.equal(told.state.id, "f1,f2");
});

test("a large file's place is kept sealed, and a cut part costs that part and not the file", async () => {
  const { seen, steps } = place({ trouble: { 3: cut } });
  const told = await played(steps, start, { media: [fileOf(3_500)] });
  assert.equal(told.end, "published", JSON.stringify(told.failure));
  assert.deepEqual([seen.places, seen.ended], [1, ["f1 e0,e1,e2,e3"]]);
  assert.deepEqual(seen.parts, ["1:0-1000", "1:1000-2000", "1:2000-3000", "1:2000-3000", "1:3000-3500"]);
  assert.ok(!JSON.stringify(told.trace).includes("sig="));
});

test("a place that has ended is asked for anew three times, and then it is the failure that is told", async () => {
  const once = place({ trouble: { 2: expired, 3: expired } });
  assert.equal((await played(once.steps, start, { media: [fileOf(1_500)] })).end, "published");
  assert.equal(once.seen.places, 2);
  const always = place({ trouble: Object.fromEntries([1, 2, 3, 4, 5, 6].map((nth) => [nth, expired])) });
  const told = await played(always.steps, start, { media: [fileOf(300)] });
  assert.deepEqual([told.end, told.failure?.kind, always.seen.places], ["held", "scope_missing", 4]);
});

test("each file is waited for by itself, as long as the platform says", async () => {
  const { seen, steps } = place({ stages: [{ is: "working", toldMs: 5_000 }, { is: "ready" }, { is: "working" }] });
  const told = await played(steps, start, { media: [fileOf(10), fileOf(10, "med_2")] });
  assert.deepEqual([told.end, seen.looks], ["published", ["f1", "f1", "f2", "f2"]]);
  assert.ok(told.tookMs >= 6_000 && told.tookMs < 8_000, `${told.tookMs}`);
});

test("where nothing may be read, all files together get their grace once", async () => {
  const { seen, steps } = place({
    stages: Array.from({ length: 2 }, () => ({ is: "hidden", graceMs: 10_000 }) as const),
  });
  const told = await played(steps, start, { media: [fileOf(10), fileOf(10, "med_2"), fileOf(10, "med_3")] });
  assert.deepEqual([told.end, seen.looks], ["published", ["f1", "f1"]]);
  assert.ok(told.tookMs >= 10_000 && told.tookMs < 11_000, `${told.tookMs}`);
});

test("a file the platform gave up on is sent anew as often as it may be, the ones before it stay", async () => {
  const failed = { is: "broken", failure: broken, again: 1 } as const;
  const mended = place({ stages: [{ is: "ready" }, failed] });
  const media = [fileOf(10), fileOf(10, "med_2")];
  const told = await played(mended.steps, start, { media });
  assert.deepEqual([told.end, told.state.id, mended.seen.places], ["published", "f1,f3", 3]);
  const spoilt = place({ stages: [failed, failed] });
  const ended = await played(spoilt.steps, start, { media: [fileOf(10)] });
  assert.deepEqual([ended.end, ended.failure?.message, spoilt.seen.places], ["failed", "unreadable", 2]);
});

test("what is worked on for too long is given up, with the file named", async () => {
  const { steps } = place({ stages: Array.from({ length: 50 }, () => ({ is: "working" }) as const) });
  const told = await played(steps, start, { media: [fileOf(10)] });
  assert.ok(told.failure?.kind === "content_rejected");
  assert.deepEqual([told.end, told.failure.field], ["failed", "media.0"]);
});

test("files are begun anew from one on, and not for ever", () => {
  const files = { names: ["a", "b", "c"], ready: 2 };
  assert.deepEqual(filesAgain(files, 1), { names: ["a"], ready: 1, restarts: 1 });
  assert.equal(filesAgain({ ...files, restarts: 3 }), undefined);
  assert.equal(filesAgain(files, 0, 0), undefined);
});
