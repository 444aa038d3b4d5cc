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
  /** Parameters of changes that Graph takes and passes over (§1b). */
  readonly passedOver: Set<string>;
  settings: Settings;
  /** Calls to a version that had expired by then (§1). */
  expiredVersionCalls: number;
}

/** A world without anybody in it. */
export const emptyData = (): WorldData => ({
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
  passedOver: new Set(),
  settings: defaultSettings(),
  expiredVersionCalls: 0,
});
