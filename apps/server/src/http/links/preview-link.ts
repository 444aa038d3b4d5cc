import { operationsById as op } from "@postd/contracts";
import { answer, route, same } from "../handler.ts";

export const linkRoutes = [
  route(op.previewLink, async ({ deps, caller, body }) =>
    answer(await deps.services.links.preview(caller(), body), same),
  ),
];
