import {
  type ConnectorContext,
  GraphNode,
  type MediaInfo,
  type OutgoingPost,
  type PlatformFailure,
  type PlatformResult,
  subcodeOf,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { call, scopes } from "./api.ts";
import { brokenContainer, isMissing, RUN_OUT } from "./failures.ts";
import { isPostId, optionsOf } from "./options.ts";
import { lookUp } from "./posts.ts";
import { textsOf } from "./state.ts";

type Params = Readonly<Record<string, string | boolean | undefined>>;

const mediaType = { image: "IMAGE", gif: "IMAGE", document: "IMAGE", audio: "VIDEO", video: "VIDEO" } as const;

/** Threads fetches the file from our signed public address, which is stored nowhere. */
const fileParams = async (ctx: ConnectorContext, item: MediaInfo): Promise<Params> => ({
  media_type: mediaType[item.kind],
  [item.kind === "video" ? "video_url" : "image_url"]: await ctx.media.publicUrl(item.id),
  alt_text: item.altText || undefined,
});

/** What hangs on a post of words alone. @source platforms/threads.md section 5 */
function attachment(post: OutgoingPost): Params {
  const { poll, longText, gifId, ghost } = optionsOf(post);
  const letters = ["a", "b", "c", "d"];
  return {
    link_attachment: post.link?.url,
    poll_attachment: poll && JSON.stringify(Object.fromEntries(poll.map((it, at) => [`option_${letters[at]}`, it]))),
    text_attachment:
      longText &&
      JSON.stringify({ plaintext: longText.text, ...(longText.link && { link_attachment_url: longText.link }) }),
    gif_attachment: gifId && JSON.stringify({ gif_id: gifId, provider: "GIPHY" }),
    is_ghost_post: ghost || undefined,
  };
}

/** Parameters of a container: of the post itself, or of a part or answer, which is words alone. */
async function paramsOf(ctx: ConnectorContext, post: OutgoingPost, at: Place): PlatformResult<Params> {
  const text = textsOf(post)[at.part] || undefined;
  if (at.replyTo !== undefined) return ok({ media_type: "TEXT", text, reply_to_id: at.replyTo });
  const { replyControl, topicTag, spoiler } = optionsOf(post);
  const quoted = await quotedBy(post, ctx);
  if (!quoted.ok) return quoted;
  const shared = { text, reply_control: replyControl, topic_tag: topicTag, quote_post_id: quoted.value };
  const [item] = post.media;
  if (!item) return ok({ media_type: "TEXT", ...shared, ...attachment(post) });
  const own = post.format === "carousel" ? { media_type: "CAROUSEL", children: at.childIds.join(",") } : undefined;
  return ok({ ...(own ?? (await fileParams(ctx, item))), ...shared, is_spoiler_media: spoiler || undefined });
}

/** The id of the post that is quoted; an address tells it of the account's own posts alone. */
async function quotedBy(post: OutgoingPost, ctx: ConnectorContext): PlatformResult<string | undefined> {
  const { quote } = optionsOf(post);
  if (quote === undefined || isPostId(quote)) return ok(quote);
  const found = await lookUp({ permalink: quote }, ctx);
  if (!found.ok) return found;
  const message = "The post to be quoted is gone, or not among the account's newest 100 posts. Name it by its id.";
  const none: PlatformFailure = { kind: "content_rejected", field: "options.quote", reason: "missing", message };
  return found.value ? ok(found.value.externalId) : fail(none);
}

interface Place {
  /** 0 is the post itself. */
  readonly part: number;
  readonly childIds: readonly string[];
  /** The post it answers. */
  readonly replyTo: string | undefined;
}

async function make(ctx: ConnectorContext, params: Params, field: string): PlatformResult<string> {
  const { reply_to_id: answered, quote_post_id: quoted } = params;
  const made = await call(ctx, {
    method: "POST",
    path: [ctx.account.externalId, "threads"],
    params,
    answer: GraphNode,
    needs: answered === undefined ? [scopes.publish] : [scopes.publish, scopes.manageReplies],
    ...((answered ?? quoted) !== undefined && { about: "object" as const }),
    field,
    timeoutMs: 60_000,
  });
  if (made.ok) return ok(made.value.id);
  if (made.error.kind !== "content_rejected" || made.error.reason !== "missing") return made;
  const [of, what] = answered === undefined ? ["options.quote", "to be quoted"] : ["post", "this one answers"];
  return fail({
    ...made.error,
    field: of,
    message: `The post ${what} is gone, or Threads does not show it to this account.`,
  });
}

export async function makeItem(ctx: ConnectorContext, { media }: OutgoingPost, index: number): PlatformResult<string> {
  const item = media[index];
  const params = item ? await fileParams(ctx, item) : {};
  return make(ctx, { ...params, is_carousel_item: true }, `media.${index}`);
}

export async function makeContainer(ctx: ConnectorContext, post: OutgoingPost, at: Place): PlatformResult<string> {
  const params = await paramsOf(ctx, post, at);
  if (!params.ok) return params;
  const field = at.part > 0 ? `parts.${at.part - 1}.text` : post.media.length > 0 ? "media" : "text";
  const made = await make(ctx, params.value, field);
  return made.ok || at.part === 0 ? made : fail(blaming(made.error, field));
}

/** A further part has only its text to blame, or what it answers. */
const blaming = (failure: PlatformFailure, field: string): PlatformFailure =>
  failure.kind === "content_rejected" && failure.reason !== "missing" ? { ...failure, field } : failure;

type Rejected = ReturnType<typeof brokenContainer>["failure"];
export type Stage =
  | { readonly is: "working" | "finished" | "published" | "expired" | "gone" }
  | { readonly is: "broken"; readonly failure: Rejected; readonly again: number };

const Status = z.object({ status: z.string().optional(), error_message: z.string().optional() });

/**
 * How a container is getting on; a status nobody has documented is taken as "still at it".
 * @source platforms/threads.md section 5, "Status"
 */
export async function stageOf(ctx: ConnectorContext, containerId: string): PlatformResult<Stage> {
  const read = await call(ctx, {
    method: "GET",
    path: [containerId],
    params: { fields: "id,status,error_message" },
    answer: Status,
    about: "object",
    needs: [scopes.publish],
    field: "media",
  });
  if (!read.ok) return isMissing(read.error) || subcodeOf(read.error) === RUN_OUT ? ok({ is: "gone" }) : read;
  const { status, error_message } = read.value;
  switch (status) {
    case "FINISHED":
      return ok({ is: "finished" });
    case "PUBLISHED":
      return ok({ is: "published" });
    case "EXPIRED":
      return ok({ is: "expired" });
    case "ERROR":
      return ok({ is: "broken", ...brokenContainer(error_message) });
    default:
      return ok({ is: "working" });
  }
}
