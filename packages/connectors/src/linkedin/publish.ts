import {
  awaitStep,
  type ConnectorContext,
  type Format,
  filesAgain,
  type PlatformFailure,
  type PlatformResult,
  type Progress,
  type Step,
  unsure,
} from "@postd/connector-kit";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { api, authorOf, PostUrn, permalinkOf } from "./api.ts";
import { bodyFor, makeCard } from "./content.ts";
import { commentSteps } from "./first-comment.ts";
import { documents, films, optionalText, pictures } from "./options.ts";
import { likeThis, readPost } from "./posts.ts";
import { awaitPicture, type PostState, pace, sendFiles, startState, withFiles } from "./uploads.ts";

/** Files LinkedIn has lost or cannot use after all, and how often they are sent anew. @source platforms/linkedin.md "Errors" */
const spoilt: Readonly<Record<string, number>> = { EXPIRED_UPLOAD_URL: 3, MEDIA_ASSET_PROCESSING_FAILED: 1 };

/**
 * A text like one its author has just posted is refused for ten minutes, with the first one's name. A minute is left for
 * clocks. Whether posts with media are refused is not known. @source platforms/linkedin.md "Publishing per format"
 */
const REFUSES_TWINS_MS = 9 * 60_000;

const live = (state: PostState, urn: string): Progress<PostState> => ({
  state: { ...state, postUrn: urn },
  published: { externalId: urn, permalink: permalinkOf(urn) },
});

/**
 * The post LinkedIn names in refusing a repeat. A page's is read, as LinkedIn also names posts that are gone; a member's
 * posts no app may read, so its word counts and is said beside the post.
 */
async function namedTwin(
  state: PostState,
  refused: PlatformFailure,
  ctx: ConnectorContext,
): PlatformResult<Progress<PostState>> {
  const urn = /urn:li:(?:share|ugcPost|activity):\d+/.exec(refused.cause ?? "")?.[0];
  if (!urn) return fail(refused);
  if (ctx.account.kind !== "page") return ok(live({ ...state, isTold: true }, urn));
  const read = await readPost(ctx, urn);
  if (read.ok && read.value.author === authorOf(ctx)) return ok(live(state, urn));
  const isGone = read.ok || read.error.status === 404 || read.error.status === 410;
  return fail(isGone ? refused : unsure(read.error));
}

/**
 * Creates the post. LinkedIn knows no key of ours and answers nothing but a header, so a lost answer is looked for: at a
 * page among its newest posts; a member's posts no app may read. A text that nothing shows is sent again while LinkedIn
 * refuses a second one; about anything else a person is asked.
 */
const create: Step<PostState, JsonObject> = {
  name: "create_post",
  effect: "visible",
  repeatable: false,
  settleMs: 10_000,
  done: (state) => state.postUrn !== undefined,
  prepare: ({ post, state, account }) => bodyFor(post, state, authorOf({ account })),
  async run({ state, prepared, repeats }, ctx) {
    const sent = await api.send(ctx, { method: "POST", path: "posts", json: prepared });
    if (!sent.ok) {
      if (repeats && sent.error.platformCode === "DUPLICATE_POST") return namedTwin(state, sent.error, ctx);
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
    return ok(live(state, urn));
  },
  async probe({ post, state, prepared, intentAt }, ctx) {
    const seen = await likeThis({ state, prepared, since: intentAt }, ctx);
    if (!seen.ok || seen.value.kind !== "not_seen" || post.format !== "text") return seen;
    const until = new Date(intentAt.getTime() + REFUSES_TWINS_MS);
    return ok({ kind: "repeat_until", until, looked: seen.value.looked });
  },
};

const sayTold: Step<PostState> = {
  name: "say_told",
  effect: "none",
  repeatable: true,
  done: ({ isTold }) => isTold !== true,
  run: async () =>
    fail({
      kind: "content_rejected",
      field: "post",
      reason: "not_read",
      message:
        "The answer was lost. Asked again, LinkedIn said that this post is live and named it; it lets nobody read that, so have a look.",
    }),
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
  // Posts begun before the upload was the kit's begin theirs anew; what is live is known by its name.
  olderStates: { 1: ({ postUrn }) => ({ ...startState(), ...(typeof postUrn === "string" && { postUrn }) }) },
  steps: [...before, create, readBack, ...commentSteps, sayTold],
  ...more,
});

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
