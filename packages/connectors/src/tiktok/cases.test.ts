import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpResponse, MediaInfo, OutgoingPost } from "@postd/connector-kit";
import { checkPost } from "@postd/connector-kit";
import {
  createWorld,
  type RunFormatOptions,
  runFormat,
  type SampleMedia,
  sampleMedia,
} from "@postd/connector-kit/conformance";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { connect, simulator } from "./connect-harness.ts";
import { failures } from "./failures.ts";
import { piecesOf } from "./limits.ts";
import { tiktok } from "./platform.ts";
import { provider } from "./provider.ts";
import { formats } from "./publish.ts";
import { awaitPublished, type PostState, probeById, startState } from "./status.ts";

const film = (payloadBytes = 300_000, durationMs = 5_000): SampleMedia => {
  const bytes = sampleMp4({ width: 540, height: 960, durationMs, payloadBytes });
  return sampleMedia(bytes, { kind: "video", mimeType: "video/mp4", width: 540, height: 960, durationMs });
};
const small = film();
const photo = sampleMedia(sampleJpeg({ width: 720, height: 960, seed: 1 }), {
  kind: "image",
  mimeType: "image/jpeg",
  width: 720,
  height: 960,
});
const open = { privacyLevel: "PUBLIC_TO_EVERYONE", consent: true };

async function setUp(kind = "public", media: readonly SampleMedia[] = [small, photo]) {
  const world = createWorld({ provider, platform: tiktok }, simulator);
  for (const one of media) world.add(one);
  const connected = await connect(world, kind);
  const publish = (post: Partial<OutgoingPost>, more: Partial<RunFormatOptions> = {}) =>
    runFormat({
      world,
      connected,
      post: { format: "video", text: "Fresh beans", media: [small.info], options: open, ...post },
      ...more,
    });
  const act = (name: string, about: object) => world.sim.simulator.act?.(name, about as never);
  const calls = (path: RegExp) => world.sim.requests().filter((one) => path.test(one.path)).length;
  return { world, connected, publish, act, calls, live: () => world.sim.simulator.posts() };
}
const inits = /\/init\/$/;
const limitsOf = async ({ world, connected }: Awaited<ReturnType<typeof setUp>>) => {
  const read = await tiktok.publishing?.accountLimits?.(world.context(connected, "none"));
  assert.ok(read?.ok, JSON.stringify(read));
  return read.value;
};

test("TT-1: 50,000,123 bytes are five pieces of 10,000,000, the last one longer, and are posted", async () => {
  const { parts, chunkSize } = piecesOf(50_000_123);
  assert.deepEqual(
    [chunkSize, parts.length, parts.at(-1)],
    [10_000_000, 5, { index: 4, from: 40_000_000, to: 50_000_123 }],
  );
  const head = film(1).bytes.length;
  const large = film(50_000_123 - head + 1);
  assert.equal(large.info.sizeBytes, 50_000_123);
  const { publish, live, calls } = await setUp("public", [large]);
  assert.equal((await publish({ media: [large.info] })).end, "published");
  assert.deepEqual([live().length, calls(inits), live()[0]?.media[0]?.sha256], [1, 1, large.info.sha256]);
});

test("TT-3: no piece but an only one is under 5 MB, none but the last over 64 MB, whatever the size", () => {
  for (const size of [1, 4_999_999, 5_000_000, 20_000_001, 64_000_001, 66_259_900, 999_999_999, 4_000_000_000]) {
    const { parts, chunkSize } = piecesOf(size);
    const sizes = parts.map(({ from, to }) => to - from);
    assert.equal(
      sizes.reduce((sum, one) => sum + one, 0),
      size,
    );
    assert.equal(parts.length, Math.max(1, Math.floor(size / chunkSize)), String(size));
    if (parts.length === 1) assert.ok(chunkSize === size && size <= 64_000_000, String(size));
    else
      assert.ok(
        sizes.every((one, at) => one >= 5_242_880 && one <= (at === sizes.length - 1 ? 128_000_000 : 64_000_000)),
      );
    assert.ok(size <= 64_000_000 || parts.length > 1);
    assert.ok(parts.length <= 1_000);
  }
});

