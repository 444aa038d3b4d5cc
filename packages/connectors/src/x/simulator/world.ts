import {
  base64Encode,
  type Ground,
  hmacSha256,
  randomWord,
  simLimits,
  simStore,
  simUploads,
  simWebhooks,
  type Upload,
} from "@postd/connector-kit/simulator";
import type { JsonObject } from "@postd/contracts";
import { scopes } from "./scopes.ts";
import { defaultSettings, type Settings } from "./settings.ts";

export interface Person {
  readonly id: string;
  readonly username: string;
  name: string;
  subscription: "None" | "Basic" | "Premium" | "PremiumPlus";
  isProtected: boolean;
  state: "active" | "suspended" | "locked";
  followers: number;
  following: number;
  /** Communities the person is a member of. */
  communities: readonly string[];
  readonly createdAt: number;
}

/** Premium in the sense of length and edits. */
export const isPremium = ({ subscription }: Person): boolean => subscription.startsWith("Premium");

export const categories = [
  "tweet_image",
  "tweet_gif",
  "tweet_video",
  "amplify_video",
  "dm_image",
  "dm_gif",
  "dm_video",
  "subtitles",
] as const;
export type Category = (typeof categories)[number];

/** A medium; its id is the media id. */
export type Medium = Upload<{
  readonly owner: string;
  readonly others: readonly string[];
  readonly category: Category;
  readonly key: string;
  altText: string;
  /** Something outside decided that it cannot be worked on. */
  fails: boolean;
  isUsed: boolean;
  /** All bytes are there since then; 0: not yet. */
  wholeAt: number;
}>;

export interface Link {
  /** Offsets in code points of the text as it was written. */
  readonly start: number;
  readonly end: number;
  readonly url: string;
  readonly short: string;
}

export interface Post {
  readonly id: string;
  readonly author: Person;
  /** As it was written. */
  readonly text: string;
  readonly links: readonly Link[];
  readonly createdAt: number;
  readonly media: readonly { readonly medium: Medium; readonly altText: string }[];
  readonly mediaLink?: string;
  readonly poll?: { readonly id: string; readonly options: readonly string[]; readonly minutes: number };
  readonly replyTo?: Post;
  readonly quoteOf?: Post;
  readonly conversation: string;
  readonly replySettings: string;
  readonly communityId?: string;
  readonly isLong: boolean;
  /** What else was asked for, as an audience or a reader of the post would see it. */
  readonly extras: JsonObject;
  /** Ids of all its versions, oldest first; shared by them. */
  readonly history: string[];
  readonly firstAt: number;
  isHidden: boolean;
}

/** Fact sheet, section 2: two pairs and a token of the app alone. */
export const app = {
  client_id: "WFNpbXVsYXRlZENsaWVudDox",
  client_secret: "simulated-client-secret",
  api_key: "simulatedApiKey000000000",
  api_secret: "simulated-api-secret",
  bearer_token: "AAAAAAAAAAAAAAAAAAAAAsimulatedBearer",
} as const;

/** Ids count milliseconds since this one, with 22 bits below. */
const firstIdAt = 1_288_834_974_657;

const person = (id: string, username: string, name: string, more: Partial<Person> = {}): Person => ({
  id,
  username,
  name,
  subscription: "None",
  isProtected: false,
  state: "active",
  followers: 240,
  following: 12,
  communities: [],
  createdAt: Date.parse("2019-03-04T05:06:07Z"),
  ...more,
});

/** Everything X keeps, with its ready-made people. */
export function createWorld({ env, tokens }: Ground) {
  let lastId = 0n;
  /** Larger than any number keeps, and rising. */
  function newId(): string {
    const timed = BigInt(env.now().getTime() - firstIdAt) << 22n;
    lastId = timed > lastId ? timed : lastId + 1n;
    return String(lastId);
  }
  const world = {
    env,
    tokens,
    settings: defaultSettings as Settings,
    people: new Map([
      ["2244994945", person("2244994945", "ida_holm", "Ida Holm")],
      ["6253282001", person("6253282001", "jonas_berg", "Jonas Berg", { subscription: "Premium" })],
    ]),
    posts: simStore<Post>(),
    uploads: simUploads<Medium["details"]>(env),
    limits: simLimits(env),
    /** Numbers a test sets, by the first id of a post and by media key. */
    counts: new Map<string, Readonly<Record<string, number>>>(),
    /** So many of the next films fail when they have been worked on. */
    failing: 0,
    webhooks: simStore<{ readonly id: string; readonly url: string; readonly createdAt: number; isValid: boolean }>(),
    subscriptions: simStore<{
      readonly id: string;
      readonly type: string;
      readonly filter: JsonObject;
      readonly tag?: string | undefined;
      readonly webhook?: string | undefined;
      readonly createdAt: number;
    }>(),
    /** What was sent to which webhook, for replays. */
    sent: [] as { readonly webhook: string; readonly at: number; readonly type: string; readonly body: string }[],
    /** Digest in base64 under the app's secret, not the client's (fact sheet, section 10). */
    hooks: simWebhooks(env, ({ body, secret }) => ({
      "x-twitter-webhooks-signature": `sha256=${base64Encode(hmacSha256(secret, body))}`,
    })),
    newId,
    newShort: (): string => `https://t.co/${randomWord(10)}`,
    addPerson(name: string, more: Partial<Person>): Person {
      const id = newId();
      const made = person(id, `u${randomWord(11)}`, name, { createdAt: env.now().getTime(), ...more });
      world.people.set(id, made);
      return made;
    },
    /** By id or username. */
    personBy: (name: string): Person | undefined =>
      world.people.get(name) ??
      world.people.values().find(({ username }) => username.toLowerCase() === name.toLowerCase()),
    /** Whether a post is the newest of its versions. */
    isNewest: ({ id, history }: Post): boolean => history.at(-1) === id,
  };
  const alone = tokens.grant({ subject: "app", app: app.api_key, scopes: Object.keys(scopes), data: { isApp: true } });
  tokens.issue(alone, { value: app.bearer_token });
  return world;
}
export type World = ReturnType<typeof createWorld>;
