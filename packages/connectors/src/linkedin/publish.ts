import { awaitStep, type Format, filesAgain, type PlatformFailure, type Step } from "@postd/connector-kit";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { api, authorOf, PostUrn, permalinkOf } from "./api.ts";
import { bodyFor, makeCard } from "./content.ts";
import { commentSteps } from "./first-comment.ts";
import { documents, films, optionalText, pictures } from "./options.ts";
import { likeThis, readPost } from "./posts.ts";
import { awaitPicture, type PostState, pace, sendFiles, startState, withFiles } from "./uploads.ts";

/** Files LinkedIn has lost or cannot use after all, and how often they are sent anew. @source platforms/linkedin.md "Errors" */
const spoilt: Readonly<Record<string, number>> = { EXPIRED_UPLOAD_URL: 3, MEDIA_ASSET_PROCESSING_FAILED: 1 };

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
    if (!sent.ok) {
      const most = (sent.error.refused && spoilt[sent.error.platformCode ?? ""]) || 0;
      const files = filesAgain(state.files, 0, most);
      return files ? ok({ state: withFiles(state, files), refused: true }) : sent;
    }
    const urn = PostUrn.safeParse(sent.value.headers["x-restli-id"]).data;
    if (!urn)
      return fail({
        kind: "outcome_unknown",
        message: "LinkedIn took the post and did not name it.",
        status: sent.value.status,
      });
    return ok({ state: { ...state, postUrn: urn }, published: { externalId: urn, permalink: permalinkOf(urn) } });
  },
  probe: ({ state, prepared, intentAt }, ctx) => likeThis({ state, prepared, since: intentAt }, ctx),
};

const notShown = (reason: string, said: string): PlatformFailure => ({
  kind: "content_rejected",
  field: "media",
  reason,
  message: `LinkedIn took the post and ${said}`,
});

/**
 * LinkedIn names a page's post before it has put its media in place, and may fail at that; then it shows nobody the post.
 * Whether that can be read changes nothing about the post.
 */
const readBack = awaitStep<PostState>({
  name: "read_back",
  done: (state) => state.isSeen === true,
  pace,
  atEnd: () => notShown("processing", "has not shown it for an hour. Look at the page."),
  async look({ state }, ctx) {
    const seen = ok({ state: { ...state, isSeen: true as const } });
    const got = ctx.account.kind === "page" ? await readPost(ctx, state.postUrn ?? "") : undefined;
    if (!got?.ok) return seen;
    const { lifecycleState, lifecycleStateInfo } = got.value;
    if (lifecycleState === "PUBLISH_FAILED" || lifecycleStateInfo?.contentStatus === "FAILED")
      return fail(
        notShown(
          "not_shown",
          "then failed to put its media in place, so nobody sees it. Remove it there and post again.",
        ),
      );
    return lifecycleState === "PUBLISH_REQUESTED" ? ok({ working: true as const }) : seen;
  },
});

const format = (
  label: string,
  media: Format["media"],
  before: readonly Step<PostState>[],
  more: Partial<Format<PostState>> = {},
): Format<PostState> => ({
  label,
  media,
  start: startState,
  stateVersion: 2,
  olderStates: { 1: fromVersion1 },
  steps: [...before, create, readBack, ...commentSteps],
  ...more,
});

/** Posts begun before the upload was the kit's; a video under way begins anew. */
const Version1 = z.object({
  assets: z.array(z.string()),
  ready: z.number(),
  thumb: z.string().nullish(),
  card: z.object({ title: z.string(), description: z.string().optional() }).optional(),
  postUrn: PostUrn.optional(),
  isSeen: z.literal(true).optional(),
});
function fromVersion1(stored: JsonObject): PostState {
  const { assets, ready, thumb, card, postUrn, isSeen } = Version1.parse(stored);
  return {
    files: { names: thumb ? [thumb] : assets, ready },
    ...(card && thumb !== undefined && { card: { title: card.title, description: card.description ?? "" } }),
    ...(postUrn && { postUrn }),
    ...(isSeen && { isSeen }),
  };
}

const none = { min: 0, max: 0 };

export const formats: Readonly<Record<string, Format<PostState>>> = {
  text: format("Text", none, []),
  image: format("Picture", { min: 1, max: 1, image: pictures }, sendFiles("image")),
  images: format("Pictures", { min: 2, max: 20, image: pictures }, sendFiles("image")),
  video: format("Video", { min: 1, max: 1, video: films }, sendFiles("video")),
  document: format("Document", { min: 1, max: 1, document: documents }, sendFiles("document")),
  article: format("Link", none, [makeCard, awaitPicture], { text: optionalText }),
  poll: format("Poll", none, [], { text: optionalText }),
};
