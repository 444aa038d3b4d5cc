import { type Route, randomDigits } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { type Called, created, mayActAs, paged, pageQuery, rest, route } from "./call.ts";
import { feedScopes, mayReadFeed, needProgramme, targetOf } from "./social-actions.ts";
import { tellPage } from "./subscriptions.ts";
import { badField, denied, notFound } from "./words.ts";
import type { Comment, Post, World } from "./world.ts";

// Fact sheet, "Comments / reactions".

const comments = "socialActions/:urn/comments";
const body = z.strictObject({
  actor: z.string(),
  object: z.string(),
  message: z.strictObject({ text: z.string().min(1).max(1250), attributes: z.array(z.unknown()).optional() }),
  parentComment: z.string().optional(),
});
const programme = "partnerApiSocialActions";

/** A new comment, stored and told of. */
export function makeComment(
  world: World,
  post: Post,
  { actor, text, parent }: { readonly actor: string; readonly text: string; readonly parent?: string | undefined },
): Comment {
  const id = `urn:li:comment:(${post.activity},${randomDigits(19)})`;
  const made = { id, post: post.id, actor, text, parent, createdAt: world.env.now().getTime() };
  world.comments.put(made);
  tellPage(world, post, actor === post.author ? "ADMIN_COMMENT" : "COMMENT", id);
  return made;
}

/** The comment that is answered: of the same post, and itself no answer, for these nest one level. */
export function parentOn({ comments }: World, post: Post, urn: string): string {
  const parent = comments.get(urn);
  if (parent?.post !== post.id) throw badField("parentComment", "INVALID_URN_ID");
  if (parent.parent !== undefined) throw badField("parentComment", "INVALID_VALUE_FOR_FIELD");
  return urn;
}

/** Both ways to say what is answered: the comment as the target, and `parentComment`; they may not differ. */
function answered(world: World, post: Post, target: Comment | undefined, parent = target?.id): string | undefined {
  if (parent === undefined) return undefined;
  if (target !== undefined && target.id !== parent) throw badField("parentComment", "INVALID_VALUE_FOR_FIELD");
  return parentOn(world, post, parent);
}

const keyOf = (urn: string): Record<string, string> =>
  /^urn:li:comment:\((?<object>.+),(?<id>\d+)\)$/.exec(urn)?.groups ?? {};

/** The plain text stands as it is: comments have no little text. `object` is the activity, whatever was asked for. */
const commentView =
  (world: World) =>
  ({ id: commentUrn, actor, text, parent, createdAt }: Comment) => ({
    ...keyOf(commentUrn),
    commentUrn,
    actor,
    message: { text, attributes: [] },
    created: { time: createdAt },
    commentsSummary: { aggregatedTotalComments: answersTo(world, commentUrn).length },
    ...(parent && { parentComment: parent }),
  });

const answersTo = ({ comments }: World, urn: string): readonly Comment[] =>
  comments.all(({ parent }) => parent === urn);

/** The comments directly under what a URN names: those of a post without their answers, or the answers of one. */
function under({ world }: Called, { post, comment }: ReturnType<typeof targetOf>): readonly Comment[] {
  if (comment !== undefined) return answersTo(world, comment.id);
  return world.comments.all((each) => each.post === post.id && each.parent === undefined);
}

export const commentRoutes: readonly Route<World>[] = [
  // Members comment on their own posts at /v2/, without the programme (measured by others, 2026).
  route("POST", [rest(comments), `api.linkedin.com/v2/${comments}`], {
    publishes: true,
    body,
    handle(call) {
      const { world, request, params } = call;
      const { actor, object, message, parentComment } = call.body;
      const isOpen = request.path.startsWith("/v2/");
      if (!isOpen) needProgramme(call, programme, "CREATE");
      const { post, comment } = targetOf(world, params.urn);
      mayActAs(call, actor, isOpen ? { ...feedScopes, member: "w_member_social" } : feedScopes);
      if (object !== post.id && object !== post.activity) throw badField("object", "INVALID_VALUE_FOR_FIELD");
      const parent = answered(world, post, comment, parentComment);
      const made = makeComment(world, post, { actor, text: message.text, parent });
      return { ...created(keyOf(made.id).id ?? ""), json: commentView(world)(made) };
    },
  }),
  route("GET", rest(comments), {
    query: z.strictObject(pageQuery(199)),
    handle(call) {
      needProgramme(call, programme, "GET_ALL");
      const target = targetOf(call.world, call.params.urn);
      mayReadFeed(call, target.post);
      const all = call.listed(under(call, target), ({ createdAt }) => createdAt);
      if (all.length === 0) throw notFound("comments");
      return paged(all, call.query, commentView(call.world));
    },
  }),
  // Whoever wrote it may take it away, with what was answered to it. `actor` is unverified in the sheet: with or without.
  route("DELETE", rest(`${comments}/:id`), {
    publishes: true,
    query: z.strictObject({ actor: z.string().optional() }),
    handle(call) {
      const { world, params, query } = call;
      needProgramme(call, programme, "DELETE");
      const { post } = targetOf(world, params.urn);
      const comment = world.comments.get(`urn:li:comment:(${post.activity},${params.id})`);
      if (comment === undefined) throw notFound(`comment ${params.id}`);
      mayActAs(call, query.actor ?? comment.actor, feedScopes);
      if ((query.actor ?? comment.actor) !== comment.actor) throw denied(`comment ${params.id}`);
      for (const { id } of [comment, ...answersTo(world, comment.id)]) world.comments.remove(id);
      tellPage(world, post, "COMMENT_DELETE", comment.id);
      return { status: 204 };
    },
  }),
];
