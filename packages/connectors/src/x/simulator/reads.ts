import type { Call, Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { isApp, personOf, route } from "./call.ts";
import { Ids, idOf } from "./ids.ts";
import { answerPosts, chosenUserFields, fieldsQuery, listAnswer, shownUser } from "./read-fields.ts";
import { notFound, refuseMissing } from "./words.ts";
import type { Post, World } from "./world.ts";

// Fact sheet, sections 4 and 9.

const read = ["tweet.read", "users.read"] as const;

/** A post the caller may see. */
function visible(call: Pick<Call<World>, "caller" | "world">, id: string): Post | undefined {
  const post = call.world.posts.get(id);
  const me = isApp(call) ? undefined : personOf(call);
  return post && (!post.author.isProtected || post.author === me) && post.author.state !== "suspended"
    ? post
    : undefined;
}

export const readRoutes: readonly Route<World>[] = [
  route("GET", "users/me", {
    limit: "me",
    scopes: read,
    query: z.strictObject(fieldsQuery),
    handle(call) {
      return { status: 200, json: { data: shownUser(call, personOf(call), chosenUserFields(call.query)) } };
    },
  }),
  route("GET", "tweets", {
    callers: "both",
    limit: "posts",
    scopes: read,
    query: z.strictObject({ ids: Ids, ...fieldsQuery }),
    handle(call) {
      const posts = call.query.ids.map((id) => [id, visible(call, id)] as const);
      const shown = answerPosts(
        call,
        posts.flatMap(([, post]) => post ?? []),
      );
      const missing = posts.filter(([, post]) => post === undefined).map(([id]) => notFound("tweet", id, "ids"));
      return listAnswer({ ...shown, errors: [...missing, ...shown.errors] });
    },
  }),
  route("GET", "tweets/:id", {
    callers: "both",
    limit: "post",
    scopes: read,
    query: z.strictObject(fieldsQuery),
    handle(call) {
      const id = idOf(call);
      const post = visible(call, id);
      if (post === undefined) {
        if (call.world.settings.missingPostStatus === 404) throw refuseMissing("tweet", id);
        return { status: 200, json: { errors: [notFound("tweet", id, "id")] } };
      }
      const { data, errors, includes } = answerPosts(call, [post]);
      const [only] = data;
      const json = { ...(only && { data: only }), ...(includes && { includes }), ...(errors.length > 0 && { errors }) };
      return { status: 200, json };
    },
  }),
];