test("TT-3: a piece TikTok finds wrong is our trouble and not the author's", () => {
  const json = { error: { code: "invalid_params", message: "The chunk size is invalid", log_id: "1" } };
  const res: HttpResponse = { status: 400, headers: {}, text: "", json, effect: "visible" };
  const failure = failures.failureOf(res, { now: () => new Date() });
  assert.deepEqual([failure?.kind, failure?.refused], ["unexpected_response", true]);
  assert.match(failure?.message ?? "", /post itself is not at fault/);
});

test("TT-5: an app without audit posts for private accounts alone, and the message names the account's setting", async () => {
  const { publish, act, live } = await setUp();
  await act("set", { audited: false });
  const told = await publish({ options: { ...open, privacyLevel: "SELF_ONLY" } }, { onFailure: "stop" });
  assert.equal(told.failure?.kind, "account_blocked", JSON.stringify(told.failure));
  assert.match(told.failure?.message ?? "", /Private account/);
  assert.match(told.failure?.message ?? "", /one post is another setting/);
  assert.equal(live().length, 0);
});

test("TT-6: a post without privacy chosen is refused at the check, and nothing has a default", () => {
  const account = { externalId: "1", kind: "creator", authKind: "tiktok", name: "Ida", extras: {} };
  const problems = (options: OutgoingPost["options"], media: readonly MediaInfo[] = [small.info]) =>
    checkPost(tiktok, { format: "video", text: "x", media, options }, account).map(
      ({ field, code }) => `${field} ${code}`,
    );
  assert.deepEqual(problems({}), ["options.privacyLevel privacy_required", "options.consent consent_required"]);
  assert.deepEqual(problems({ ...open, discloseContent: true }), ["options.discloseContent disclosure_required"]);
  const branded = { ...open, discloseContent: true, brandedContent: true };
  assert.deepEqual(problems({ ...branded, privacyLevel: "SELF_ONLY" }), ["options.privacyLevel branded_private"]);
  assert.deepEqual(problems(branded), []);
  assert.deepEqual(problems({ ...open, yourBrand: true }), ["options.yourBrand disclosure_off"]);
  assert.deepEqual(problems({ draft: true }), ["text unused_in_draft"]);
});

test("TT-6: who can see a post is chosen from what the account offers, and checked again before it is sent", async () => {
  const world = await setUp("private");
  const limits = await limitsOf(world);
  const choices = limits.options?.privacyLevel?.map(({ value }) => value) ?? [];
  assert.ok(choices.length > 0 && limits.author?.name && limits.video?.maxMs, JSON.stringify(limits));
  assert.ok(!choices.includes("PUBLIC_TO_EVERYONE"), JSON.stringify(choices));
  const told = await world.publish({}, { onFailure: "stop" });
  assert.ok(told.failure?.kind === "content_rejected" && told.failure.field === "options.privacyLevel");
  assert.equal(world.calls(inits), 0);
});

test("TT-8: an unverified domain is the operator's, and is named", async () => {
  const { publish, act, live } = await setUp();
  await act("unverify", { address: "media.postd.test" });
  const told = await publish({ format: "photos", media: [photo.info] }, { onFailure: "stop" });
  assert.equal(told.failure?.kind, "operator_must_act", JSON.stringify(told.failure));
  assert.match(told.failure?.message ?? "", /media\.postd\.test/);
  assert.equal(live().length, 0);
});

test("TT-10: a beginning that answers 500, or nothing, is never made a second time", async () => {
  for (const how of ["cut", "body"] as const) {
    const { publish, live, calls } = await setUp();
    const meddle: RunFormatOptions["meddle"] = (_run, { name }) => {
      if (name !== "create_post") return undefined;
      return how === "cut" ? { kind: "cut", when: "after" } : { kind: "body", text: "<html>" };
    };
    const told = await publish({}, { meddle });
    assert.deepEqual([told.end, calls(inits), live().length], ["asks_person", 1, 0]);
  }
});

test("TT-12: a post TikTok gives no id is published without an address", async () => {
  const { publish, live } = await setUp();
  const told = await publish({ options: { ...open, privacyLevel: "SELF_ONLY" } });
  assert.deepEqual([told.end, told.published?.permalink, live().length], ["published", undefined, 1]);
  assert.ok(told.published?.externalId);
});

