import {
  type AccountRef,
  countCodePoints,
  type MediaInfo,
  type OutgoingPost,
  type PostProblem,
} from "@postd/connector-kit";
import { z } from "zod";
import { postNamed } from "./api.ts";
import { GIF_HEIGHT, GIF_WIDTH } from "./limits.ts";
import { findLinks } from "./links.ts";
import { postPrice } from "./prices.ts";
import { cashtagsIn } from "./weighted.ts";

const named = (title: string, description: string) =>
  z
    .string()
    .max(300)
    .refine((text) => postNamed(text) !== undefined, "must be the number of a post, or its address at x.com")
    .optional()
    .meta({ title, description });

const answer = z
  .string()
  .min(1)
  .refine((text) => countCodePoints(text) <= 25, "must be at most 25 characters");

/** @source platforms/x.md section 5 */
export const XOptions = z.strictObject({
  replySettings: z
    .enum(["following", "mentionedUsers", "subscribers", "verified"])
    .optional()
    .meta({ title: "Who can reply", description: "Left out: everyone." }),
  quote: named("Quote", "One of the account's own posts, shown below the text: its number or address."),
  replyTo: named("Reply to", "One of the account's own posts, which this one goes on from: its number or address."),
  poll: z
    .strictObject({
      options: z.array(answer).min(2).max(4),
      durationMinutes: z.number().int().min(5).max(10_080).default(1_440),
    })
    .optional()
    .meta({
      title: "Poll",
      description: "Two to four answers of up to 25 characters, and how many minutes it is open.",
    }),
  communityId: z
    .string()
    .regex(/^\d{1,19}$/, "must be the number of a community")
    .optional()
    .meta({ title: "Community", description: "A community the account is a member of." }),
  madeWithAi: z.boolean().optional().meta({ title: "Made with AI", description: "X labels it." }),
  paidPartnership: z.boolean().optional().meta({ title: "Paid partnership", description: "X labels it." }),
  premium: z.boolean().optional().meta({
    title: "Account with Premium",
    description: "For longer texts and videos, where X does not tell that this account has a subscription.",
  }),
});
export type XOptions = z.output<typeof XOptions>;
export const optionsOf = ({ options }: Pick<OutgoingPost, "options">): XOptions =>
  XOptions.safeParse(options).data ?? {};

const problem = (
  field: string,
  code: string,
  message: string,
  severity: PostProblem["severity"] = "error",
): PostProblem => ({ field, code, message, severity });

/** Rules beyond limits, media and the options' own shape. Pure. */
export function validate(post: OutgoingPost, account: AccountRef): readonly PostProblem[] {
  const options = optionsOf(post);
  const texts = [
    { field: "text", text: post.text },
    ...(post.parts ?? []).map(({ text }, index) => ({ field: `parts.${index}.text`, text })),
  ];
  return [
    ...texts.flatMap(cashtagProblems),
    ...linkCost(texts),
    ...(post.format === "poll" && !options.poll
      ? [problem("options.poll", "poll_required", "A poll needs its answers. Add them, or choose the format text.")]
      : []),
    ...(["quote", "replyTo"] as const).flatMap((name) => targetProblems(name, options[name], account)),
    ...(post.format === "gif" ? post.media.flatMap(gifProblems) : []),
  ];
}

/** @source platforms/x.md section 1 */
function cashtagProblems({ field, text }: { readonly field: string; readonly text: string }): PostProblem[] {
  const tags = cashtagsIn(text);
  if (tags.length < 2) return [];
  const message = `X takes one cashtag in a post; here are ${tags.join(" and ")}. Keep one, or write the others without $.`;
  return [problem(field, "too_many_cashtags", message)];
}

/** A link makes a post more than ten times as dear, which somebody pays for. */
function linkCost(texts: readonly { readonly field: string; readonly text: string }[]): PostProblem[] {
  const first = texts.find(({ text }) => findLinks(text).length > 0);
  if (!first) return [];
  const [plain, linked] = [postPrice(false), postPrice(true)].map((micros) => (micros / 1_000_000).toFixed(3));
  const message = `X bills ${linked} USD for a post with a link and ${plain} for one without; names like README.md count as links.`;
  return [problem(first.field, "link_costs", message, "warning")];
}

/** Whose post it is an address tells; of a number alone it is read before anything is sent. */
function targetProblems(name: "quote" | "replyTo", given: string | undefined, account: AccountRef): PostProblem[] {
  const { handle } = (given && postNamed(given)) || {};
  const isOwn = handle === undefined || handle.toLowerCase() === account.handle?.toLowerCase();
  if (isOwn || account.handle === undefined || mayAddressOthers(account)) return [];
  const message = `X lets this server's app ${name === "quote" ? "quote" : "answer"} the account's own posts only; this one is @${handle}'s. Choose one of your own.`;
  return [problem(`options.${name}`, "not_own_post", message)];
}

/** What the operator says of the app, kept with the account so that a check needs nothing else. */
export const mayAddressOthers = ({ extras }: Pick<AccountRef, "extras">): boolean => extras.othersPosts === true;

/** @source platforms/x.md section 13 */
function gifProblems({ width = 0, height = 0 }: MediaInfo, index: number): PostProblem[] {
  if (width <= GIF_WIDTH && height <= GIF_HEIGHT) return [];
  const message = `The animation is ${width} x ${height} pixels; X takes ${GIF_WIDTH} x ${GIF_HEIGHT}. Export it smaller.`;
  return [problem(`media.${index}`, "gif_too_large", message)];
}
