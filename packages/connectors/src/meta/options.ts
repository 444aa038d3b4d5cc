import { mediaIdOption, type OutgoingPost } from "@postd/connector-kit";
import { z } from "zod";
import { reelCover } from "./limits.ts";

const firstComment = z
  .string()
  .min(1)
  .max(2200)
  .optional()
  .meta({ title: "First comment", description: "Written under the post right after it is out." });

/** @source platforms/meta.md sections 5 and 9 */
export const FacebookOptions = z.strictObject({
  link: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ title: "Link", description: "Shown as a card under the text. Not together with photos or videos." }),
  title: z.string().max(255).optional().meta({ title: "Title", description: "Of a video or reel." }),
  countries: z
    .array(z.string().regex(/^[A-Z]{2}$/, "must be two capital letters such as DE"))
    .max(25)
    .optional()
    .meta({ title: "Countries", description: "Only people there see the post. Two-letter codes; empty: everyone." }),
  firstComment,
});
export type FacebookOptions = z.output<typeof FacebookOptions>;

const username = z.string().regex(/^@?[A-Za-z0-9._]{1,30}$/, "must be a user name such as ida.holm");

/** @source platforms/meta.md section 6 */
export const InstagramOptions = z.strictObject({
  collaborators: z
    .array(username)
    .max(3)
    .optional()
    .meta({ title: "Collaborators", description: "At most 3 user names; each is asked to accept." }),
  locationId: z
    .string()
    .regex(/^\d+$/, "must be the number of a Facebook Page with a location")
    .optional()
    .meta({ title: "Location", description: "Number of a Facebook Page that has a location." }),
  shareToFeed: z.boolean().optional().meta({ title: "Show reel in the feed too" }),
  thumbOffsetMs: z
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ title: "Cover frame", description: "Milliseconds into the reel." }),
  coverMediaId: mediaIdOption({ label: "The cover image", ...reelCover })
    .optional()
    .meta({ title: "Cover image", description: "An uploaded JPEG; it is used in place of a frame." }),
  userTags: z
    .array(
      z.strictObject({
        username,
        x: z.number().min(0).max(1).optional(),
        y: z.number().min(0).max(1).optional(),
        item: z.number().int().min(0).max(9).optional(),
      }),
    )
    .max(20)
    .optional()
    .meta({
      title: "Tagged people",
      description: "x and y from 0 to 1 say where in an image; item is the number of the carousel item, from 0.",
    }),
  isAiGenerated: z.boolean().optional().meta({ title: "Made with AI" }),
  firstComment,
});
export type InstagramOptions = z.output<typeof InstagramOptions>;

type Linked = Pick<OutgoingPost, "options" | "link">;
type Commented = Pick<OutgoingPost, "options" | "firstComment">;

/** The address shown as a card: the word all platforms share, or the older option. */
export const facebookLink = ({ link, options }: Linked): string | undefined =>
  link?.url ?? facebookOptions(options).link;

/** The first comment: the word all platforms share, or the older option, which both platforms have. */
export const firstCommentOf = ({ firstComment: said, options }: Commented): string | undefined =>
  said ?? z.looseObject({ firstComment }).safeParse(options).data?.firstComment;

/** Options come checked, as their owner's schema runs before every send; here they only get their types back. */
export const facebookOptions = (options: unknown): FacebookOptions => FacebookOptions.safeParse(options).data ?? {};
export const instagramOptions = (options: unknown): InstagramOptions => InstagramOptions.safeParse(options).data ?? {};
