import { ok, operationsById as op } from "@postd/contracts";
import { route } from "../handler.ts";

export const platformRoutes = [
  route(op.listPlatforms, async ({ deps, caller }) => {
    const { items, planned } = await deps.services.platforms.list(caller());
    return ok({ body: { items, planned, simulated: items.some(({ simulated }) => simulated) } });
  }),
];
