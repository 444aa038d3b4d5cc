import { createHmac } from "node:crypto";
import { describeConnector, sampleMedia, samplePng } from "@postd/connector-kit/conformance";
import { sampleGif, sampleMp4 } from "@postd/connector-kit/media-samples";
import { connect, simulator } from "./connect-harness.ts";
import { provider } from "./provider.ts";

const film = (payloadBytes = 1_200_000, durationMs = 5_000) => {
  const bytes = sampleMp4({ width: 640, height: 360, durationMs, payloadBytes });
  return sampleMedia(bytes, { kind: "video", mimeType: "video/mp4", width: 640, height: 360, durationMs });
};
const gif = (kind: "gif" | "image", frames: number) => {
  const bytes = sampleGif({ width: 64, height: 64, frames });
  return sampleMedia(bytes, { kind, mimeType: "image/gif", width: 64, height: 64, altText: "It moves" });
};
const lost =
  "X takes no key of ours, its list of newest posts may lack one, and its refusal of a second names no first.";
const source = "NOTES.md, section Publishing";

describeConnector(provider, "x", simulator, {
  connect: (world) => connect(world),
  async comment({ sim }, { account }, id) {
    const text = `@${account.handle} Which roast?`;
    await sim.simulator.act?.("postAs", { person: "jonas_berg", text, reply_to: id });
    return text;
  },
  mention: ({ account }) => account.handle ?? "ida",
  asksPerson: [
    { step: "create_post", why: lost, source },
    { step: "create_parts", why: lost, source },
    { step: "create_reply", formats: ["reply"], why: lost, source },
  ],
  async webhook(_world, { account }) {
    const body = JSON.stringify({
      data: {
        event_uuid: "7b0a1f5e-1",
        filter: { user_id: account.externalId },
        event_type: "post.mention.create",
        payload: { id: "1990000000000000001", text: "@ida hello", author_id: "77" },
      },
    });
    const key = simulator.appCredentials.x?.api_secret ?? "";
    const digest = createHmac("sha256", key).update(body).digest("base64");
    const headers = { "content-type": "application/json", "x-twitter-webhooks-signature": `sha256=${digest}` };
    const request = { method: "POST", query: {}, headers, rawBody: new TextEncoder().encode(body) };
    return { request, events: ["mention.created"] };
  },
  posts: {
    text: [
      {
        text: "Fresh beans & more <today> https://example.com/a?b=c README.md",
        options: { replySettings: "following" },
      },
      {
        text: "First of three",
        words: { parts: [{ text: "Second of three" }, { text: "Third of three" }] },
        livePosts: 3,
      },
    ],
    images: {
      text: "Two pictures",
      media: [samplePng({ shade: 1 }), samplePng({ shade: 2 })],
      options: { madeWithAi: true, paidPartnership: true },
    },
    gif: [
      { text: "It moves", media: [gif("gif", 3)] },
      { text: "It stands still", media: [gif("image", 1)] },
    ],
    video: { text: "Roasting day", media: [film()] },
    poll: { text: "Which roast?", options: { poll: { options: ["Light", "Dark"], durationMinutes: 60 } } },
  },
});
