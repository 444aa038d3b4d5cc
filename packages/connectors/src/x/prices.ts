import type { Price } from "@postd/connector-kit";

const since = "2026-04-20";

/**
 * What X bills the app's account for. Sending files is free, and so is what it answers with an error. One thing read again on
 * the same UTC day is mostly billed once.
 * @source platforms/x.md sections 1 ("Money") and 10
 */
export const prices: readonly Price[] = [
  { call: "post", label: "Post", usdMicros: 15_000, since },
  { call: "post_with_link", label: "Post with a link", usdMicros: 200_000, since },
  { call: "reply_summoned", label: "Reply to somebody who named the account", usdMicros: 10_000, since },
  {
    ...{ call: "post_edit", label: "Edit of a post", usdMicros: 5_000, since },
    unsure: "X speaks of content management; that an edit is no new post is not said",
  },
  { call: "post_delete", label: "Deletion of a post", usdMicros: 10_000, since },
  {
    ...{ call: "reply_hide", label: "Hiding a reply", usdMicros: 5_000, since },
    unsure: "X speaks of content management",
  },
  { call: "post_read", label: "Post read", usdMicros: 5_000, since, perItem: true },
  { call: "user_read", label: "Account read", usdMicros: 10_000, since, perItem: true },
  { call: "alt_text", label: "Description of a file", usdMicros: 5_000, since },
  { call: "event_post", label: "Event: mention, reply or quote", usdMicros: 5_000, since, perItem: true },
];

export const priceOf = (call: string): number => prices.find((price) => price.call === call)?.usdMicros ?? 0;
export const postPrice = (hasLink: boolean): number => priceOf(hasLink ? "post_with_link" : "post");
