import { type Ground, randomDigits, simStore, simUploads, simWebhooks } from "@postd/connector-kit/simulator";
import { signEvent } from "./apps.ts";
import type {
  Business,
  Comment,
  Container,
  FbPhoto,
  FbPost,
  FbStory,
  FbVideo,
  IgAccount,
  IgMedia,
  Page,
  Person,
} from "./model.ts";
import { seed } from "./seed.ts";
import { defaultSettings } from "./settings.ts";

function stored<T extends { readonly id: string }>(all: readonly T[] = []) {
  const store = simStore<T>();
  for (const each of all) store.put({ ...each });
  return store;
}

/** Everything one simulated Meta keeps, with its ready-made people and Pages. */
export function createWorld({ env, tokens }: Ground) {
  return {
    env,
    tokens,
    hooks: simWebhooks(env, signEvent),
    /** Bytes on their way, by Reel, container or upload session. */
    uploads: simUploads<null>(env),
    data: {
      people: stored<Person>(seed.people),
      businesses: stored<Business>(seed.businesses),
      pages: stored<Page>(seed.pages),
      igAccounts: stored<IgAccount>(seed.igAccounts),
      posts: stored<FbPost>(),
      photos: stored<FbPhoto>(),
      videos: stored<FbVideo>(),
      stories: stored<FbStory>(),
      comments: stored<Comment>(),
      containers: stored<Container>(),
      igMedia: stored<IgMedia>(),
      /** Webhook fields by Page or Instagram account (§11). */
      subscriptions: new Map<string, readonly string[]>(),
      /** Subcode of 190 by token, where one ended before its time and its consent did (§12). */
      endedTokens: new Map<string, number>(),
      /** Instants of successful publishes by account, for quotas. */
      published: new Map<string, number[]>(),
      settings: defaultSettings(),
      /** Parameters of changes that Graph takes and passes over (§1b). */
      passedOver: new Set<string>(),
      /** Calls to a version that had expired by then (meta.md §1). */
      expiredVersionCalls: 0,
    },
    nowMs: () => env.now().getTime(),
    /** A new numeric id of 17 digits, unpredictable, with a leading part like the real ones. */
    newId: (prefix = "1") => prefix + randomDigits(17 - prefix.length),
  };
}
export type World = ReturnType<typeof createWorld>;

/** Counts one publish of an account. */
export function countPublish({ data, nowMs }: World, accountId: string): void {
  data.published.set(accountId, [...(data.published.get(accountId) ?? []), nowMs()]);
}

/** Publishes of an account within the last 24 hours, which is how both daily limits of §13 count. */
export const publishesToday = ({ data, nowMs }: World, accountId: string): number =>
  (data.published.get(accountId) ?? []).filter((at) => at > nowMs() - 86_400_000).length;
