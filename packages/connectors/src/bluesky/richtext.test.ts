import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { assertLinear, tableLines } from "@postd/connector-kit/conformance";
import { z } from "zod";
import { facetsFor, isTag, mentionedHandles } from "./richtext.ts";

/** Every handle of a text that begins like somebody's. */
const didsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    mentionedHandles(text)
      .filter((handle) => !handle.startsWith("nobody."))
      .map((handle) => [handle, `did:fake:${handle}`]),
  );

const Feature = z.union([
  z.strictObject({ $type: z.literal("app.bsky.richtext.facet#link"), uri: z.string() }),
  z.strictObject({ $type: z.literal("app.bsky.richtext.facet#mention"), did: z.string() }),
  z.strictObject({ $type: z.literal("app.bsky.richtext.facet#tag"), tag: z.string() }),
]);
const Facet = z.strictObject({
  index: z.strictObject({ byteStart: z.int().min(0), byteEnd: z.int() }),
  features: z.tuple([Feature]),
});

/** Facets with the text they cover, read back from the UTF-8 bytes as the platform does. */
function read(text: string): { feature: z.output<typeof Feature>; covered: string; start: number; end: number }[] {
  const bytes = Buffer.from(text, "utf8");
  return facetsFor(text, didsOf(text)).map((facet) => {
    const { index, features } = Facet.parse(facet);
    const covered = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(index.byteStart, index.byteEnd));
    return { feature: features[0], covered, start: index.byteStart, end: index.byteEnd };
  });
}

/** What a facet marks must be what its bytes say. */
function assertHonest(text: string): void {
  let before = 0;
  for (const { feature, covered, start, end } of read(text)) {
    assert.ok(start >= before && end > start, `facets are in order and apart: ${JSON.stringify(text)}`);
    before = end;
    if ("uri" in feature) assert.ok([covered, `https://${covered}`].includes(feature.uri), covered);
    else if ("did" in feature) assert.equal(feature.did, `did:fake:${covered.slice(1).toLowerCase()}`);
    else if (covered.startsWith("$")) assert.equal(feature.tag, covered.toUpperCase());
    else assert.ok([`#${feature.tag}`, `＃${feature.tag}`].includes(covered), covered);
  }
  assert.ok(before <= Buffer.byteLength(text));
}

const named = (feature: z.output<typeof Feature>): string =>
  "uri" in feature ? feature.uri : "did" in feature ? feature.did.replace("did:fake:", "@") : `#${feature.tag}`;

const linesOf = (file: string) => tableLines(new URL(`./richtext/${file}`, import.meta.url));

for (const line of linesOf("valid.txt")) {
  const [text = "", facets = ""] = line.split("\t");
  test(`the facets of ${JSON.stringify(text)} are ${facets}`, () => {
    assert.deepEqual(
      read(text).map(({ feature }) => named(feature)),
      facets.split(" "),
    );
    assertHonest(text);
  });
}

for (const text of linesOf("invalid.txt"))
  test(`${JSON.stringify(text)} has no facet`, () => assert.deepEqual(read(text), []));

test("handles are named once, in lower case, and only where they could be handles", () => {
  assert.deepEqual(mentionedHandles("@Ida.Example @ida.example, @bo.bsky.social @nodot a@b.example"), [
    "ida.example",
    "bo.bsky.social",
  ]);
  assert.deepEqual(mentionedHandles(`@${"a.".repeat(200)}example`), []);
});

test("a tag given by itself fits 64 graphemes and 640 bytes, has no sign and nothing invisible around it", () => {
  for (const good of ["x".repeat(64), "日".repeat(64), "C++", "2026", "two words"]) assert.ok(isTag(good), good);
  const family = "a👨‍👩‍👧‍👦".repeat(25);
  for (const bad of ["", "x".repeat(65), `${family}b`, "#x", "＃x", " x", "x\n", "\ud83d", "x".repeat(1_000_000)])
    assert.ok(!isTag(bad), bad.slice(0, 80));
});

const seed = Number(process.env.POSTD_TEST_SEED ?? 20261126);

test(`facets of any text cover exactly what they mark, in order and apart (seed ${seed})`, () => {
  let state = seed >>> 0;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const pieces =
    "# ＃ @ ＠ $ https:// http:// www. example.com ida.bsky.social .com a B 1 _ - . , ; : ! ? ' \" ( ) [ ] { } | ~ * / ? = & % + é ü ß 日 本 を 한 ก ا ש и 👍 👨‍👩‍👧 🏳️‍🌈 \u{fe0f} \u{20e3} \u{200b} \u{200c} \u{200d} \u{200e} \u{200f} \u{202e} \u{2066} \u{2069} \u{301} 、 。 「 」 ، \u{feff} \u{1f3fd} 𝒳 \u{e0067}"
      .split(" ")
      .concat(" ", " ", " ", "\n", "\t", "\u{a0}");
  for (let round = 0; round < 20_000; round++)
    assertHonest(Array.from({ length: 1 + draw(14) }, () => pieces[draw(pieces.length)]).join(""));
});

const everything = (text: string) => [facetsFor(text, {}), mentionedHandles(text), isTag(text)];

for (const unit of [
  "#a",
  " #a",
  "#",
  " #",
  "(#",
  " #!",
  "!",
  "@a.",
  "@a-",
  "@a.b ",
  "$a",
  " $A",
  "a‍",
  "क्‍",
  "👩‍",
  "#a ",
  "\u{301}",
  "#👩‍",
  "@",
])
  test(`time grows with the length and nothing else: ${JSON.stringify(unit)}`, () => assertLinear(unit, everything));
