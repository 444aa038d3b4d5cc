import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { type AccountRef, type Platform, secret } from "@postd/connector-kit";
import {
  type ConformanceSetup,
  type Connected,
  describeConnector,
  sampleMedia,
  type World,
} from "@postd/connector-kit/conformance";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { facebook } from "./facebook/platform.ts";
import feed from "./fixtures/webhook-feed.json" with { type: "json" };
import comments from "./fixtures/webhook-instagram-comments.json" with { type: "json" };
import { instagram } from "./instagram/platform.ts";
import { provider } from "./provider.ts";
import { simulators } from "./simulator.ts";

const [simulator] = simulators;
assert.ok(simulator);

const jpeg = (seed: number) =>
  sampleMedia(sampleJpeg({ width: 1080, height: 1080, seed }), {
    kind: "image",
    mimeType: "image/jpeg",
    width: 1080,
    height: 1080,
    altText: `Picture ${seed}`,
  });
const mp4 = (seed: number) =>
  sampleMedia(sampleMp4({ width: 1080, height: 1920, durationMs: 12_000, seed }), {
    kind: "video",
    mimeType: "video/mp4",
    width: 1080,
    height: 1920,
    durationMs: 12_000,
  });

/** Graph passes over what it does not know, so a slip of a name would be seen by nobody. */
const worlds: World[] = [];

/** A made-up account, connected with the token of its Page or its own. */
function connectTo(platform: Platform) {
  return async (world: World, signIn: string): Promise<Connected> => {
    worlds.push(world);
    const kind = platform === facebook ? "page" : signIn === "facebook_login" ? "professional" : signIn;
    const made = world.sim.simulator.createAccount({ kind, name: "Ida Holm" });
    const extra = made.extra ?? {};
    const text = (name: string) => (typeof extra[name] === "string" ? String(extra[name]) : undefined);
    const authKind = text("authKind") ?? "facebook_login";
    const pageId = text("pageId");
    const userToken = text("userToken");
    const auth = provider.signIns.find(({ id }) => id === authKind);
    assert.ok(auth);
    const account: AccountRef = {
      externalId: made.id,
      kind: platform.accountKinds[0]?.id ?? "",
      authKind,
      name: made.name,
      extras: platform.extras.parse(pageId && platform === instagram ? { pageId } : {}),
    };
    const ends =
      authKind === "instagram_login" ? { expiresAt: new Date(world.clock.now().getTime() + 60 * 86_400_000) } : {};
    // Instagram renews no token younger than a day.
    world.advance(2 * 86_400_000);
    const scopes = [...auth.scopes.required, ...auth.scopes.optional];
    return {
      account,
      credentials: {
        accessToken: secret(made.accessToken),
        scopes,
        ...ends,
        ...(userToken && { extra: { userToken: secret(userToken) } }),
      },
    };
  };
}

const signed = (set: "meta" | "instagram", body: string) => ({
  method: "POST",
  query: {},
  headers: {
    "content-type": "application/json",
    "x-hub-signature-256": `sha256=${createHmac("sha256", simulator.appCredentials[set]?.app_secret ?? "")
      .update(body)
      .digest("hex")}`,
  },
  rawBody: new TextEncoder().encode(body),
});

/** Somebody comments on a post. */
const comment: ConformanceSetup["comment"] = async ({ sim }, _connected, objectId) => {
  await sim.simulator.act?.("comment", { objectId, text: "When do you open?" });
  return "When do you open?";
};

const lostReply = {
  step: "write_reply",
  formats: ["reply"],
  why: "Meta knows no key of ours, and what stands below a comment may lack one that was written just now.",
  source: "NOTES.md, section Comments",
} as const;

const wordless = "stories show no text, so none is sent";
const storyNumbers = "Meta names a metric for Page stories and not the object it hangs on";

describeConnector(provider, "facebook", simulator, {
  connect: connectTo(facebook),
  comment,
  posts: {
    text: { text: "Hello from the bakery" },
    link: [
      { text: "A link", options: { link: "https://example.com/a" } },
      { text: "A card", words: { link: { url: "https://example.com/b" } } },
    ],
    photo: { text: "One photo", media: [jpeg(1)] },
    multi_photo: { text: "Two photos", media: [jpeg(2), jpeg(3)] },
    video: { text: "A film", media: [mp4(4)], options: { title: "Film" } },
    reel: { text: "A reel", media: [mp4(5)] },
    photo_story: { text: "", media: [jpeg(6)], acceptsLongText: wordless, noNumbers: storyNumbers },
    video_story: { text: "", media: [mp4(7)], acceptsLongText: wordless, noNumbers: storyNumbers },
  },
  scheduleAheadMs: 2 * 3_600_000,
  asksPerson: [
    {
      step: "create_unpublished_with_media",
      formats: ["link"],
      why: "A link has no photo that leads to its post, no verified edge lists unseen posts, and shown ones that lack it prove nothing.",
      source: "docs/platforms/meta.md section 15, two-step publish on Pages",
    },
    {
      step: "publish_story",
      why: "Only the list of the Page's stories tells of a story, and one that it lacks may still come.",
      source: "docs/platforms/meta.md section 5, stories",
    },
    lostReply,
  ],
  webhook: async () => ({
    request: signed("meta", JSON.stringify(feed.answer)),
    events: ["comment.created", "post.changed"],
  }),
});

describeConnector(provider, "instagram", simulator, {
  connect: connectTo(instagram),
  comment,
  mention: () => "ida.bakes",
  productId: () => "471108154711",
  asksPerson: [lostReply],
  posts: {
    image: { text: "One picture", media: [jpeg(11)] },
    carousel: [
      { text: "Two pictures", media: [jpeg(12), jpeg(13)] },
      { text: "A picture and a film", media: [jpeg(16), mp4(17)] },
    ],
    reel: { text: "A reel", media: [mp4(14)], options: { shareToFeed: true } },
    story: [
      { text: "", media: [jpeg(15)], acceptsLongText: wordless },
      { text: "", media: [mp4(18)], acceptsLongText: wordless },
    ],
  },
  webhook: async (_world, { account: { authKind } }) => ({
    request: signed(authKind === "facebook_login" ? "meta" : "instagram", JSON.stringify(comments.answer)),
    events: ["comment.created"],
  }),
});

test("Graph passes over none of the parameters POSTD sends", () => {
  assert.ok(worlds.length > 0);
  const over = worlds.flatMap(({ sim }) => Object(sim.simulator.inspect?.()).passedOver);
  assert.deepEqual([...new Set(over)], []);
});
