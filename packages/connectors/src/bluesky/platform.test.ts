import assert from "node:assert/strict";
import { connectWithKeys, describeConnector, samplePng } from "@postd/connector-kit/conformance";
import { provider } from "./provider.ts";
import { simulators } from "./simulator.ts";

const [simulator] = simulators;
assert.ok(simulator);

describeConnector(provider, "bluesky", simulator, {
  async connect(world) {
    const account = world.sim.simulator.createAccount({ name: "Ida Holm" });
    const { identifier, appPassword } = account.extra ?? {};
    assert.ok(typeof identifier === "string" && typeof appPassword === "string");
    return connectWithKeys(world, "app_password", { identifier, appPassword });
  },
  mention: ({ account }) => account.handle ?? "",
  posts: {
    text: [
      { text: "Hello ünïcode 👋 https://example.com/a #hello" },
      {
        text: "A thread about @ida-holm.bsky.social and @nobody.invalid",
        options: { replies: ["Second part", "Third part #end"], langs: ["en"], tags: ["thread"] },
        livePosts: 3,
      },
      {
        text: "With a card",
        options: { linkCard: { uri: "https://example.com/", title: "Example", description: "A page" } },
      },
      {
        text: "In the words all platforms share #beans",
        words: {
          parts: [{ text: "And a second part" }],
          link: { url: "https://example.com/", title: "Example" },
          hashtags: ["beans"],
        },
        livePosts: 2,
      },
    ],
    image: [
      { text: "One picture", media: [samplePng()] },
      {
        text: "Four pictures",
        media: [samplePng({ shade: 1 }), samplePng({ shade: 2 }), samplePng({ shade: 3 }), samplePng({ shade: 4 })],
        options: { labels: ["graphic-media"] },
      },
    ],
  },
});
