import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { z } from "zod";
import { findLinks } from "./links.ts";
import { cashtagsIn, weightedLength } from "./weighted.ts";

/** X's own library, of 2020; it is here for comparison and in no product. */
const Call = z.custom<(text: string, options?: object) => unknown>((given) => typeof given === "function");
const library: unknown = createRequire(import.meta.url)("twitter-text");
const oracle = z.object({ parseTweet: Call, extractUrlsWithIndices: Call }).parse(library);
const countOf = (text: string): number =>
  z.object({ weightedLength: z.number() }).parse(oracle.parseTweet(text)).weightedLength;
const linksOf = (text: string): readonly string[] => {
  const found = oracle.extractUrlsWithIndices(text, { extractUrlsWithoutProtocol: true });
  return z
    .array(z.object({ url: z.string() }))
    .parse(found)
    .map(({ url }) => url);
};

const texts = [
  ..."node.js|README.md|end.So|Hello.World|a.com|http://node.js|https://example|x.co|t.co|http://t.co/abc".split("|"),
  ..."日本http://example.com日本|日本example.com日本|example.com日本|中国.cn|президент.рф|http://президент.рф".split(
    "|",
  ),
  ..."example.рф|bücher.de|http://bücher.de|foo@bar.com|@a.com|#a.com|$a.com|x/example.com|example.com.".split("|"),
  ..."a.b.c.uk|example.com:8080/x?y=1#z|HTTP://EXAMPLE.COM|ftp://example.com|foo_bar.com|-a.com|a-.com".split("|"),
  ..."example.com/path(foo)|(example.com/a)|see example.com/a, then|example.com/a.|example.com?x=1!".split("|"),
  ..."https://example.com/日本|https://example.com/ünder/Привет/x|a.com/b-c_d~e%20f;g|1.2.3|v2.io|a..com".split("|"),
  ..."https://example.com/a?b=c&d[]=e|https://sub.domain.example.org/#top|www.example.com|“example.com”".split("|"),
  ..."👨‍👩‍👧‍👦|🇩🇰|❤️|❤|1️⃣|#|©|™|👍🏽|☺|👩🏽‍🚀|…|“x”|‹›|⌚︎|€|₿|가|ä̂|🏴󠁧󠁢󠁥󠁮󠁧󠁿|\u200d|\u202a|ว้|अनु|שלום|مرحبا".split("|"),
];
for (const text of texts)
  test(`counts ${JSON.stringify(text)} as X's own library does, with the same links`, () => {
    assert.deepEqual(
      findLinks(text).map((link) => link.text),
      linksOf(text),
    );
    assert.equal(weightedLength(text), countOf(text));
  });

test("texts put together of such pieces are counted as X's own library does", () => {
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const glue = [" ", "\n", ", ", " – ", " 漢 ", ": "];
  for (let round = 0; round < 400; round += 1) {
    const pieces = Array.from({ length: 1 + next(6) }, () => `${texts[next(texts.length)]}${glue[next(glue.length)]}`);
    const text = pieces.join("");
    assert.equal(weightedLength(text), countOf(text), JSON.stringify(text));
  }
});

test("emoji and domains younger than that library are counted as X counts such things", () => {
  assert.deepEqual([weightedLength("🧑‍💻"), countOf("🧑‍💻")], [2, 5]);
  assert.deepEqual([weightedLength("❤‍🔥"), weightedLength("🫠")], [2, 2]);
});

test("cashtags are found where X finds them", () => {
  const found = cashtagsIn("$A $BCD $toolong1 x$AB ($C) $AB.CD $1A $ab_c $TOOLONGX 漢$AA");
  assert.deepEqual(found, ["$A", "$BCD", "$AB.CD", "$ab_c"]);
  assert.deepEqual(cashtagsIn("It costs $5 and US$ 7"), []);
});

test("the time to count a text grows with its length and nothing else", () => {
  for (const piece of ["a.", "http://", "https://a.com/(", "example.com/((", "a-", "漢.", "👨‍"]) {
    const begun = performance.now();
    weightedLength(piece.repeat(25_000 / piece.length));
    assert.ok(performance.now() - begun < 500, JSON.stringify(piece));
  }
});
