import assert from "node:assert/strict";
import { checkPost } from "../check-post.ts";
import type { AccountRef } from "../context.ts";
import { sha256Hex } from "../crypto.ts";
import { textLimitFor } from "../own-limits.ts";
import { runFormat } from "./run-format.ts";
import type { PublishingSuite } from "./suite.ts";

/** Limits at N and N+1, by the platform's own counting and for media. */
export function limitCases({ platform, signIn, setup, samples, inWorld, test }: PublishingSuite): void {
  const { publishing } = platform;
  const textOf = setup.textOf ?? ((count: number) => "x".repeat(count));
  for (const { title, post, livePosts, acceptsLongText, onlyByName } of samples) {
    inWorld(
      `${title}: the longest text the account may write goes out, one more is refused before and by the platform`,
      async (world, connected) => {
        const limit = textLimitFor(publishing, post, connected.account);
        const atLimit = { ...post, text: textOf(limit.max) };
        const over = { ...post, text: textOf(limit.max + 1) };
        assert.equal(limit.count(atLimit.text), limit.max);
        assert.equal(limit.count(over.text), limit.max + 1);
        const codes = (candidate: typeof post) =>
          checkPost(platform, candidate, connected.account)
            .filter(({ severity }) => severity === "error")
            .map(({ field, code }) => `${field} ${code}`);
        assert.deepEqual(codes(atLimit), []);
        assert.deepEqual(codes(over), ["text text_too_long"]);
        const sent = await runFormat({ world, connected, post: atLimit });
        assert.equal(sent.end, "published", JSON.stringify(sent.failure));
        assert.equal(world.sim.simulator.posts().length, livePosts);
        if (setup.acceptsLongText ?? acceptsLongText) return;
        const refused = await runFormat({ world, connected, post: over });
        assert.equal(refused.failure?.kind, "content_rejected", JSON.stringify(refused.failure));
        assert.equal(world.sim.simulator.posts().length, livePosts, "nothing more went out");
      },
    );

    test(`${title}: the sample is right as it is, and so it is in the format chosen where none is named`, () => {
      const account = anyAccount(platform, signIn, post.format);
      const errors = (format: string) =>
        checkPost(platform, { ...post, format }, account).filter(({ severity }) => severity === "error");
      assert.deepEqual(errors(post.format), []);
      const chosen = publishing.defaultFormat(post, account);
      if (onlyByName) return assert.equal(chosen, undefined, "it is chosen after all");
      assert.ok(
        chosen !== undefined && chosen in publishing.formats,
        `no format is chosen, or an unknown one: ${chosen}`,
      );
      assert.deepEqual(errors(chosen), [], `chosen: ${chosen}`);
    });

    const rule = publishing.formats[post.format]?.media;
    const isShownElsewhere =
      post.media.length === 0 &&
      samples.some((other) => other.post.format === post.format && other.post.media.length > 0);
    if (rule && rule.max > 0 && !isShownElsewhere)
      test(`${title}: one medium too many, or one byte too large, is refused before it is sent`, () => {
        const account = anyAccount(platform, signIn, post.format);
        const found = (media: typeof post.media) =>
          checkPost(platform, { ...post, media }, account).map(({ field, code }) => `${field} ${code}`);
        const [one] = post.media;
        assert.ok(one, "the sample has no medium");
        assert.ok(found(Array.from({ length: rule.max + 1 }, () => one)).includes("media too_many_media"));
        const own = rule[one.kind === "gif" ? "image" : one.kind];
        const maxBytes = own?.maxBytes ?? 0;
        assert.ok(maxBytes > 0, "no size is said for the kind of medium the sample has");
        const sized = (sizeBytes: number) => found([{ ...one, sizeBytes }, ...post.media.slice(1)]);
        assert.ok(!sized(maxBytes).includes("media.0 media_too_large"));
        assert.ok(sized(maxBytes + 1).includes("media.0 media_too_large"));
      });
  }

  for (const { title, post } of samples)
    test(`${title}: the same content has the same fingerprint, other words and other files another`, () => {
      const print = publishing.fingerprint(post);
      const again = structuredClone(post);
      assert.equal(publishing.fingerprint(again), print);
      assert.notEqual(publishing.fingerprint({ ...again, text: `${again.text} more` }), print, "other words");
      const [one, ...others] = again.media;
      if (!one) return;
      const swapped = { ...again, media: [{ ...one, sha256: sha256Hex(new Uint8Array([1])) }, ...others] };
      assert.notEqual(publishing.fingerprint(swapped), print, "another file");
    });
}

/** An account of a kind the format is open to, for pure checks. */
function anyAccount(
  platform: PublishingSuite["platform"],
  signIn: PublishingSuite["signIn"],
  format: string,
): AccountRef {
  const kind = platform.publishing.formats[format]?.accountKinds?.[0] ?? platform.accountKinds[0]?.id ?? "";
  return { externalId: "1", kind, authKind: signIn.id, name: "Ida", extras: {} };
}
