import assert from "node:assert/strict";
import { test } from "node:test";
import { commentaryOf, plainOf } from "./little-text.ts";

const mention = (name: string, urn: string) => ({ name, handles: { linkedin: urn } });

test("everything that could be markup is escaped, once, and reads as it was written", () => {
  const text = String.raw`Fresh beans (Sidamo) [washed] {new} <b> a|b ~c~ *d* _e_ me@example.com \ # 1 C# #`;
  const sent = commentaryOf({ text });
  assert.equal(
    sent,
    String.raw`Fresh beans \(Sidamo\) \[washed\] \{new\} \<b\> a\|b \~c\~ \*d\* \_e\_ me\@example.com \\ \# 1 C\# \#`,
  );
  assert.equal(plainOf(sent), text);
});

test("hashtags are elements, in any script, and keep what stands behind them", () => {
  const text = "#coffee, #Kaffee_zeit und #コーヒー! #été";
  const sent = commentaryOf({ text });
  assert.equal(
    sent,
    String.raw`{hashtag|\#|coffee}, {hashtag|\#|Kaffee\_zeit} und {hashtag|\#|コーヒー}! {hashtag|\#|été}`,
  );
  assert.equal(plainOf(sent), text);
});

test("a mark inside an address or a word is no hashtag", () => {
  const text = "https://example.com/a#top https://example.com/#/b C#minor (#tag)";
  const sent = commentaryOf({ text });
  assert.equal(sent, String.raw`https://example.com/a\#top https://example.com/\#/b C\#minor \({hashtag|\#|tag}\)`);
  assert.equal(plainOf(sent), text);
});

test("a name leads to its person or company where the text says it, the longer name first", () => {
  const text = "Thanks @Nordlys Coffee (and @Nordlys): @Ida Holm too";
  const sent = commentaryOf({
    text,
    mentions: [
      mention("Nordlys", "urn:li:organization:1"),
      mention("Nordlys Coffee", "urn:li:organization:2"),
      mention("Ida Holm", "urn:li:person:abc_-1"),
    ],
  });
  assert.equal(
    sent,
    String.raw`Thanks @[Nordlys Coffee](urn:li:organization:2) \(and @[Nordlys](urn:li:organization:1)\): @[Ida Holm](urn:li:person:abc_-1) too`,
  );
  assert.equal(plainOf(sent), text);
});

test("a handle that is no address of LinkedIn's leaves the name as text", () => {
  assert.equal(commentaryOf({ text: "@Ida", mentions: [mention("Ida", "ida) evil")] }), String.raw`\@Ida`);
  assert.equal(commentaryOf({ text: "@Ida", mentions: [{ name: "Ida", handles: {} }] }), String.raw`\@Ida`);
});

test("a bracket in a name does not end it", () => {
  const sent = commentaryOf({ text: "@A [b] c", mentions: [mention("A [b]", "urn:li:organization:3")] });
  assert.equal(sent, String.raw`@[A \[b\]](urn:li:organization:3) c`);
  assert.equal(plainOf(sent), "@A [b] c");
});
