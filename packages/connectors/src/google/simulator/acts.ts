import { type Acts, actsOf } from "@postd/connector-kit/simulator";
import { profileActs } from "./business-profile/acts.ts";
import { Settings } from "./settings.ts";
import type { World } from "./world.ts";

const act = actsOf<World>();

/** Changes of Google itself; each product adds its own. */
export const acts: Acts<World> = {
  set: act(Settings.partial(), (world, changes) => {
    const given = Object.entries(changes).filter(([, value]) => value !== undefined);
    world.settings = Settings.parse({ ...world.settings, ...Object.fromEntries(given) });
    return { ...world.settings };
  }),
  ...profileActs,
};
