import { createHmac } from "node:crypto";
import { describeConnector, sampleMedia, samplePng } from "@postd/connector-kit/conformance";
import { sampleMp4 } from "@postd/connector-kit/media-samples";
import { commentAsMember, connect, simulator } from "./connect-harness.ts";
import { provider } from "./provider.ts";

const pdf = sampleMedia(new TextEncoder().encode("%PDF-1.7\n%%EOF"), {
  kind: "document",
  mimeType: "application/pdf",
  fileName: "menu.pdf",
});
const film = () => {
  const bytes = sampleMp4({ width: 640, height: 360, durationMs: 5_000, payloadBytes: 9_000_000 });
  return sampleMedia(bytes, { kind: "video", mimeType: "video/mp4", width: 640, height: 360, durationMs: 5_000 });
};

const notification = (page: string, notificationId: number, action: string) => ({
  notificationId,
  organizationalEntity: page,
  action,
  sourcePost: "urn:li:share:7012345678901234567",
  generatedActivity: "urn:li:comment:(urn:li:activity:7012345678901234567,7012345678901234568)",
  lastModifiedAt: Date.UTC(2026, 10, 20, 12),
  subscriber: "urn:li:person:abc",
});

describeConnector(provider, "linkedin", simulator, {
  connect,
  async comment(world, _page, post) {
    await commentAsMember(world, post, "Which beans?");
    return "Which beans?";
  },
  mention: ({ account }) => account.externalId,
  without: [
    {
      signIn: "linkedin_member",
      what: "inbox",
      why: "LinkedIn lets no app read comments under a member's posts (fact sheet, Read)",
    },
    {
      signIn: "linkedin_member",
      what: "renewing",
      why: "self-serve apps get no refresh tokens (NOTES.md, Connecting)",
    },
    {
      signIn: "linkedin_member",
      what: "listing",
      why: "LinkedIn lets no app read a member's posts (fact sheet, Read)",
    },
    {
      signIn: "linkedin_member",
      what: "numbers",
      why: "the member app lacks the product (NOTES.md, Numbers and events)",
    },
  ],
  asksPerson: [
    {
      step: "write_reply",
      formats: ["reply"],
      why: "LinkedIn knows no key of ours, and what stands below a comment may lack one that was written just now.",
      source: "NOTES.md, section Comments",
    },
    {
      step: "create_post",
      formats: ["image", "images", "video", "document", "article", "poll"],
      why: "LinkedIn knows no key of ours, no app may read a member's posts, a page's list that lacks a post proves nothing, and only of texts it is known that a second one is refused.",
      source: "NOTES.md, section Publishing",
    },
  ],
  async engage({ sim }, urn) {
    await sim.simulator.act?.("engage", { urn, counts: { impressionCount: 12, likeCount: 3 } });
  },
  async webhook(_world, { account }) {
    const page = account.kind === "page" ? account.externalId : "urn:li:organization:1";
    const body = JSON.stringify({
      type: "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
      notifications: [
        notification(page, 1, "COMMENT"),
        notification(page, 2, "LIKE"),
        notification(page, 3, "NEW_KIND"),
      ],
    });
    const key =
      simulator.appCredentials[account.authKind === "linkedin_page" ? "linkedin_page" : "linkedin"]?.client_secret;
    const digest = createHmac("sha256", key ?? "")
      .update(`hmacsha256=${body}`)
      .digest("hex");
    const headers = { "content-type": "application/json", "x-li-signature": digest };
    const request = { method: "POST", query: {}, headers, rawBody: new TextEncoder().encode(body) };
    return { request, events: ["comment.created", "reaction.created"] };
  },
  posts: {
    text: [
      { text: "Fresh beans (Sidamo) [washed] #coffee https://example.com/a?b=c|d" },
      { text: "Only for those we know", options: { disableReshare: true }, words: { firstComment: "More (below)" } },
    ],
    image: { text: "One picture", media: [samplePng()] },
    images: { text: "Two pictures", media: [samplePng({ shade: 1 }), samplePng({ shade: 2 })] },
    video: { text: "A film", media: [film()], options: { title: "Roasting" } },
    document: { text: "The menu", media: [pdf] },
    article: [
      {
        text: "Read this",
        words: { link: { url: "https://example.com/a", title: "A page", description: "About it" } },
      },
      { text: "Untitled", words: { link: { url: "https://example.com/untitled" } } },
    ],
    poll: {
      text: "Which one?",
      options: { poll: { question: "Which roast?", options: ["Light", "Dark"] } },
    },
  },
});
