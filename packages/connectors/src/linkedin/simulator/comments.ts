import { type Route, randomDigits } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { appOf, type Called, created, mayActAs, paged, pageQuery, postOf, rest, route } from "./call.ts";
import { tellPage } from "./subscriptions.ts";
import { denied, notFound } from "./words.ts";
import { apps, type Comment, type World } from "./world.ts";

// Fact sheet, "Comments / reactions".

const comments = "socialActions/:urn/comments";
const body = z.strictObject({
  actor: z.string(),
  object: z.string().optional(),
  message: z.strictObject({ text: z.string().min(1).max(1250), attributes: z.array(z.unknown()).optional() }),
  parentComment: z.string().optional(),
});

/** `/rest/socialActions` is closed to apps without Community Management; no scope mends it. */
function needProgramme(call: Called, action: string): void {
  if (appOf(call) !== apps.linkedin_page.client_id) throw denied(`partnerApiSocialActions.${action}.20260901`);
}

/** The plain text stands as it is: comments have no little text. */
const commentView = ({ id, post, actor, text, parent, createdAt }: Comment) => ({
  id: /(\d+)\)$/.exec(id)?.[1],
  commentUrn: id,
  actor,
  object: post,
  message: { text, attributes: [] },
  created: { time: createdAt },
  ...(parent && { parentComment: parent }),
});

export const commentRoutes: readonly Route<World>[] = [
  // Members comment on their own posts at /v2/, without the programme (measured by others, 2026).
  route("POST", [rest(comments), `api.linkedin.com/v2/${comments}`], {
    publishes: true,
    body,
    handle(call) {
      const { world, now, request } = call;
      const { actor, message, parentComment: parent } = call.body;
      const isOpen = request.path.startsWith("/v2/");
      if (!isOpen) needProgramme(call, "CREATE");
      const post = postOf(call);
      const member = isOpen ? "w_member_social" : "w_member_social_feed";
      mayActAs(call, actor, { member, page: "w_organization_social_feed" });
      const id = `urn:li:comment:(${post.id.replace(/:(share|ugcPost):/, ":activity:")},${randomDigits(19)})`;
      const made = { id, post: post.id, actor, text: message.text, parent, createdAt: now.getTime() };
      world.comments.put(made);
      tellPage(world, post, "COMMENT", id);
      return { ...created(id), json: commentView(made) };
    },
  }),
  route("GET", rest(comments), {
    scopes: ["r_organization_social_feed"],
    query: z.strictObject(pageQuery(199)),
    handle(call) {
      needProgramme(call, "GET_ALL");
      const { id } = postOf(call);
      const all = call.world.comments.all(({ post }) => post === id);
      if (all.length === 0) throw notFound("comments");
      return paged(
        call.listed(all, ({ createdAt }) => createdAt),
        call.query,
        commentView,
      );
    },
  }),
];
