import { createHmac } from "node:crypto";
import { describeConnector, sampleMedia } from "@postd/connector-kit/conformance";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { connect, simulator } from "./connect-harness.ts";
import { provider } from "./provider.ts";

export const film = (payloadBytes = 300_000, durationMs = 5_000) => {
  const bytes = sampleMp4({ width: 540, height: 960, durationMs, payloadBytes });
  return sampleMedia(bytes, { kind: "video", mimeType: "video/mp4", width: 540, height: 960, durationMs });
};
const photo = (seed: number) => {
  const bytes = sampleJpeg({ width: 720, height: 960, seed });
  return sampleMedia(bytes, { kind: "image", mimeType: "image/jpeg", width: 720, height: 960 });
};
const open = { privacyLevel: "PUBLIC_TO_EVERYONE", consent: true };
const lost = "TikTok knows no key of ours, and its list of public posts lacks what it has not moderated yet.";
const source = "NOTES.md, section Publishing";

describeConnector(provider, "tiktok", simulator, {
  connect: (world) => connect(world),
  mention: ({ account }) => account.handle ?? "ida",
  asksPerson: [{ step: "create_post", why: lost, source }],
  async engage({ sim }, id) {
    await sim.simulator.act?.("engage", { post_id: id, counts: { view_count: 12, like_count: 3 } });
  },
  async webhook(world, { account }) {
    const content = JSON.stringify({
      publish_id: "v_pub~1",
      post_id: "7012345678901234567",
      publish_type: "DIRECT_PUBLISH",
    });
    const time = Math.floor(world.clock.now().getTime() / 1000);
    const event = "post.publish.publicly_available";
    const body = JSON.stringify({
      client_key: "k",
      event,
      create_time: time,
      user_openid: account.externalId,
      content,
    });
    const key = simulator.appCredentials.tiktok?.client_secret ?? "";
    const digest = createHmac("sha256", key).update(`${time}.${body}`).digest("hex");
    const headers = { "content-type": "application/json", "tiktok-signature": `t=${time},s=${digest}` };
    const request = { method: "POST", query: {}, headers, rawBody: new TextEncoder().encode(body) };
    return { request, events: ["post.changed"] };
  },
  posts: {
    video: [
      { text: "Roasting day #coffee", media: [film()], options: { ...open, allowComment: true, coverAtMs: 1_000 } },
      {
        text: "For me alone",
        media: [film()],
        options: { privacyLevel: "SELF_ONLY", consent: true },
        noNumbers: "only public posts have numbers",
      },
      { text: "Fetched from us", media: [film()], options: { ...open, fetchVideo: true } },
    ],
    photos: { text: "Two photos", media: [photo(1), photo(2)], options: { ...open, title: "Beans", coverIndex: 1 } },
  },
});
