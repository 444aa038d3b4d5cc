import { ok, operationsById as op } from "@postd/contracts";
import { route } from "../handler.ts";

export const platformRoutes = [
  route(op.listPlatforms, async ({ deps }) => {
    const items = await deps.services.platforms.list();
    return ok({ body: { items, simulated: items.some(({ simulated }) => simulated) } });
  }),
];
