import { type Ground, randomDigits, randomWord, simStore, simWebhooks } from "@postd/connector-kit/simulator";
import { app, signEvent } from "./app.ts";
import type { Container, Person, Place, Post } from "./model.ts";

/** What acts change from outside the API, in force until reset. */
const defaultSettings = () => ({
  /** A container is found by `threads_publish` so long after it was made: "median 7 s" (section 11). */
  spreadMs: 7_000,
  imageProcessingMs: 2_000,
  /** "Typical 30 s" is for films of some length (section 5). */
  videoProcessingMs: 12_000,
  postsPerDay: 250,
  repliesPerDay: 1_000,
  deletesPerDay: 100,
  locationSearchesPerDay: 500,
  /** Percent in the usage header (section 12). */
  usagePercent: 4,
  /** "More than 5 -> the create call fails"; somebody saw it at more than 3 (section 11). */
  maxLinks: 5,
  /** Section 3: the token's answer gives `user_id` as a number beyond 2^53, or as text. */
  userIdAs: "number" as "number" | "text",
  /** A revoked token on `/me` and at refresh: 190, or 100 (section 11). */
  revokedCode: 190 as 190 | 100,
  /** Whether reads give a topic that came from the text with its "#"; readers see it without (section 5). */
  textKeepsTag: false,
  /** Refresh of private profiles: possible, or not (section 3, UNVERIFIED). */
  privateMayRefresh: true,
  /** Form of the token endpoint's errors: the legacy flat shapes, or the Graph's (section 11). */
  tokenErrors: "error_code" as "error_code" | "code" | "graph",
});

const person = (id: string, username: string, name: string, more: Partial<Person> = {}): Person => ({
  id,
  username,
  name,
  bio: "",
  isVerified: false,
  isPrivate: false,
  hasInstagram: true,
  followers: 4_812,
  isEligibleForGeoGating: false,
  ...more,
});

const places: readonly Place[] = [
  { id: "106377336067638", name: "Northfold Market", city: "Northfold", country: "United Kingdom" },
  { id: "108424279189115", name: "Old Harbour", city: "Bergen", country: "Norway" },
];

/** Everything Threads keeps, with its ready-made people. */
export function createWorld({ env, tokens }: Ground) {
  const people = simStore<Person>();
  people.put(person("17841461234567891", "northfoldcoffee", "Northfold Coffee", { isVerified: true }));
  people.put(person("26712345678901239", "jonas.reed", "Jonas Reed", { hasInstagram: false, followers: 61 }));
  const shelf = simStore<Place>();
  for (const place of places) shelf.put(place);
  const world = {
    env,
    tokens,
    settings: defaultSettings(),
    hooks: simWebhooks(env, signEvent),
    people,
    places: shelf,
    containers: simStore<Container>(),
    posts: simStore<Post>(),
    /** Instants of what the daily limits count, by name and person (section 12). */
    counted: new Map<string, number[]>(),
    /** Tokens made beforehand, which are as old as a refresh wants them. */
    aged: new Set<string>(),
    /** Where events go, and which fields they are of (section 10); callbacks of section 2. */
    webhook: undefined as { readonly address: string; readonly fields: readonly string[] } | undefined,
    uninstallUrl: undefined as string | undefined,
    deletionUrl: undefined as string | undefined,
    /** What signs events: the app's own secret, or the one of the Meta app behind it (section 10, UNVERIFIED). */
    signingSecret: app.app_secret as string,
    /** The next so many containers are never found (section 11). */
    losesNext: 0,
    /** How the next container with a film or picture ends. */
    nextError: undefined as string | undefined,
    /** Numbers of a post that an act set, by its id. */
    engagement: new Map<string, Readonly<Record<string, number>>>(),
    /** Parameters of changes that are taken and passed over. */
    passedOver: new Set<string>(),
    nowMs: () => env.now().getTime(),
    newId: (): string => `18${randomDigits(15)}`,
    newShortcode: (): string => `D${randomWord(10)}`,
    addPerson(name: string, more: Partial<Person> = {}): Person {
      const word = name.toLowerCase().replace(/[^a-z0-9]+/g, ".");
      return people.put(person(`2${randomDigits(16)}`, `${word}.${randomDigits(4)}`, name, more));
    },
  };
  return world;
}
export type World = ReturnType<typeof createWorld>;

export const dayMs = 86_400_000;

/** Uses of a daily limit within the last 24 hours. */
export function usedToday({ counted, nowMs }: World, name: string, personId: string): number {
  return (counted.get(`${name}:${personId}`) ?? []).filter((at) => at > nowMs() - dayMs).length;
}

export function countUse({ counted, nowMs }: World, name: string, personId: string): void {
  const key = `${name}:${personId}`;
  counted.set(key, [...(counted.get(key) ?? []), nowMs()]);
}
