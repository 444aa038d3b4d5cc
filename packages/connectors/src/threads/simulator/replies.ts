import { bool, invalidParameter } from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation } from "./call.ts";
import { isLive, mentions, repliesTo } from "./media-fields.ts";
import type { Post } from "./model.ts";
import { listParams, postList } from "./reads.ts";
import { refuse } from "./words.ts";

// Fact sheet, section 8.

/** Answers below a post are its owner's to read and to manage. */
function needOwner({ world, person }: Call, post: Post): void {
  const root = world.posts.get(post.rootId ?? "") ?? post;
  if (root.personId !== person.id && post.personId !== person.id)
    throw refuse(10, "(#10) Only the owner of the post may do this");
}

const list = (call: Call, post: Post, found: readonly Post[]): Answer => {
  needOwner(call, post);
  return postList(call, found, bool(call.params, "reverse") === false ? "oldest" : "newest");
};

/** A given yes or no; a missing one is refused. */
function decision(call: Call, name: string): boolean {
  const given = bool(call.params, name);
  if (given === undefined) throw invalidParameter(`The parameter ${name} is required`);
  return given;
}

function hide(call: Call, post: Post): Answer {
  needOwner(call, post);
  if (post.rootId === undefined || post.draft.replyToId !== post.rootId)
    throw invalidParameter("Only top-level replies can be hidden");
  post.isHidden = decision(call, "hide");
  return { success: true };
}

function decide(call: Call, post: Post): Answer {
  needOwner(call, post);
  if (!post.isPending) throw invalidParameter("The reply does not wait for approval");
  if (decision(call, "approve")) post.isPending = false;
  else call.world.posts.remove(post.id);
  return { success: true };
}

const params = [...listParams, "reverse"];
const read = { params, scopes: ["threads_read_replies"] };
const manage = ["threads_manage_replies"];

export const replyOperations: readonly Operation[] = [
  operation("media", "GET", "replies", read, (call, post) => list(call, post, repliesTo(call.world, post.id))),
  operation("media", "GET", "conversation", read, (call, post) =>
    list(
      call,
      post,
      call.world.posts.all((one) => one.rootId === post.id && isLive(call.world, one)),
    ),
  ),
  operation("media", "GET", "pending_replies", { params, scopes: manage }, (call, post) =>
    list(
      call,
      post,
      call.world.posts.all((one) => one.rootId === post.id && one.isPending),
    ),
  ),
  operation("media", "POST", "manage_reply", { params: ["hide"], scopes: manage }, hide),
  operation("media", "POST", "manage_pending_reply", { params: ["approve"], scopes: manage }, decide),
  operation("user", "GET", "mentions", { params: listParams, scopes: ["threads_manage_mentions"] }, (call, person) =>
    postList(
      call,
      call.world.posts.all(
        (one) => one.personId !== person.id && isLive(call.world, one) && mentions(one.draft.text, person.username),
      ),
    ),
  ),
];
