import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPull } from "./check-pull.ts";
import type { PublishingPlatform } from "./platform.ts";
import type { OutgoingPost } from "./publish.ts";

const platform = {
  name: "Puller",
  publishing: {
    pulls: {
      when: ({ format }: OutgoingPost) => format === "photos",
      app: "puller",
      verified: "urls",
      shownAt: "there",
    },
  },
} as unknown as PublishingPlatform;
const post = (format: string): OutgoingPost => ({ format, text: "", media: [], options: {} });
const told = (address: string, verified?: string, format = "photos") =>
  checkPull(platform, post(format), { address, verified }).map(({ code, severity }) => `${severity} ${code}`);

describe("files a platform fetches itself", () => {
  const at = "https://media.example.org/media/";
  it("pass below a verified domain or prefix, and only there", () => {
    for (const verified of [
      "media.example.org",
      "example.org",
      "EXAMPLE.ORG",
      "other.net, example.org",
      at,
      "https://media.example.org/",
      "media.example.org/media/",
    ])
      assert.deepEqual(told(at, verified), [], verified);
    for (const verified of [
      "ample.org",
      "media.example.org.net",
      "https://media.example.org/medi",
      "https://media.example.org/other/",
      "https://example.org/",
    ])
      assert.deepEqual(told(at, verified), ["error fetch_unverified"], verified);
  });

  it("are warned of where nobody said what is verified", () => {
    for (const none of [undefined, "", " , "]) assert.deepEqual(told(at, none), ["warning fetch_unverified"]);
  });

  it("are refused from where no platform fetches: no https, no name, an address of numbers", () => {
    for (const address of [
      "http://media.example.org/media/",
      "https://localhost:3000/media/",
      "https://203.0.113.7/media/",
      "https://[2001:db8::1]/media/",
    ])
      assert.deepEqual(told(address, "example.org"), ["error not_fetchable"], address);
  });

  it("say nothing of posts whose files are sent", () => {
    assert.deepEqual(told("http://localhost/media/", undefined, "video"), []);
  });
});