test("a draft is with its author, and published when they post it", async () => {
  for (const post of [{}, { format: "photos", media: [photo.info] }]) {
    const { world, connected, publish, act, live } = await setUp();
    const told = await publish({ ...post, options: { draft: true } });
    assert.equal(told.end, "handed_over", JSON.stringify(told));
    assert.deepEqual([told.published, live().length], [undefined, 0]);
    const { publishId = "" } = told.state as PostState;
    await act("finishDraft", { publish_id: publishId });
    world.advance(3_600_000);
    const draft = { format: "video", text: "", media: [small.info], options: { draft: true }, ...post };
    const input = { post: draft, state: told.state as PostState, prepared: null };
    const seen = await awaitPublished.run(input, world.context(connected, "none"));
    assert.ok(seen.ok, JSON.stringify(seen));
    assert.equal(seen.value.published?.externalId, live()[0]?.id);
  }
});

test("ids beyond 2^53 are kept digit by digit", async () => {
  const { publish } = await setUp();
  const told = await publish(
    {},
    {
      tamper: (answer) => {
        const text = answer.text.replace(/("publicaly_available_post_id":\s*\[)[^\]]+/, "$17012345678901234567");
        return { ...answer, text };
      },
    },
  );
  assert.equal(told.published?.externalId, "7012345678901234567");
});

test("a video whose upload address was lost is begun anew, as its bytes were never there", async () => {
  const { world, connected } = await setUp();
  const post = { format: "video", text: "Fresh beans", media: [small.info], options: open };
  const [, create, send] = formats.video?.steps ?? [];
  assert.ok(create && send);
  const begun = await create.run({ post, state: startState(), prepared: null }, world.context(connected, "visible"));
  assert.ok(begun.ok && begun.value.sealed && begun.value.unseen);
  const lost = await send.run({ post, state: begun.value.state, prepared: null }, world.context(connected, "visible"));
  assert.ok(lost.ok, JSON.stringify(lost));
  assert.deepEqual([lost.value.state, lost.value.unseen], [{ begun: 1 }, true]);
  const repeat = { post, state: begun.value.state, prepared: null, repeats: true } as const;
  const doubted = await send.run(repeat, world.context(connected, "visible"));
  assert.ok(!doubted.ok && doubted.error.kind === "unavailable", "its last piece may have been taken");
  const often = { ...begun.value.state, begun: 3 };
  const last = await send.run({ post, state: often, prepared: null }, world.context(connected, "visible"));
  assert.ok(!last.ok && last.error.kind === "unavailable", JSON.stringify(last));
});

test("what TikTok itself failed at is begun anew, and a bad file is said at once", async () => {
  const first = await setUp();
  await first.act("fail", { reason: "internal" });
  const told = await first.publish({});
  assert.deepEqual([told.end, first.calls(inits), first.live().length], ["published", 2, 1]);
  const second = await setUp();
  await second.act("fail", { reason: "duration_check_failed" });
  const bad = await second.publish({});
  assert.deepEqual([bad.end, bad.failure?.kind, second.calls(inits)], ["failed", "content_rejected", 1]);
});

test("what the creator allows is asked right before each post, and anew where the post waited meanwhile", async () => {
  const { world, connected, calls } = await setUp();
  const post = { format: "video", text: "Fresh beans", media: [small.info], options: open };
  const [check, create] = formats.video?.steps ?? [];
  assert.ok(check && create);
  const checked = await check.run({ post, state: startState(), prepared: null }, world.context(connected, "none"));
  assert.ok(checked.ok && check.done(checked.value.state, post));
  world.advance(10 * 60_000);
  const late = { post, state: checked.value.state, prepared: null };
  const back = await create.run(late, world.context(connected, "visible"));
  assert.ok(back.ok && !check.done(back.value.state, post));
  assert.equal(calls(inits), 0);
});

test("an upload whose bytes TikTok does not count is not called absent", async () => {
  const { world, connected } = await setUp();
  const ctx = world.context(connected, "none");
  const post: OutgoingPost = { format: "video", text: "", media: [small.info], options: open };
  for (const [counted, kind] of [
    [{}, "not_seen"],
    [{ uploaded_bytes: null }, "not_seen"],
    [{ uploaded_bytes: 0 }, "absent_authoritative"],
  ] as const) {
    const json = { data: { status: "PROCESSING_UPLOAD", ...counted }, error: { code: "ok", message: "", log_id: "1" } };
    const answer = { status: 200, headers: {}, text: JSON.stringify(json), json, effect: "none" } as const;
    const http = { request: async () => ({ ok: true as const, value: answer }) };
    const looked = await probeById({ state: { ...startState(), publishId: "v_pub_1" }, post }, { ...ctx, http });
    assert.equal(looked.ok && looked.value.kind, kind);
  }
});
