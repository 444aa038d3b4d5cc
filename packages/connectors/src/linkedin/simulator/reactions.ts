import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { created, mayActAs, rest, route } from "./call.ts";
import { feedScopes, needProgramme, targetOf } from "./social-actions.ts";
import { tellPage } from "./subscriptions.ts";
import { notFound } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, "Comments / reactions". How one is taken back is not in the sheet; public clients of 2026 agree on it.

const programme = "partnerApiReactions";
const urnOf = (actor: string, root: string): string => `urn:li:reaction:(${actor},${root})`;

export const reactionRoutes: readonly Route<World>[] = [
  route("POST", rest("reactions"), {
    publishes: true,
    query: z.strictObject({ actor: z.string() }),
    body: z.strictObject({
      root: z.string(),
      reactionType: z.enum(["LIKE", "PRAISE", "EMPATHY", "INTEREST", "APPRECIATION", "ENTERTAINMENT"]),
    }),
    handle(call) {
      const { world, body, query } = call;
      needProgramme(call, programme, "CREATE");
      const { post, comment } = targetOf(world, body.root);
      mayActAs(call, query.actor, feedScopes);
      const root = comment?.id ?? post.activity;
      const id = urnOf(query.actor, root);
      // One person has one on one thing: another kind takes the place of the first.
      world.reactions.put({ id, actor: query.actor, root, post: post.id, type: body.reactionType });
      if (comment === undefined) tellPage(world, post, "LIKE", id);
      return created(id);
    },
  }),
  route("DELETE", rest("reactions/(actor::actor,entity::entity)"), {
    publishes: true,
    handle(call) {
      const { world, params } = call;
      const { actor = "" } = params;
      needProgramme(call, programme, "DELETE");
      const { post, comment } = targetOf(world, params.entity);
      mayActAs(call, actor, feedScopes);
      const id = urnOf(actor, comment?.id ?? post.activity);
      if (world.reactions.get(id) === undefined) throw notFound(`reaction ${id}`);
      world.reactions.remove(id);
      return { status: 204 };
    },
  }),
];
