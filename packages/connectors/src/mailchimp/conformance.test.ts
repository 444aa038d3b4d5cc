import assert from "node:assert/strict";
import { hmacSha256Hex, secret } from "@postd/connector-kit";
import { anyPlace, describeConnector, sampleMedia } from "@postd/connector-kit/conformance";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { readAudiences } from "./audiences.ts";
import { connect, simulator } from "./connect-harness.ts";
import { provider } from "./provider.ts";

const photo = (seed: number) => {
  const bytes = sampleJpeg({ width: 720, height: 960, seed });
  return sampleMedia(bytes, { kind: "image", mimeType: "image/jpeg", width: 720, height: 960 });
};
const lost =
  "Mailchimp says of a campaign it has not begun to send only that it is a draft, and not whether a second order in that moment could mail everybody twice.";

describeConnector(provider, "mailchimp", simulator, {
  connect: (world, signIn) => connect(world, signIn),
  async destination(world, connected) {
    const read = await readAudiences(world.context(connected, "none"));
    assert.ok(read.ok && read.value[0], JSON.stringify(read));
    return read.value[0].id;
  },
  scheduleAheadMs: 2 * 3_600_000,
  acceptsLongText: "Mailchimp names no limit of what a mail says; the limit is our own.",
  asksPerson: [{ step: "send_campaign", why: lost, source: "NOTES.md, section Sending" }],
  async webhook(world, connected) {
    const address = "https://postd.example/api/webhooks/mailchimp?subscription=whs_1";
    const made = await provider.webhooks?.subscribe?.(world.context(connected, "invisible"), { address });
    assert.ok(made?.ok && made.value.secret, JSON.stringify(made));
    const { word, signing } = JSON.parse(made.value.secret.reveal());
    const [[list, key] = ["", ""]] = Object.entries<string>(signing);
    const fields = {
      type: "campaign",
      fired_at: "2026-11-20 12:00:00",
      "data[id]": "a1b2c3d4e5",
      "data[list_id]": list,
    };
    const body = new URLSearchParams({ ...fields, "data[subject]": "Roasting day", "data[status]": "sent" }).toString();
    const t = Math.floor(world.clock.now().getTime() / 1000);
    const signed = { "x-mailchimp-signature": `t=${t},v1=${hmacSha256Hex(secret(key), `${t}.${body}`)}` };
    const request = {
      method: "POST",
      query: { subscription: "whs_1", account: connected.account.externalId, word },
      headers: { "content-type": "application/x-www-form-urlencoded", ...signed },
      rawBody: new TextEncoder().encode(body),
    };
    return { request, events: ["post.changed"], keys: [made.value.secret] };
  },
  posts: {
    campaign: [
      {
        text: "Roasting day\n\nFresh beans at https://example.com/beans & more",
        media: [photo(0)],
        options: { subject: "Roasting day", previewText: "Fresh beans" },
        words: { destination: anyPlace },
      },
      {
        text: "Two photos",
        media: [photo(1), photo(2)],
        options: { subject: "Two photos" },
        words: { destination: anyPlace },
      },
    ],
  },
});
