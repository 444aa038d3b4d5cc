import { invalidParameter, readBack, requestedFields, requiredText } from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation } from "./call.ts";
import { statusOf } from "./container-status.ts";
import { tellDeleted, tellPublished, tellReply } from "./events.ts";
import { type Counted, isUsedUp } from "./limits.ts";
import { mediaAnswer } from "./media-fields.ts";
import type { Container, Draft, MediaType, Person, Post } from "./model.ts";
import { mediaNotFound, quotaReached, refuse } from "./words.ts";
import { countUse, type World } from "./world.ts";

/** POST /{user}/threads_publish: shows a finished container, once (fact sheet, sections 5 and 11). */
function publish(call: Call, person: Person): Answer {
  const { world, params } = call;
  const container = world.containers.get(requiredText(params, "creation_id"));
  if (container === undefined || container.personId !== person.id) throw mediaNotFound();
  if (container.isChild) throw invalidParameter("A carousel item cannot be published by itself");
  const status = statusOf(world, container);
  if (status === "EXPIRED")
    throw refuse(24, "The requested resource does not exist", { subcode: 2207008, userTitle: "Container expired" });
  if (status !== "FINISHED" || container.isLost || world.nowMs() < container.spreadAt) throw mediaNotFound();
  return publishNow(call, person, container);
}

/** Shows it, where nothing forbids it. Replies count against a limit of their own. */
export function publishNow(call: Call, person: Person, container: Container): Answer {
  const { world } = call;
  refuseRestricted(person);
  const quota: Counted = container.draft.replyToId === undefined ? "posts" : "replies";
  if (isUsedUp(world, quota, person.id)) throw quotaReached(quota);
  const post = show(world, person, container);
  countUse(world, quota, person.id);
  tellPublished(world, post);
  if (!post.isPending) tellReply(world, post);
  return readBack({ id: post.id }, () => {
    const fields = requestedFields(call);
    return fields && mediaAnswer(call, post, fields);
  });
}

function refuseRestricted({ restriction }: Person): void {
  if (restriction === "restricted")
    throw refuse(10, "The user is restricted from this action", { subcode: 4279013, userTitle: "Account restricted" });
  if (restriction === "blocked")
    throw refuse(4, "The action is blocked", { subcode: 2207051, status: 403, userTitle: "Action blocked" });
}

const mediaTypes = { TEXT: "TEXT_POST", IMAGE: "IMAGE", VIDEO: "VIDEO", CAROUSEL: "CAROUSEL_ALBUM" } as const;

function show(world: World, person: Person, container: Container): Post {
  const { draft, media } = container;
  const id = world.newId();
  container.isPublished = true;
  const childIds = container.childIds.flatMap((childId) => {
    const child = world.containers.get(childId);
    if (child === undefined) return [];
    child.isPublished = true;
    return [
      addPost(world, person, {
        draft: child.draft,
        mediaType: mediaTypes[child.draft.kind],
        parentId: id,
        ...(child.media && { media: child.media }),
      }).id,
    ];
  });
  return addPost(world, person, { id, draft, mediaType: mediaTypes[draft.kind], childIds, ...(media && { media }) });
}

/** Puts a post where readers see it; one that answers belongs to the post at the top. */
export function addPost(
  world: World,
  { id: personId }: Pick<Person, "id">,
  input: { readonly draft: Draft; readonly mediaType: MediaType } & Partial<Post>,
): Post {
  const parent = world.posts.get(input.draft.replyToId ?? "");
  const root = parent && (world.posts.get(parent.rootId ?? "") ?? parent);
  return world.posts.put({
    id: world.newId(),
    personId,
    childIds: [],
    shortcode: world.newShortcode(),
    at: world.nowMs(),
    isHidden: false,
    isPending: root?.draft.needsApproval === true && root.personId !== personId,
    ...(parent && { rootId: root?.id ?? parent.id }),
    ...input,
  });
}

/** A draft of a text and nothing more: what people write in the app, and what stands for a repost. */
export const plainDraft = (text: string, more: Partial<Draft> = {}): Draft => ({
  kind: "TEXT",
  text,
  spoilers: [],
  isSpoilerMedia: false,
  isGhost: false,
  replyControl: "everyone",
  needsApproval: false,
  countries: [],
  isSharedToInstagram: false,
  ...more,
});

/** DELETE /{media}: own posts, 100 in 24 hours (sections 7 and 12). Answers to it stay. */
function remove(call: Call, post: Post): Answer {
  const { world, person } = call;
  if (post.personId !== person.id) throw refuse(10, "(#10) Only the owner of a post may delete it");
  if (isUsedUp(world, "deletes", person.id)) throw quotaReached("deletes");
  countUse(world, "deletes", person.id);
  for (const id of [post.id, ...post.childIds]) world.posts.remove(id);
  tellDeleted(world, post);
  return { success: true, deleted_id: post.id };
}

function repost(call: Call, post: Post): Answer {
  refuseRestricted(call.person);
  const made = addPost(call.world, call.person, {
    draft: plainDraft(""),
    mediaType: "REPOST_FACADE",
    repostOfId: post.repostOfId ?? post.id,
  });
  return { id: made.id };
}

const scopes = ["threads_content_publish"];

export const publishOperations: readonly Operation[] = [
  operation("user", "POST", "threads_publish", { scopes, params: ["creation_id"] }, publish),
  operation("media", "POST", "repost", { scopes }, repost),
  operation("media", "DELETE", "", { scopes: ["threads_delete"] }, remove),
];
