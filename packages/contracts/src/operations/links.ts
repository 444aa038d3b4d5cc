import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { LinkPreviewView } from "../views.ts";

export const previewLink = defineOperation({
  id: "previewLink",
  method: "POST",
  path: "/api/link-preview",
  summary: "See what a link's card would say",
  description:
    "Reads the page, at most 2 MB and 8 seconds, from public addresses only. Platforms that show cards get one made in the same way when a post with a link goes out, unless its options say otherwise.",
  tags: ["posts"],
  auth: { kind: "caller", by: ["session", "key"], scope: "posts:write" },
  body: z.strictObject({
    url: z.url({ protocol: /^https?$/, error: "must be a web address with https://" }).max(2_000),
  }),
  response: LinkPreviewView,
  errors: ["platform_unavailable"],
  example: {
    body: { url: "https://example.com/beans" },
    response: {
      url: "https://example.com/beans",
      title: "New beans are in",
      description: "From three farms in Huila.",
      imageUrl: "https://example.com/beans.jpg",
    },
  },
});
