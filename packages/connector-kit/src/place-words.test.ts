import assert from "node:assert/strict";
import { test } from "node:test";
import { checkMentions } from "./check-parts.ts";
import { placeWords } from "./place-words.ts";
import type { PublishingPlatform } from "./platform.ts";
import type { Publishing } from "./publishing.ts";

const platformWith = (publishing: Partial<Publishing>) =>
  ({ id: "here", name: "Here", publishing: publishing as Publishing }) as PublishingPlatform;
const nordlys = { name: "Nordlys", handles: { here: "nordlys.example" } };
const coffee = { name: "Nordlys Coffee", handles: { here: "coffee.example" } };
const odd = { name: "C++ (Ålesund)", handles: { here: "cpp" } };
const away = { name: "Away", handles: { there: "away" } };
const writes = platformWith({ mentions: { write: (handle) => `@${handle}` }, hashtags: {} });

const texts: readonly (readonly [what: string, text: string, expected: string])[] = [
  ["a mention becomes the handle", "By @Nordlys.", "By @nordlys.example."],
  ["the longer name wins", "By @Nordlys Coffee!", "By @coffee.example!"],
  ["a longer word is somebody else", "By @Nordlyset", "By @Nordlyset"],
  ["a mail address is none", "a@Nordlys", "a@Nordlys"],
  ["a name of signs is a name", "@C++ (Ålesund) says", "@cpp says"],
  ["without a handle here the name stands alone", "With @Away", "With Away"],
];
for (const [what, text, expected] of texts)
  test(what, () => {
    const placed = placeWords(writes, { text, mentions: [nordlys, coffee, odd, away] });
    assert.equal(placed.text, expected);
  });

test("mentions are placed in every part and in the first comment", () => {
  const words = { text: "1", parts: [{ text: "2 @Nordlys" }], firstComment: "3 @Nordlys", mentions: [nordlys] };
  const placed = placeWords(writes, words);
  assert.deepEqual(placed.parts, [{ text: "2 @nordlys.example" }]);
  assert.equal(placed.firstComment, "3 @nordlys.example");
});

test("hashtags stand at the end, each once, and not again where the text has them", () => {
  const placed = (text: string, hashtags: readonly string[]) => placeWords(writes, { text, hashtags }).text;
  assert.equal(placed("New beans", ["coffee", "Oslo", "COFFEE"]), "New beans\n\n#coffee #Oslo");
  assert.equal(placed("New #Coffee, here", ["coffee"]), "New #Coffee, here");
  assert.equal(placed("", ["coffee"]), "#coffee");
});

test("a platform that puts words in place itself, or does not take them, gets them as written", () => {
  const words = { text: "By @Nordlys", mentions: [nordlys], hashtags: ["coffee"] };
  for (const platform of [platformWith({}), platformWith({ mentions: {}, hashtags: { apart: true } })])
    assert.equal(placeWords(platform, words).text, "By @Nordlys");
});

test("a mention that stands nowhere is refused, and one without a handle here is told", () => {
  const problems = checkMentions(writes, { text: "By @Away", mentions: [nordlys, away] });
  assert.deepEqual(
    problems.map(({ field, code, severity }) => [field, code, severity]),
    [
      ["mentions.0", "mention_not_in_text", "error"],
      ["mentions.1.handles", "mention_without_handle", "warning"],
    ],
  );
});
