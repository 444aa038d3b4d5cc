import {
  type ConnectorContext,
  GraphId,
  graphInstant,
  matchRecent,
  type PlatformFailure,
  type PlatformResult,
  type ProbeAnswer,
  type Secret,
  unixSeconds,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { meaningOf } from "../failures.ts";
import { graph } from "../graph.ts";
import { webAddress } from "../graph-url.ts";
import { carries, type ExpectedMedia, mediaOf } from "./post-media.ts";

export const pageToken = (ctx: ConnectorContext): Secret => ctx.credentials.accessToken;

const Address = z.string().transform(webAddress).optional().catch(undefined);
/** @source specs/meta PagePost (2026-04-15); every field may be left out of an answer */
const Post = z.object({
  id: GraphId.optional(),
  is_published: z.boolean().optional(),
  permalink_url: Address,
  scheduled_publish_time: z.union([z.number(), z.string()]).optional(),
});

/** A post by its id: whether it is shown, and where. */
export const readPost = (ctx: ConnectorContext, id: string): PlatformResult<z.output<typeof Post>> =>
  graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [id],
    params: { fields: "id,is_published,scheduled_publish_time,permalink_url" },
    answer: Post,
    effect: "none",
    about: "object",
  });

const PostRow = z.object({
  id: GraphId,
  message: z.string().optional(),
  created_time: z.string().optional(),
  permalink_url: Address,
  is_published: z.boolean().optional(),
  scheduled_publish_time: z.union([z.number(), z.string()]).optional().catch(undefined),
  attachments: z.unknown().optional(),
});
export type PostRow = z.output<typeof PostRow>;

/** Code 100, an object that is not there included: Facebook does not take the call in this form. */
export const isRefusedForm = (failure: PlatformFailure): boolean =>
  failure.kind === "content_rejected" &&
  (/^100(\/|$)/.test(failure.platformCode ?? "") || meaningOf(failure) === "missing");

/** What a post is recognised by in a list. `publishAt` only where Facebook holds its clock. */
export interface Look {
  readonly text: string;
  readonly media: ExpectedMedia;
  readonly since: Date;
  readonly publishAt?: Date;
}

type Edge = "feed" | "scheduled_posts" | "promotable_posts";

/**
 * The newest posts of a list that have this text, these media and a fitting time. Photos of this job prove that a post is
 * this job's: only it knows their ids. Nothing else does, as all jobs share the app. Live posts and waiting ones are never
 * taken for each other.
 */
export async function lookFor<S>(
  ctx: ConnectorContext,
  edge: Edge,
  look: Look,
  stateWith: (row: PostRow) => S,
): PlatformResult<ProbeAnswer<S>> {
  const list = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [ctx.account.externalId, edge],
    params: {
      fields:
        "id,message,created_time,permalink_url,is_published,scheduled_publish_time," +
        "attachments{media_type,type,target{id},subattachments{media_type,type,target{id}}}",
      limit: 25,
      ...(edge === "promotable_posts" && { is_published: false }),
    },
    answer: z.object({ data: z.array(z.unknown()) }),
    effect: "none",
    needs: ["pages_read_engagement"],
  });
  if (!list.ok) return list;
  const recent = list.value.data.flatMap((data) => {
    const row = PostRow.safeParse(data).data;
    const fits = row && isOfEdge(row, edge, look.publishAt) ? carries(mediaOf(row.attachments), look.media) : "no";
    if (!row || fits === "no") return [];
    const permalink = row.permalink_url ?? `https://www.facebook.com/${row.id}`;
    const seen = { externalId: row.id, permalink, text: row.message ?? "", createdAt: graphInstant(row.created_time) };
    return [{ ...seen, row, ours: fits === "same" }];
  });
  const looked = `the newest 25 of the Page's ${edge === "feed" ? "posts" : edge.replace("_", " ")}`;
  return ok(matchRecent({ recent, wanted: look, state: ({ row }) => stateWith(row), looked }));
}

function isOfEdge(row: PostRow, edge: Edge, publishAt: Date | undefined): boolean {
  if (edge === "feed") return row.is_published !== false && row.scheduled_publish_time === undefined;
  if (row.is_published === true) return false;
  if (edge === "promotable_posts") return row.scheduled_publish_time === undefined;
  const told = row.scheduled_publish_time;
  const at = typeof told === "string" && !/^\d+$/.test(told) ? graphInstant(told) : told;
  const seconds = at instanceof Date ? unixSeconds(at) : at === undefined ? undefined : Number(at);
  return publishAt === undefined || seconds === undefined || seconds === unixSeconds(publishAt);
}

/**
 * The post a photo of ours hangs on; undefined where Facebook names none.
 * @source specs/meta Photo (2026-04-15), `page_story_id`
 */
export async function postOfPhoto(ctx: ConnectorContext, photoId: string): PlatformResult<string | undefined> {
  const read = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [photoId],
    params: { fields: "page_story_id" },
    answer: z.object({ page_story_id: GraphId.optional() }),
    effect: "none",
    about: "object",
  });
  return read.ok ? ok(read.value.page_story_id) : read;
}
