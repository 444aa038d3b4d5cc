import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asId, fail, ok } from "@postd/contracts";
import { bodyOf, encodeRequest } from "../encode-request.ts";
import { secret } from "../secret.ts";
import type { ApiCall } from "./api-client.ts";
import type { FilePart } from "./plan-parts.ts";
import { planParts } from "./plan-parts.ts";
import { noPartsSent, type PartsSent, type PartTaken, uploadParts } from "./upload-parts.ts";
import { uploadWhole } from "./upload-whole.ts";

const MB = 1_000_000;
const id = asId("media", "med_1");
const ctx = {
  media: {
    publicUrl: async () => "https://media.example/1",
    open: async (_id: unknown, range = { from: 0, to: 0 }) => bodyOf("x".repeat(range.to - range.from), "video/mp4"),
  },
};

describe("planParts", () => {
  // 50,000,123 bytes at 10,000,000: TikTok counts 5, and most who post there counted 6. platforms/tiktok.md section 5
  const cases: [number, number, "shorter" | "longer", number, number][] = [
    [50_000_123, 10 * MB, "longer", 5, 10_000_123],
    [50_000_123, 10 * MB, "shorter", 6, 123],
    [3 * MB, 10 * MB, "longer", 1, 3 * MB],
    [20 * MB, 10 * MB, "shorter", 2, 10 * MB],
    [20 * MB, 10 * MB, "longer", 2, 10 * MB],
  ];
  for (const [size, partBytes, last, count, lastBytes] of cases)
    it(`${size} bytes by ${partBytes}, ${last} last part: ${count}`, () => {
      const parts = planParts(size, { partBytes, last });
      assert.equal(parts.length, count);
      const end = parts.at(-1);
      assert.equal(end && end.to - end.from, lastBytes);
      assert.deepEqual(
        parts.map(({ from }) => from),
        [0, ...parts.slice(0, -1).map(({ to }) => to)],
      );
      assert.equal(end?.to, size);
    });
});

describe("uploadWhole", () => {
  /** The request as it would go on the wire. */
  async function sentBy(multipart?: Parameters<typeof uploadWhole>[3]["multipart"]): Promise<[string, string]> {
    let call: ApiCall | undefined;
    const send = async (_ctx: unknown, given: ApiCall) => {
      call = given;
      return ok({ status: 204, headers: {}, text: "", json: undefined, effect: "invisible" as const });
    };
    const whole = { ...ctx.media, open: async () => bodyOf("FILM", "application/octet-stream") };
    const to = { method: "POST", path: "", effect: "invisible" } as const;
    const file = { id, mimeType: "video/mp4", ...(multipart && { multipart }) };
    await uploadWhole({ send }, { media: whole } as unknown as Parameters<typeof uploadWhole>[1], to, file);
    assert.ok(call);
    const { path: _, ...request } = call;
    const { body } = encodeRequest({ ...request, url: "https://up.example" });
    let text = "";
    for await (const bytes of body?.open() ?? []) text += new TextDecoder().decode(bytes);
    return [body?.contentType ?? "", text];
  }

  it("is the body itself, under the type the platform is to read", async () => {
    assert.deepEqual(await sentBy(), ["video/mp4", "FILM"]);
  });

  it("comes last in a form, after the platform's own parameters in their order", async () => {
    const fields = { key: "k/1", policy: secret("p"), "x-amz-date": "d" };
    const [, text] = await sentBy({ field: "file", filename: "film.mp4", fields });
    const order = ["k/1", "\r\n\r\np\r\n", "x-amz-date", 'name="file"; filename="film.mp4"', "video/mp4", "FILM"];
    const places = order.map((part) => text.indexOf(part));
    assert.ok(!places.includes(-1));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
  });
});

describe("uploadParts", () => {
  const parts = planParts(50, { partBytes: 10 });
  /** A platform that keeps what it takes; `trouble` says what happens at which call. */
  function platform(trouble: Readonly<Record<number, PartTaken | "fails">> = {}) {
    const taken: FilePart[] = [];
    const send = async (part: FilePart, body: { readonly sizeBytes: number }) => {
      taken.push(part);
      const odd = trouble[taken.length];
      assert.equal(body.sizeBytes, part.to - part.from);
      if (odd === "fails") return fail({ kind: "outcome_unknown" as const, message: "cut" });
      return ok(odd ?? { tag: `e${part.index}` });
    };
    return { taken, send, ranges: () => taken.map(({ from, to }) => [from, to]) };
  }
  const run = (sent: PartsSent, send: ReturnType<typeof platform>["send"], more = {}) =>
    uploadParts(ctx, { id, parts, sent, send, ...more });

  it("sends all parts in order and keeps their names", async () => {
    const { send, ranges } = platform();
    const done = await run(noPartsSent, send);
    assert.deepEqual(done, ok({ sent: { bytes: 50, tags: ["e0", "e1", "e2", "e3", "e4"] }, isWhole: true }));
    assert.deepEqual(ranges(), [
      [0, 10],
      [10, 20],
      [20, 30],
      [30, 40],
      [40, 50],
    ]);
  });

  it("stores how far it came when a part is cut, and goes on there", async () => {
    const first = platform({ 3: "fails" });
    const cut = await run(noPartsSent, first.send);
    assert.deepEqual(cut, ok({ sent: { bytes: 20, tags: ["e0", "e1"] }, isWhole: false }));
    assert.ok(cut.ok);
    const second = platform();
    assert.ok((await run(cut.value.sent, second.send)).ok);
    assert.deepEqual(second.ranges(), [
      [20, 30],
      [30, 40],
      [40, 50],
    ]);
  });

  it("trouble with the first part of a run is the run's failure", async () => {
    const { send } = platform({ 1: "fails" });
    const failed = await run({ bytes: 20, tags: [] }, send);
    assert.equal(failed.ok ? "went on" : failed.error.kind, "outcome_unknown");
  });

  it("believes the platform about what it has, in the middle of a part too", async () => {
    const { send, ranges } = platform();
    await run({ bytes: 40, tags: [] }, send, { received: async () => ok(13) });
    assert.deepEqual(ranges()[0], [13, 20]);
  });

  it("goes back where the platform says that it got less", async () => {
    const { send, ranges } = platform({ 2: { receivedBytes: 15 } });
    const done = await run(noPartsSent, send);
    assert.ok(done.ok && done.value.isWhole);
    assert.deepEqual(ranges().slice(1, 3), [
      [10, 20],
      [15, 20],
    ]);
  });

  it("does not send for ever to a platform that keeps nothing", async () => {
    const { send, taken } = platform(Object.fromEntries(parts.map((_, at) => [at + 1, { receivedBytes: 0 }])));
    const failed = await run(noPartsSent, send);
    assert.equal(failed.ok ? "went on" : failed.error.kind, "unavailable");
    assert.equal(taken.length, 1);
  });

  it("ends a run after its share of bytes", async () => {
    const { send } = platform();
    const some = await run(noPartsSent, send, { bytesPerRun: 15 });
    assert.deepEqual(some.ok && [some.value.sent.bytes, some.value.isWhole], [20, false]);
  });

  it("a file the platform has is not sent again", async () => {
    const { send, taken } = platform();
    const done = await run(noPartsSent, send, { received: async () => ok(50) });
    assert.ok(done.ok && done.value.isWhole);
    assert.equal(taken.length, 0);
  });
});
