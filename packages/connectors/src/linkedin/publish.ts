import {
  bodyOf,
  type ConnectorContext,
  type Format,
  matchRecent,
  normalizeText,
  type OutgoingPost,
  type PlatformResult,
  type ProbeAnswer,
  pollUntil,
  type Step,
} from "@postd/connector-kit";
import { asId, fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { api, authorOf, PostUrn, permalinkOf } from "./api.ts";
import { commentaryOf, plainOf } from "./little-text.ts";
import { documents, films, optionalText, optionsOf, pictures } from "./options.ts";
import {
  awaitFiles,
  type PostState,
  pace,
  startState,
  uploadFile,
  uploadFiles,
  uploadPicture,
  uploadVideo,
} from "./uploads.ts";

/** The body of a post, fixed before it is sent. */
function bodyFor(post: OutgoingPost, state: PostState, author: string): JsonObject {
  const options = optionsOf(post);
  const content = contentOf(post, state);
  return {
    author,
    commentary: commentaryOf(post),
    visibility: options.visibility ?? "PUBLIC",
    distribution: { feedDistribution: "MAIN_FEED", targetEntities: [], thirdPartyDistributionChannels: [] },
    lifecycleState: "PUBLISHED",
    isReshareDisabledByAuthor: options.disableReshare ?? false,
    ...(content && { content }),
  };
}

const alt = (altText: string | undefined) => (altText === undefined ? {} : { altText });

function contentOf(post: OutgoingPost, state: PostState): JsonObject | undefined {
  const options = optionsOf(post);
  const [first] = post.media;
  const id = state.assets[0] ?? "";
  switch (post.format) {
    case "image":
      return { media: { id, ...alt(first?.altText) } };
    case "images":
      return {
        multiImage: {
          images: state.assets.map((asset, index) => ({ id: asset, ...alt(post.media[index]?.altText) })),
        },
      };
    case "video":
      return { media: { id, ...(options.title && { title: options.title }) } };
    case "document":
      return { media: { id, title: options.title ?? first?.fileName ?? "Document" } };
    case "article": {
      const { title = "", description } = state.card ?? {};
      return {
        article: {
          source: post.link?.url ?? "",
          title,
          ...(description && { description }),
          ...(state.thumb && { thumbnail: state.thumb }),
        },
      };
    }
    case "poll":
      return options.poll
        ? {
            poll: {
              question: options.poll.question,
              options: options.poll.options.map((text) => ({ text })),
              settings: {
                duration: options.poll.duration,
                voteSelectionType: "SINGLE_VOTE",
                isVoterVisibleToAuthor: true,
              },
            },
          }
        : undefined;
    default:
      return undefined;
  }
}

/** LinkedIn reads no pages, so the card is made from what the author or the page says. */
const readCard: Step<PostState> = {
  name: "read_linked_page",
  effect: "none",
  repeatable: true,
  done: (state) => state.card !== undefined,
  async run({ post, state }, ctx) {
    const { link } = post;
    const url = link?.url ?? "";
    const own = link?.title?.trim();
    const page = own ? undefined : await ctx.links?.read(url);
    const told = page?.ok ? page.value : undefined;
    const title = own || told?.title.trim() || new URL(url).host;
    const description = link?.description ?? told?.description;
    const image = link?.thumbMediaId === undefined ? told?.imageUrl : undefined;
    const card = {
      title: title.slice(0, 399).toWellFormed(),
      ...(description && { description }),
      ...(image && { image }),
    };
    return ok({ state: { ...state, card } });
  },
};

/** A page's own picture that cannot be had leaves the card without one; the author's is part of the post. */
const uploadThumb: Step<PostState> = {
  name: "upload_thumb",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 60_000,
  done: (state) => state.thumb !== undefined,
  async run({ post, state }, ctx) {
    const own = post.link?.thumbMediaId;
    if (own !== undefined) {
      const urn = await uploadFile(ctx, "image", asId("media", own));
      return urn.ok ? ok({ state: { ...state, thumb: urn.value } }) : urn;
    }
    const without = ok({ state: { ...state, thumb: null } });
    const picture = state.card?.image
      ? await ctx.links?.image(state.card.image, { maxBytes: pictures.maxBytes })
      : undefined;
    if (!picture?.ok || !pictures.mimeTypes.includes(picture.value.mimeType)) return without;
    const urn = await uploadPicture(ctx, bodyOf(picture.value.bytes, picture.value.mimeType));
    if (!urn.ok) return urn.error.kind === "content_rejected" ? without : urn;
    return ok({ state: { ...state, thumb: urn.value } });
  },
};

/**
 * Creates the post. LinkedIn knows no key of ours and answers nothing but a header, so a lost answer is looked for: at a
 * page among its newest posts; a member's posts no app may read, so there a person looks.
 */
const create: Step<PostState, JsonObject> = {
  name: "create_post",
  effect: "visible",
  repeatable: false,
  settleMs: 10_000,
  done: (state) => state.postUrn !== undefined,
  prepare: ({ post, state, account }) => bodyFor(post, state, authorOf({ account })),
  async run({ state, prepared }, ctx) {
    const sent = await api.send(ctx, { method: "POST", path: "posts", json: prepared });
    if (!sent.ok) return sent;
    const urn = PostUrn.safeParse(sent.value.headers["x-restli-id"]).data;
    if (!urn)
      return fail({
        kind: "outcome_unknown",
        message: "LinkedIn took the post and did not name it.",
        status: sent.value.status,
      });
    return ok({ state: { ...state, postUrn: urn }, published: { externalId: urn, permalink: permalinkOf(urn) } });
  },
  probe: async ({ post, state, prepared, intentAt }, ctx) => probe({ post, state, prepared, since: intentAt }, ctx),
};

/**
 * LinkedIn names a page's post before it has put its media in place, and may fail at that; then it shows nobody the post.
 * Whether that can be read changes nothing about the post.
 */
const readBack: Step<PostState> = {
  name: "read_back",
  effect: "none",
  repeatable: true,
  done: (state) => state.isSeen === true,
  async run({ state }, ctx) {
    const seen = ok({ state: { ...state, isSeen: true as const } });
    if (ctx.account.kind !== "page") return seen;
    const path = `posts/${encodeURIComponent(state.postUrn ?? "")}?viewContext=AUTHOR`;
    const got = await api.read(ctx, { method: "GET", path, about: "object" }, Listed);
    if (!got.ok) return seen;
    if (got.value.lifecycleState === "PUBLISH_FAILED")
      return fail({
        kind: "content_rejected",
        field: "media",
        reason: "not_shown",
        message:
          "LinkedIn took the post and then failed to put its media in place, so nobody sees it. Remove it there and post again.",
      });
    if (got.value.lifecycleState !== "PUBLISH_REQUESTED") return seen;
    const wait = pollUntil({ polled: state.polled, clock: ctx.clock, pace, atEnd: stillWorking });
    return wait.ok ? ok({ state: { ...state, polled: wait.value.polled }, waitMs: wait.value.waitMs }) : wait;
  },
};
const stillWorking = {
  kind: "content_rejected",
  field: "media",
  reason: "processing",
  message: "LinkedIn took the post and has not shown it for an hour. Look at the page.",
} as const;

export const Listed = z.object({
  id: z.string(),
  commentary: z.string().optional(),
  createdAt: z.number().optional(),
  publishedAt: z.number().optional(),
  lifecycleState: z.string().optional(),
});

async function probe(
  { state, prepared, since }: { post: OutgoingPost; state: PostState; prepared: JsonObject; since: Date },
  ctx: ConnectorContext,
): PlatformResult<ProbeAnswer<PostState>> {
  if (ctx.account.kind !== "page")
    return ok({ kind: "not_seen", looked: "nowhere, as LinkedIn lets no app read a member's posts" });
  const page = await api.read(
    ctx,
    {
      method: "GET",
      path: `posts?q=author&author=${encodeURIComponent(authorOf(ctx))}&count=20&sortBy=LAST_MODIFIED`,
      about: "account",
    },
    z.object({ elements: z.array(Listed) }),
  );
  if (!page.ok) return page;
  const recent = page.value.elements.flatMap(({ id, commentary = "", createdAt, publishedAt }) => {
    const at = publishedAt ?? createdAt;
    return PostUrn.safeParse(id).success
      ? [
          {
            externalId: id,
            permalink: permalinkOf(id),
            text: plainOf(commentary),
            createdAt: at === undefined ? undefined : new Date(at),
          },
        ]
      : [];
  });
  const wanted = { text: plainOf(String(prepared.commentary ?? "")), since };
  return ok(
    matchRecent({
      recent,
      wanted,
      state: ({ externalId }) => ({ ...state, postUrn: externalId }),
      looked: "the newest 20 posts of the page",
      isSameText: (theirs, ours) => normalizeText(theirs) === normalizeText(ours),
    }),
  );
}

const format = (given: Omit<Format<PostState>, "start">): Format<PostState> => ({ ...given, start: startState });

export const formats: Readonly<Record<string, Format<PostState>>> = {
  text: format({ label: "Text", media: { min: 0, max: 0 }, steps: [create] }),
  image: format({
    label: "Picture",
    media: { min: 1, max: 1, image: pictures },
    steps: [uploadFiles("image"), awaitFiles("image"), create, readBack],
  }),
  images: format({
    label: "Pictures",
    media: { min: 2, max: 20, image: pictures },
    steps: [uploadFiles("image"), awaitFiles("image"), create, readBack],
  }),
  video: format({
    label: "Video",
    media: { min: 1, max: 1, video: films },
    steps: [uploadVideo, awaitFiles("video"), create, readBack],
  }),
  document: format({
    label: "Document",
    media: { min: 1, max: 1, document: documents },
    steps: [uploadFiles("document"), awaitFiles("document"), create, readBack],
  }),
  article: format({
    label: "Link",
    media: { min: 0, max: 0 },
    text: optionalText,
    steps: [readCard, uploadThumb, awaitFiles("image"), create],
  }),
  poll: format({ label: "Poll", media: { min: 0, max: 0 }, text: optionalText, steps: [create] }),
};
