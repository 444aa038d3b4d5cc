import assert from "node:assert/strict";
import { asId } from "@postd/contracts";
import { checkMentions } from "../check-parts.ts";
import { checkPost } from "../check-post.ts";
import type { MediaInfo } from "../context.ts";
import { placeWords } from "../place-words.ts";
import type { MediaRule, OutgoingPost } from "../publish.ts";
import type { SimPost } from "../simulator/index.ts";
import { runFormat } from "./run-format.ts";
import type { PublishingSuite } from "./suite.ts";
import type { Connected, World } from "./world.ts";

/** A word put into a post, and whether an audience finds it in what went live. */
interface Word {
  readonly given: Partial<OutgoingPost>;
  readonly isShown: (live: readonly SimPost[]) => boolean;
}
type WordName = "parts" | "link" | "mentions" | "hashtags" | "productTags" | "firstComment" | "destination";

/**
 * What all platforms call alike is shown by each, or refused under its name before anything is sent: every format is tried
 * with every word and every kind of file, whatever the connector says of itself. What is dropped in silence fails.
 */
export function wordCases({ platform, setup, samples, inWorld, test }: PublishingSuite): void {
  const { publishing } = platform;

  async function wordsFor(world: World, connected: Connected, text: string): Promise<Record<WordName, Word>> {
    const places = await publishing.destinations?.list(undefined, world.context(connected, "none"));
    const place = world.place ?? ((places?.ok && places.value.at(-1)?.id) || "a-place");
    const handle = setup.mention?.(connected) ?? "somebody";
    const product = (await setup.productId?.(world, connected)) ?? "some-product";
    const handles = { [platform.id]: handle };
    const anywhere = (wanted: string) => (live: readonly SimPost[]) => JSON.stringify(live).includes(wanted);
    return {
      parts: { given: { parts: [{ text: "Next part" }] }, isShown: anywhere("Next part") },
      link: { given: { link: { url: "https://example.com/w", title: "W" } }, isShown: anywhere("//example.com/w") },
      mentions: {
        given: { text: `${text} @Ada`.trim(), mentions: [{ name: "Ada", handles }] },
        isShown: anywhere(handle),
      },
      hashtags: { given: { hashtags: ["wordtag"] }, isShown: anywhere("wordtag") },
      productTags: {
        given: { productTags: [{ productId: product, position: { x: 0.25, y: 0.75 } }] },
        isShown: anywhere(product),
      },
      firstComment: {
        given: { firstComment: "By the way" },
        isShown: (live) => live.some(({ replies }) => replies?.includes("By the way")),
      },
      destination: { given: { destination: place }, isShown: anywhere(place) },
    };
  }

  test("somebody to mention and a product to tag are given where the platform takes them", () => {
    assert.ok(!publishing.mentions || setup.mention, "give `mention` in the setup");
    assert.ok(!publishing.productTags || setup.productId, "give `productId` in the setup");
  });

  /** What is told of a post before it is sent. */
  const problemsOf = (post: OutgoingPost, { account }: Pick<Connected, "account">) => [
    ...checkPost(platform, placeWords(platform, post), account),
    ...checkMentions(platform, post),
  ];

  /** Sends it, and answers what went live of it; a sentence where it did not. */
  async function publish(world: World, connected: Connected, post: OutgoingPost): Promise<readonly SimPost[] | string> {
    const before = new Set(world.sim.simulator.posts().map(({ id }) => id));
    const { end, failure } = await runFormat({ world, connected, post: placeWords(platform, post) });
    if (end !== "published") return `${end}: ${JSON.stringify(failure)}`;
    return world.sim.simulator.posts().filter(({ id }) => !before.has(id));
  }

  /** undefined: shown, or refused by name. */
  async function lossOf(world: World, connected: Connected, post: OutgoingPost, name: WordName, word: Word) {
    const told = new Set(problemsOf(post, connected).map(({ field }) => field));
    const problems = problemsOf({ ...post, ...word.given }, connected);
    if (problems.some(({ field }) => field === name || field.startsWith(`${name}.`))) return undefined;
    const others = problems.filter(({ field, severity }) => severity === "error" && !told.has(field));
    if (others.length > 0) return `refused under the name of ${others.map(({ field }) => field).join(", ")}`;
    const live = await publish(world, connected, { ...post, ...word.given });
    if (typeof live === "string") return live;
    return word.isShown(live) ? undefined : `dropped: ${JSON.stringify(live)}`;
  }

  for (const { title, post } of samples.filter(isFirstOfFormat))
    inWorld(`${title}: every shared word is shown, or refused by its name`, async (world, connected) => {
      const lost: string[] = [];
      for (const [index, [name, word]] of Object.entries(await wordsFor(world, connected, post.text)).entries()) {
        // Another text each time: platforms refuse the same again.
        const text = post.text === "" ? "" : `${post.text} ${index}`;
        const loss = await lossOf(world, connected, { ...post, text }, name as WordName, word);
        if (loss) lost.push(`${name} ${loss}`);
      }
      assert.deepEqual(lost, []);
    });

  for (const { title, post } of samples.filter((sample) => sample.post.media.length > 0))
    inWorld(`${title}: every file is shown, with its words or a word that they are not`, async (world, connected) => {
      const media = post.media.map((one, index) => ({ ...one, altText: one.altText ?? `What file ${index} shows` }));
      const told = problemsOf({ ...post, media }, connected).map(({ field }) => field);
      const live = await publish(world, connected, { ...post, media });
      assert.ok(typeof live !== "string", String(live));
      const shown = live.flatMap((one) => one.media);
      assert.deepEqual(
        shown.map(({ sha256 }) => sha256),
        media.map(({ sha256 }) => sha256),
      );
      const wrong = media.flatMap(({ altText }, index) => {
        const [isShown, isTold] = [shown[index]?.altText === altText, told.includes(`media.${index}.altText`)];
        if (isShown === isTold)
          return [
            `the words of file ${index} are ${isShown ? "shown, though a post is told that they are not" : "dropped in silence"}`,
          ];
        return [];
      });
      assert.deepEqual(wrong, []);
    });

  const formats = Object.entries(publishing.formats);
  for (const kind of ["image", "video", "document"] as const)
    test(`a ${kind} is shown by a sample of every format that takes one, or refused by name`, () => {
      const unshown = formats.flatMap(([format, { media }]) => {
        const own = samples.filter((sample) => sample.post.format === format);
        const has = own.some((sample) => sample.post.media.some((one) => one.kind === kind));
        return takes(media, kind) && !has ? [`${format}: give a sample with a ${kind}`] : [];
      });
      assert.deepEqual(unshown, []);
      for (const { post } of samples) {
        if (takes(publishing.formats[post.format]?.media, kind)) continue;
        const account = { ...anyAccount, kind: platform.accountKinds[0]?.id ?? "" };
        const problems = problemsOf({ ...post, media: [fileOf(kind)] }, { account });
        const isNamed = problems.some(({ field, severity }) => severity === "error" && field.startsWith("media"));
        assert.ok(isNamed, `${post.format} takes a ${kind} in silence: ${JSON.stringify(problems)}`);
      }
    });
}

const anyAccount = { externalId: "1", authKind: "", name: "Ida", extras: {} };
const isFirstOfFormat = ({ post }: PublishingSuite["samples"][number], at: number, all: PublishingSuite["samples"]) =>
  all.findIndex((one) => one.post.format === post.format) === at;

const takes = (rule: MediaRule | undefined, kind: keyof typeof types): boolean =>
  rule !== undefined && rule.max > 0 && rule[kind] !== undefined;

const types = { image: "image/png", video: "video/mp4", document: "application/pdf" } as const;

/** A small file of a kind, for pure checks. */
const fileOf = (kind: keyof typeof types): MediaInfo => ({
  id: asId("media", "med_00000000"),
  kind,
  mimeType: types[kind],
  sizeBytes: 1_000,
  sha256: "0".repeat(64),
});
