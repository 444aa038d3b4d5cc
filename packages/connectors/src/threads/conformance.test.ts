import { createHmac } from "node:crypto";
import { describeConnector, sampleMedia } from "@postd/connector-kit/conformance";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { connect, simulator } from "./connect-harness.ts";
import { provider } from "./provider.ts";

const photo = (seed: number) =>
  sampleMedia(sampleJpeg({ width: 1080, height: 1080, seed }), {
    kind: "image",
    mimeType: "image/jpeg",
    width: 1080,
    height: 1080,
    altText: `Picture ${seed}`,
  });
const film = (seed: number) =>
  sampleMedia(sampleMp4({ width: 1080, height: 1920, durationMs: 12_000, seed }), {
    kind: "video",
    mimeType: "video/mp4",
    width: 1080,
    height: 1920,
    durationMs: 12_000,
  });

describeConnector(provider, "threads", simulator, {
  connect,
  async comment({ sim }, _connected, to) {
    await sim.simulator.act?.("reply", { to, text: "When do you open?" });
    return "When do you open?";
  },
  mention: () => "ida.bakes",
  async webhook(_world, { account }) {
    const body = JSON.stringify({
      app_id: "1",
      topic: "interaction",
      target_id: account.externalId,
      time: 1_763_640_000,
      subscription_id: "9",
      has_uid_field: false,
      values: {
        field: "publish",
        value: { id: "18000", media_type: "TEXT_POST", permalink: "https://www.threads.net/t/a" },
      },
    });
    const digest = createHmac("sha256", simulator.appCredentials.threads?.app_secret ?? "")
      .update(body)
      .digest("hex");
    const headers = { "content-type": "application/json", "x-hub-signature-256": `sha256=${digest}` };
    const request = { method: "POST", query: {}, headers, rawBody: new TextEncoder().encode(body) };
    return { request, events: ["post.changed"] };
  },
  posts: {
    text: [
      { text: "Hello from the bakery" },
      { text: "A card", words: { link: { url: "https://example.com/b" } } },
      { text: "A thread", words: { parts: [{ text: "Its second part" }, { text: "Its third" }] }, livePosts: 3 },
    ],
    image: { text: "One picture", media: [photo(1)], options: { topicTag: "Bread", replyControl: "mentioned_only" } },
    video: { text: "A film", media: [film(2)] },
    carousel: [
      { text: "Two pictures", media: [photo(3), photo(4)] },
      { text: "A picture and a film", media: [photo(5), film(6)] },
    ],
  },
});
