import { type Call, offsetPage, type Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { created, mayActAs, ownPage, rest, route } from "./call.ts";
import { badField, denied, notFound, refuse } from "./words.ts";
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
  reshareContext: z.strictObject({ parent: urn("share|ugcPost") }).optional(),
});
type PostInput = z.output<typeof PostInput>;

const twinWindowMs = 600_000;
const posting = { member: "w_member_social", page: "w_organization_social" };

/**
 * Little text as readers see it: what follows an unescaped reserved character is cut off without an error. Mentions and
 * hashtag templates are elements (fact sheet, "Little text").
 */
export function shownText(commentary: string): string {
  let shown = "";
  for (let rest = commentary; rest !== ""; ) {
    const mention = /^@\[((?:\\.|[^\]\\])*)\]\((urn:li:(?:person|organization):[\w-]+)\)/.exec(rest);
    const tag = /^\{hashtag\|\\?#\|([^}|]+)\}/.exec(rest) ?? /^#([\p{L}\p{N}_]+)/u.exec(rest);
    const escaped = /^\\([|{}@[\]()<>#\\*_~])/.exec(rest);
    const plain = /^[^|{}@[\]()<>#\\*_~]+/.exec(rest);
    const found = mention ?? tag ?? escaped ?? plain;
    if (found === null) break;
    shown += found === mention ? (mention[1] ?? "") : found === tag ? `#${tag[1]}` : (found[1] ?? found[0]);
    rest = rest.slice(found[0].length);
  }
  return shown;
}

/** Pictures, films and documents of a content; each must be the author's own and ready. */
function assetsOf(
  { world }: Pick<Call<World>, "world">,
  author: string,
  content: PostInput["content"],
): Post["assets"] {
  const { media, multiImage, article } = content ?? {};
  const named = [
    ...(media ? [{ id: media.id, altText: media.altText }] : []),
    ...(multiImage?.images ?? []),
    ...(article?.thumbnail ? [{ id: article.thumbnail, altText: article.thumbnailAltText }] : []),
  ];
  for (const { id } of named) {
    const asset = world.assets.get(id);
    if (asset === undefined) throw badField("content/media/id", "INVALID_URN_ID", `${id} does not exist`);
    if (asset.owner !== author)
      throw refuse(403, `Accessing this ${asset.kind} resource is forbidden`, { code: "ACCESS_DENIED" });
    const status = assetStatus(world, asset);
    if (status !== "AVAILABLE")
      throw badField("content/media/id", `MEDIA_ASSET_${status === "PROCESSING" ? "WAITING_UPLOAD" : status}`);
    if (asset.kind === "document" && !media?.title) throw badField("content/media/title", "MISSING_FIELD");
  }
  return named;
}

/** The exact text of a recent post of the author again: refused, and the live one named (fact sheet, "Publishing"). */
function refuseTwin(
  { world, now }: Pick<Call<World>, "world" | "now">,
  input: PostInput,
  assets: Post["assets"],
): void {
  const twin = world.posts.find(
    (post) =>
      post.author === input.author &&
      post.commentary === input.commentary &&
      now.getTime() - post.createdAt < twinWindowMs &&
      JSON.stringify(post.assets.map(({ id }) => id)) === JSON.stringify(assets.map(({ id }) => id)),
  );
  if (twin === undefined || !world.refusesLikeTwins || input.reshareContext) return;
  throw refuse(
    422,
    `com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of ${twin.id}`,
    {
      errorDetailType: "com.linkedin.common.error.BadRequest",
      errorDetails: { inputErrors: [{ code: "DUPLICATE_POST", description: "Duplicate post is detected" }] },
    },
  );
}

const postView = (post: Post) => ({
  id: post.id,
  author: post.author,
  commentary: post.commentary,
  visibility: post.visibility,
  lifecycleState: "PUBLISHED",
  ...(Object.keys(post.content).length > 0 && { content: post.content }),
  ...(post.reshareOf && { reshareContext: { parent: post.reshareOf } }),
  createdAt: post.createdAt,
  publishedAt: post.createdAt,
  lastModifiedAt: post.lastModifiedAt,
});

/** Pages read their posts; what members posted can be read by nobody new (`r_member_social` is closed). */
function readable(call: Pick<Call<World>, "world" | "caller">, post: Post | undefined, id: string | undefined): Post {
  if (post === undefined) throw notFound(`post ${id}`);
  const isPage = post.author.startsWith("urn:li:organization:");
  if (!call.caller.scopes.has(isPage ? "r_organization_social" : "r_member_social"))
    throw denied("partnerApiPosts.GET");
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
      const { author, commentary, visibility, content = {}, reshareContext } = body;
      mayActAs(call, author, posting);
      if (author.startsWith("urn:li:organization:") && visibility === "CONNECTIONS")
        throw badField("visibility", "INVALID_VALUE_FOR_FIELD");
      const parent = reshareContext?.parent;
      if (parent !== undefined && world.posts.get(parent) === undefined)
        throw badField("reshareContext/parent", "INVALID_URN_ID");
      const isBare = body.content === undefined && parent === undefined;
      if (commentary.trim() === "" && isBare) throw badField("commentary", "INVALID_VALUE_BLANK_FIELD");
      const assets = assetsOf(call, author, body.content);
      refuseTwin(call, body, assets);
      const shape = Object.keys(content)[0] ?? (parent ? "repost" : "text");
      const kind = shape === "media" ? (assets[0]?.id.split(":")[2] ?? shape) : shape;
      const at = now.getTime();
      const id = world.newUrn(kind === "video" || kind === "multiImage" ? "ugcPost" : "share");
      world.posts.put({
        id,
        author,
        commentary,
        visibility,
        content,
        assets,
        kind,
        reshareOf: parent,
        createdAt: at,
        lastModifiedAt: at,
      });
      return created(id);
    },
  }),
  route("GET", rest("posts"), {
    query: z.strictObject({
      q: z.literal("author"),
      author: urn("person|organization"),
      start: z.coerce.number().int().min(0).default(0),
      count: z.coerce.number().int().min(1).max(100).default(10),
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
      const { items, start, count, total } = offsetPage(own, query);
      return { status: 200, json: { elements: items.map(postView), paging: { start, count, total, links: [] } } };
    },
  }),
  route("GET", rest("posts/:urn"), {
    query: z.strictObject({ viewContext: z.enum(["READER", "AUTHOR"]).optional() }),
    handle: (call) => ({
      status: 200,
      json: postView(readable(call, call.world.posts.get(call.params.urn ?? ""), call.params.urn)),
    }),
  }),
  route("POST", rest("posts/:urn"), {
    publishes: true,
    body: Patch,
    handle(call) {
      if (call.request.headers["x-restli-method"]?.toUpperCase() !== "PARTIAL_UPDATE")
        throw badField("X-RestLi-Method", "MISSING_FIELD");
      const post = call.world.posts.get(call.params.urn ?? "");
      if (post === undefined) throw notFound(`post ${call.params.urn}`);
      mayActAs(call, post.author, posting);
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
      mayActAs(call, post.author, posting);
      call.world.posts.remove(post.id);
      return { status: 204 };
    },
  }),
];
