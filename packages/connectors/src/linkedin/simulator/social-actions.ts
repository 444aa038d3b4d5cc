import { appOf, type Called, ownPage } from "./call.ts";
import { denied, notFound } from "./words.ts";
import { apps, type Comment, type Post, type World } from "./world.ts";

// What comments and reactions have in common (fact sheet, "Comments / reactions").

export const feedScopes = { member: "w_member_social_feed", page: "w_organization_social_feed" } as const;

/** Comments and reactions are closed to apps without Community Management; no scope mends it. */
export function needProgramme(call: Called, resource: string, action: string): void {
  if (appOf(call) !== apps.linkedin_page.client_id) throw denied(`${resource}.${action}.20260901`);
}

/** What is written under a page's posts is read by who administers it; under members' posts by no new app. */
export function mayReadFeed(call: Called, { author }: Post): void {
  const isPage = author.startsWith("urn:li:organization:");
  if (!call.caller.scopes.has(isPage ? "r_organization_social_feed" : "r_member_social_feed"))
    throw denied("socialActions.GET_ALL");
  if (isPage) ownPage(call, author);
}

/** The post a URN names, by its own or by that of its activity, and the comment where it names one. */
export function targetOf(
  { posts, comments }: World,
  urn = "",
): { readonly post: Post; readonly comment: Comment | undefined } {
  const comment = comments.get(urn);
  const post = posts.get(comment?.post ?? urn) ?? posts.find(({ activity }) => activity === urn);
  if (post === undefined) throw notFound(`social actions of ${urn}`);
  return { post, comment };
}
