import assert from "node:assert/strict";
import { describeConnector } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";
import { provider } from "../provider.ts";
import { connect, dates, photo, simulator } from "./connect-harness.ts";

const source = "NOTES.md, section Publishing";

describeConnector(provider, "google_business_profile", simulator, {
  connect,
  async comment({ sim }, { account }) {
    const location = `${account.extras.account}/${account.externalId}`;
    await sim.simulator.act?.("addReview", { location, comment: "Best beans" });
    return "Best beans";
  },
  asksPerson: [
    {
      step: "create_post",
      why: "Google knows no key of ours, and a list that lacks the post proves nothing.",
      source,
    },
    {
      step: "show_photo",
      why: "Google names a photo of the gallery in its answer alone, and a list that lacks it proves nothing.",
      source,
    },
  ],
  async webhook(world, connected) {
    await provider.webhooks?.subscribe?.(world.context(connected, "invisible"), { address: "" });
    const act = (name: string, about: JsonObject) => world.sim.simulator.act?.(name, about);
    const location = `${connected.account.extras.account}/${connected.account.externalId}`;
    await act("pushTo", { address: "https://postd.example/api/webhooks/google" });
    await act("addReview", { location });
    await act("settle", {});
    const [pushed] = world.delivered;
    assert.ok(pushed, "nothing was pushed");
    const { headers, body } = pushed;
    const rawBody = new TextEncoder().encode(body);
    const request = { method: "POST", query: {}, headers, rawBody };
    return { request, events: ["review.created"], unsignedBody: "Pub/Sub proves who sends, and signs no body" };
  },
  posts: {
    standard: [
      { text: "Fresh beans", options: { button: "LEARN_MORE", buttonUrl: "https://example.com/beans" } },
      { text: "Fresh beans, seen", media: [photo(1)], options: { button: "CALL", language: "en" } },
    ],
    event: { text: "Tasting", media: [photo(2)], options: { title: "Tasting night", ...dates } },
    offer: {
      text: "Two for one",
      media: [photo(4)],
      options: {
        title: "Two for one",
        ...dates,
        couponCode: "BEANS",
        redeemUrl: "https://example.com/r",
        terms: "One each",
      },
    },
    location_photo: {
      text: "",
      media: [photo(3)],
      options: { category: "INTERIOR" },
      acceptsLongText: "a photo of the gallery has no words; POSTD refuses them",
    },
  },
});
