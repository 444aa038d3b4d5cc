import { randomDigits, type SimEnv } from "@postd/connector-kit/simulator";
import type {
  AuthCode,
  Business,
  Comment,
  Container,
  FbPhoto,
  FbPost,
  FbStory,
  FbVideo,
  Grant,
  IgAccount,
  IgMedia,
  Page,
  Person,
  Token,
} from "./model.ts";
import { seedWorld } from "./seed.ts";
import { defaultSettings, type Settings } from "./settings.ts";

/** A webhook that was sent, for assertions. */
export interface Delivery {
  readonly at: string;
  readonly what: string;
  status: number | "pending";
}

export interface WorldData {
  readonly people: Map<string, Person>;
  readonly businesses: Map<string, Business>;
  readonly pages: Map<string, Page>;
  readonly igAccounts: Map<string, IgAccount>;
  readonly grants: Map<string, Grant>;
  readonly tokens: Map<string, Token>;
  readonly codes: Map<string, AuthCode>;
  readonly posts: Map<string, FbPost>;
  readonly photos: Map<string, FbPhoto>;
  readonly videos: Map<string, FbVideo>;
  readonly stories: Map<string, FbStory>;
  readonly comments: Map<string, Comment>;
  readonly containers: Map<string, Container>;
  readonly igMedia: Map<string, IgMedia>;
  readonly deliveries: Delivery[];
  /** Deliveries on their way; `act("settle")` waits for them. */
  readonly outbox: Set<Promise<void>>;
  /** Instants of successful publishes by account, for quotas. */
  readonly published: Map<string, number[]>;
  settings: Settings;
  /** Calls to a version that had expired by then (§1). */
  expiredVersionCalls: number;
}

export interface World {
  readonly env: SimEnv;
  readonly data: WorldData;
  nowMs(): number;
  /** A new numeric id of 17 digits, unpredictable, with a leading part like the real ones. */
  newId(prefix?: string): string;
  reset(): void;
}

const emptyData = (): WorldData => ({
  people: new Map(),
  businesses: new Map(),
  pages: new Map(),
  igAccounts: new Map(),
  grants: new Map(),
  tokens: new Map(),
  codes: new Map(),
  posts: new Map(),
  photos: new Map(),
  videos: new Map(),
  stories: new Map(),
  comments: new Map(),
  containers: new Map(),
  igMedia: new Map(),
  deliveries: [],
  outbox: new Set(),
  published: new Map(),
  settings: defaultSettings(),
  expiredVersionCalls: 0,
});

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
