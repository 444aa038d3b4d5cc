import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry, type MediaInfo, mediaIdOption, type Publishing } from "@postd/connector-kit";
import { barePlatform, bareProvider, barePublishing } from "@postd/connector-kit/conformance";
import { asId, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import type { TargetRecord, TenantPublishing } from "../../ports/publishing-store.ts";
import { prepareTargets } from "./prepare-targets.ts";
import type { Draft } from "./prepared-target.ts";

const image = { mimeTypes: ["image/jpeg"], maxBytes: 1_000 };
const providerOf = (id: string, options: z.ZodObject) => {
  const steps = [
    {
      name: "send",
      effect: "visible" as const,
      repeatable: true,
      done: () => true,
      run: async () => ok({ state: {} }),
    },
  ];
  const text = { label: "Text", media: { min: 0, max: 4, image }, start: () => ({}), steps };
  const defaultFormat: Publishing["defaultFormat"] = ({ media }) =>
    media.every(({ kind }) => kind === "image") ? "text" : undefined;
  const publishing = barePublishing({ text }, { options, defaultFormat, aliases: { post: "text" } });
  return bareProvider([barePlatform({ id, name: id, publishing })]);
};
const cover = z.strictObject({
  cover: z.object({ coverMediaId: mediaIdOption({ label: "The cover", ...image }) }).optional(),
});
const registry = createRegistry([providerOf("carded", cover), providerOf("plain", z.strictObject({}))]);

const mine: MediaInfo = {
  id: asId("media", "med_00000001"),
  kind: "image",
  mimeType: "image/jpeg",
  sizeBytes: 1_000,
  sha256: "aa",
  fileName: "beach.jpg",
};
const clip: MediaInfo = {
  ...mine,
  id: asId("media", "med_00000002"),
  kind: "video",
  mimeType: "video/mp4",
  fileName: "surf.mp4",
};
const target = (platform: string): TargetRecord => ({
  tenantId: asId("tenant", "ten_1"),
  appId: "instance",
  connectionId: asId("connection", `con_${platform}`),
  platform,
  account: { externalId: "1", kind: "page", authKind: "keys", name: "Ida", extras: {} },
  status: "healthy",
  disconnected: false,
  simulated: true,
});

/** A tenant that owns two files and two accounts; anything else is not there for it, as with another tenant's. */
function tenant() {
  const asked: string[] = [];
  const store: Pick<TenantPublishing, "targets" | "media"> = {
    targets: async (ids) =>
      [target("carded"), target("plain")].filter(({ connectionId }) => ids.includes(connectionId)),
    media: async (ids) => {
      asked.push(...ids);
      return [mine, clip].filter(({ id }) => ids.includes(id));
    },
  };
  return { store: store as TenantPublishing, asked };
}
const checking = { registry, log: { error: (_fields: object, message: string) => assert.fail(message) } };
const draft = (options: JsonObject, more: Partial<Draft> = {}): Draft => ({
  content: { text: "Hi", mediaIds: [], options },
  versions: {},
  targets: [{ connectionId: "con_carded" }],
  ...more,
});
async function problems(given: Draft) {
  const prepared = await prepareTargets(given, tenant().store, checking);
  assert.ok(prepared.ok);
  return prepared.value.map((it) => it.problems.map(({ field, code }) => `${field} ${code}`));
}
const named = (id: string) => ({ cover: { coverMediaId: id } });
const field = "options.cover.coverMediaId";

test("a file that an option names must be there for the author, of the right kind and size, when a post is accepted", async () => {
  assert.deepEqual(await problems(draft(named(mine.id))), [[]]);
  assert.deepEqual(await problems(draft(named("med_99999999"))), [[`${field} media_missing`]]);
  assert.deepEqual(await problems(draft(named(clip.id))), [[`${field} media_type`]]);
  assert.deepEqual(await problems(draft({})), [[]]);
});

test("files named in a version for one platform or account are looked up too, and each is asked for once", async () => {
  const { store, asked } = tenant();
  const versions = { carded: { options: named(mine.id) }, con_carded: { options: named("med_99999999") } };
  const prepared = await prepareTargets(draft(named(mine.id), { versions }), store, checking);
  assert.ok(prepared.ok);
  assert.deepEqual(
    prepared.value.flatMap((it) => it.problems.map(({ code }) => code)),
    ["media_missing"],
  );
  assert.deepEqual(asked.sort(), [mine.id, "med_99999999"]);
});

test("an option counts only where the platform has it, and then as an unknown one", async () => {
  const both = { targets: [{ connectionId: "con_carded" }, { connectionId: "con_plain" }] };
  assert.deepEqual(await problems(draft(named(mine.id), both)), [[], ["options.cover unknown_option"]]);
});

test("media no format takes are named by their file", async () => {
  const given = draft({}, { content: { text: "Hi", mediaIds: [mine.id, clip.id], options: {} } });
  const prepared = await prepareTargets(given, tenant().store, checking);
  assert.ok(prepared.ok);
  const [problem] = prepared.value.flatMap((it) => it.problems);
  assert.match(problem?.message ?? "", /^The video \(surf\.mp4\) cannot be posted to carded, which takes JPEG\./);
});
