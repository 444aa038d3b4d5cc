import type { Call, Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { type Called, created, mayActAs, ownPage, paged, pageQuery, postOf, rest, route } from "./call.ts";
import { badField, denied, refuse } from "./words.ts";
import { assetStatus, type Post, type World } from "./world.ts";

// Fact sheet, "Publishing per format", "Edit / Delete", "Media/text constraints".

const urn = (kind: string) => z.string().regex(new RegExp(`^urn:li:(${kind}):[\\w()-]+$`), "INVALID_URN_TYPE");
const alt = z.string().max(4085).optional();
const Content = z
  .strictObject({
    media: z.strictObject({ id: urn("image|video|document"), altText: alt, title: z.string().optional() }),
    multiImage: z.strictObject({
      images: z
        .array(z.strictObject({ id: urn("image"), altText: alt }))
        .min(2)
        .max(20),
    }),
    article: z.strictObject({
      source: z.url(),
      title: z.string().min(1).max(399),
      description: z.string().max(4085).optional(),
      thumbnail: urn("image").optional(),
      thumbnailAltText: alt,
    }),
    poll: z.strictObject({
      question: z.string().min(1).max(140),
      options: z
        .array(z.strictObject({ text: z.string().min(1).max(30) }))
        .min(2)
        .max(4),
      settings: z.strictObject({
        duration: z.enum(["ONE_DAY", "THREE_DAYS", "SEVEN_DAYS", "FOURTEEN_DAYS"]),
        voteSelectionType: z.literal("SINGLE_VOTE").optional(),
        isVoterVisibleToAuthor: z.literal(true).optional(),
      }),
    }),
  })
  .partial()
  .refine((content) => Object.keys(content).length === 1, "one content shape a post");
const PostInput = z.strictObject({
  author: urn("person|organization"),
  commentary: z.string().max(3000).default(""),
  visibility: z.enum(["PUBLIC", "CONNECTIONS", "LOGGED_IN"]),
  distribution: z.strictObject({
    feedDistribution: z.enum(["MAIN_FEED", "NONE"]),
    targetEntities: z.array(z.unknown()).optional(),
    thirdPartyDistributionChannels: z.array(z.unknown()).optional(),
  }),
  // No drafts and no schedule (fact sheet, "Scheduling").
  lifecycleState: z.literal("PUBLISHED"),
  isReshareDisabledByAuthor: z.boolean().optional(),
  content: Content.optional(),
});
type PostInput = z.output<typeof PostInput>;

const twinWindowMs = 600_000;

const littleText =
  /@\[((?:\\.|[^\]\\])*)\]\(urn:li:(?:person|organization):[\w-]+\)|\{hashtag\|\\?#\|([^}|]+)\}|#([\p{L}\p{N}_]+)|\\([|{}@[\]()<>#\\*_~])|([^|{}@[\]()<>#\\*_~]+)/guy;

/**
 * Little text as readers see it: what follows an unescaped reserved character is cut off without an error. Mentions and
 * hashtag templates are elements (fact sheet, "Little text").
 */
export const shownText = (commentary: string): string =>
  [...commentary.matchAll(littleText)]
    .map(([, mention, template, tag, escaped, plain]) => mention ?? escaped ?? plain ?? `#${template ?? tag}`)
    .join("");

/** Pictures, films and documents of a content; each must be the author's own and ready. */
function assetsOf({ world }: Called, { author, content }: PostInput): Post["assets"] {
  const { media, multiImage, article } = content ?? {};
  const named = [
    ...(media ? [{ id: media.id, altText: media.altText }] : []),
    ...(multiImage?.images ?? []),
    ...(article?.thumbnail ? [{ id: article.thumbnail, altText: article.thumbnailAltText }] : []),
  ];
  for (const { id } of named) {
    const asset = world.assets.get(id);
    if (asset === undefined) throw badField("content/media/id", "INVALID_URN_ID", `${id} does not exist`);
    if (asset.details.owner !== author)
      throw refuse(403, `Accessing this ${asset.details.kind} resource is forbidden`, { code: "ACCESS_DENIED" });
    const status = assetStatus(world, asset);
    if (status !== "AVAILABLE")
      throw badField("content/media/id", `MEDIA_ASSET_${status === "PROCESSING" ? "WAITING_UPLOAD" : status}`);
    if (asset.details.kind === "document" && !media?.title) throw badField("content/media/title", "MISSING_FIELD");
  }
  return named;
}

/** The exact text of a recent post of the author again: refused, and the live one named (fact sheet, "Publishing"). */
function refuseTwin({ world, now }: Pick<Call<World>, "world" | "now">, input: PostInput): void {
  const contentOf = ({ author, commentary, content }: Post | PostInput) =>
    JSON.stringify([author, commentary, content]);
  const twin = world.posts.find(
    (post) => now.getTime() - post.createdAt < twinWindowMs && contentOf(post) === contentOf(input),
  );
  if (twin === undefined || !world.twins.refused) return;
  const named = world.twins.ghosts ? world.newUrn("share") : twin.id;
  const words = "com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of";
  throw refuse(422, `${words} ${named}`, {
    errorDetailType: "com.linkedin.common.error.BadRequest",
    errorDetails: { inputErrors: [{ code: "DUPLICATE_POST", description: "Duplicate post is detected" }] },
  });
}

const postView = ({ assets: _, kind: __, activity: ___, ...shown }: Post) => ({
  ...shown,
  lifecycleState: "PUBLISHED",
  publishedAt: shown.createdAt,
});

/** Pages read their posts; what members posted can be read by nobody new (`r_member_social` is closed). */
function readable(call: Called, post: Post): Post {
  const isPage = post.author.startsWith("urn:li:organization:");
  if (!call.caller.scopes.has(isPage ? "r_organization_social" : "r_member_social")) throw denied("posts.GET");
  if (isPage) ownPage(call, post.author);
  return post;
}

const Patch = z.strictObject({
  patch: z.strictObject({
    $set: z.strictObject({
      commentary: z.string().max(3000).optional(),
      contentCallToActionLabel: z.string().optional(),
      contentLandingPage: z.string().optional(),
    }),
  }),
});

export const postRoutes: readonly Route<World>[] = [
  route("POST", rest("posts"), {
    publishes: true,
    body: PostInput,
    handle(call) {
      const { world, body, now } = call;
      const { author, commentary, visibility, content } = body;
      mayActAs(call, author);
      if (author.startsWith("urn:li:organization:") && visibility === "CONNECTIONS")
        throw badField("visibility", "INVALID_VALUE_FOR_FIELD");
      if (commentary.trim() === "" && !content) throw badField("commentary", "INVALID_VALUE_BLANK_FIELD");
      const assets = assetsOf(call, body);
      refuseTwin(call, body);
      const shape = Object.keys(content ?? {})[0] ?? "text";
      const kind = shape === "media" ? (assets[0]?.id.split(":")[2] ?? shape) : shape;
      const at = now.getTime();
      const id = world.newUrn(kind === "video" || kind === "multiImage" ? "ugcPost" : "share");
      const times = { createdAt: at, lastModifiedAt: at };
      const activity = world.newUrn("activity");
      world.posts.put({ id, activity, author, commentary, visibility, content, assets, kind, ...times });
      return created(id);
    },
  }),
  route("GET", rest("posts"), {
    query: z.strictObject({
      q: z.literal("author"),
      author: urn("person|organization"),
      ...pageQuery(100),
      sortBy: z.enum(["LAST_MODIFIED", "CREATED"]).optional(),
      viewContext: z.enum(["READER", "AUTHOR"]).optional(),
    }),
    scopes: ["r_organization_social"],
    handle(call) {
      const { world, query, listed } = call;
      ownPage(call, query.author);
      const own = listed(
        world.posts.all(({ author }) => author === query.author).toReversed(),
        ({ createdAt }) => createdAt,
      );
      return paged(own, query, postView);
    },
  }),
  route("GET", rest("posts/:urn"), {
    query: z.strictObject({ viewContext: z.enum(["READER", "AUTHOR"]).optional() }),
    handle: (call) => ({ status: 200, json: postView(readable(call, postOf(call))) }),
  }),
  route("POST", rest("posts/:urn"), {
    publishes: true,
    body: Patch,
    handle(call) {
      if (call.request.headers["x-restli-method"]?.toUpperCase() !== "PARTIAL_UPDATE")
        throw badField("X-RestLi-Method", "MISSING_FIELD");
      const post = postOf(call);
      mayActAs(call, post.author);
      post.commentary = call.body.patch.$set.commentary ?? post.commentary;
      post.lastModifiedAt = call.now.getTime();
      return { status: 204 };
    },
  }),
  route("DELETE", rest("posts/:urn"), {
    publishes: true,
    handle(call) {
      const post = call.world.posts.get(call.params.urn ?? "");
      // Idempotent (fact sheet, "Edit / Delete").
      if (post === undefined) return { status: 204 };
      mayActAs(call, post.author);
      call.world.posts.remove(post.id);
      return { status: 204 };
    },
  }),
];
