import { randomDigits, type SimEnv } from "@postd/connector-kit/simulator";
import { seedWorld } from "./seed.ts";
import { emptyData, type WorldData } from "./world-data.ts";

export interface World {
  readonly env: SimEnv;
  readonly data: WorldData;
  nowMs(): number;
  /** A new numeric id of 17 digits, unpredictable, with a leading part like the real ones. */
  newId(prefix?: string): string;
  reset(): void;
}

/** The state of one simulated Meta with its ready-made people and Pages. */
export function createWorld(env: SimEnv): World {
  let data = emptyData();
  seedWorld(data);
  return {
    env,
    get data() {
      return data;
    },
    nowMs: () => env.now().getTime(),
    newId: (prefix = "1") => prefix + randomDigits(17 - prefix.length),
    reset() {
      data = emptyData();
      seedWorld(data);
    },
  };
}

/** Counts one publish of an account. */
export function countPublish(world: World, accountId: string): void {
  const list = world.data.published.get(accountId) ?? [];
  list.push(world.nowMs());
  world.data.published.set(accountId, list);
}

/** Publishes of an account within the last 24 hours, which is how both daily limits of §13 count. */
export const publishesToday = (world: World, accountId: string): number =>
  (world.data.published.get(accountId) ?? []).filter((at) => at > world.nowMs() - 86_400_000).length;
