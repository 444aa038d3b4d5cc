import { operationsById as op } from "@postd/contracts";
import { answer, defined, route, same } from "../handler.ts";

export const mentionRoutes = [
  route(op.listMentions, async ({ deps, caller, query }) =>
    answer(await deps.services.mentions.list(caller(), defined(query)), (page) => ({
      ...page,
      items: [...page.items],
      simulated: false,
    })),
  ),
  route(op.createMention, async ({ deps, caller, body }) =>
    answer(await deps.services.mentions.create(caller(), body), same),
  ),
  route(op.updateMention, async ({ deps, caller, params, body }) =>
    answer(await deps.services.mentions.update(caller(), params.id, defined(body)), same),
  ),
  route(op.deleteMention, async ({ deps, caller, params }) =>
    answer(await deps.services.mentions.remove(caller(), params.id), same),
  ),
];
