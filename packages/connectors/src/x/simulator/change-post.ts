import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { personOf, route } from "./call.ts";
import { idOf } from "./ids.ts";
import { removePost } from "./make-post.ts";
import { forbidden, refuseMissing } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, sections 7 and 8.

export const changeRoutes: readonly Route<World>[] = [
  route("DELETE", "tweets/:id", {
    limit: "remove",
    scopes: ["tweet.read", "tweet.write", "users.read"],
    handle(call) {
      const id = idOf(call);
      const { posts, settings, isNewest } = call.world;
      const post = posts.get(id);
      if (post === undefined || !(settings.deletesByOldName || isNewest(post))) throw refuseMissing("tweet", id);
      if (post.author !== personOf(call)) throw forbidden();
      removePost(call.world, post);
      return { status: 200, json: { data: { deleted: true } } };
    },
  }),
  // Only whoever began a conversation hides replies in it.
  route("PUT", "tweets/:id/hidden", {
    limit: "hide",
    scopes: ["tweet.read", "tweet.moderate.write", "users.read"],
    body: z.strictObject({ hidden: z.boolean() }),
    handle(call) {
      const id = idOf(call);
      const { world, body } = call;
      const post = world.posts.get(id);
      if (post === undefined) throw refuseMissing("tweet", id);
      const root = world.posts.get(post.conversation);
      if (post.replyTo === undefined || root?.author !== personOf(call)) throw forbidden();
      post.isHidden = body.hidden;
      return { status: 200, json: { data: { hidden: post.isHidden } } };
    },
  }),
];
