import { randomDigits, type SimEnv, type StoredMedia, simStore, simUploads } from "@postd/connector-kit/simulator";
import type { Content } from "./post-content.ts";

export type Role = "PRIMARY_OWNER" | "OWNER" | "MANAGER" | "SITE_MANAGER";

export interface Account {
  readonly id: string;
  accountName: string;
  readonly type: "PERSONAL" | "LOCATION_GROUP" | "USER_GROUP" | "ORGANIZATION";
  readonly members: Map<string, Role>;
  /** People who had a role here. */
  readonly former: Set<string>;
  /** One setting and one topic per account. */
  notifications: { readonly pubsubTopic?: string; readonly notificationTypes?: readonly string[] };
}

export interface Location {
  readonly id: string;
  /** It may sit under several accounts. */
  readonly accounts: Set<string>;
  title: string;
  /** In good standing and run by its owner. */
  hasVoice: boolean;
  /** Detected as part of a chain: the API does not post there. */
  isChain: boolean;
}

export interface LocalPost {
  readonly id: string;
  readonly location: Location;
  /** The account it was made through. */
  readonly account: string;
  content: Content;
  state: "PROCESSING" | "LIVE" | "REJECTED" | "SCHEDULED";
  readonly createdAt: number;
  updatedAt: number;
  /** Google's look at it ends then; absent: it is over. */
  reviewEndsAt?: number;
  /** What somebody outside decided its review ends with. */
  decided?: "LIVE" | "REJECTED";
  photo?: StoredMedia;
}

export interface Review {
  readonly id: string;
  readonly location: Location;
  readonly reviewer: { readonly displayName: string; readonly isAnonymous: boolean };
  stars: number;
  comment: string;
  readonly createdAt: number;
  updatedAt: number;
  reply?: {
    comment: string;
    updatedAt: number;
    state: "PENDING" | "APPROVED" | "REJECTED";
    reviewEndsAt?: number;
    /** Why it is refused, decided before its review ends. */
    violation?: string;
  };
}

export interface ProfileMedia {
  readonly id: string;
  readonly location: Location;
  readonly account: string;
  readonly category: string;
  readonly description: string;
  readonly createdAt: number;
  readonly media: StoredMedia;
}

/** A push subscription, by its topic. */
interface Push {
  readonly id: string;
  readonly subscription: string;
  readonly address: string;
  /** Whom its token is for and of; see `signPush`. */
  readonly identity: string;
}

interface Message {
  readonly topic: string;
  readonly type: string;
  readonly message: object;
}

/** Everything of Business Profile, with ready-made accounts of the two people. */
export function createProfiles(env: SimEnv) {
  const accounts = simStore<Account>();
  const locations = simStore<Location>();
  const profiles = {
    accounts,
    locations,
    posts: simStore<LocalPost>(),
    reviews: simStore<Review>(),
    media: simStore<ProfileMedia>(),
    uploads: simUploads<{ readonly location: string; isUsed: boolean }>(env),
    /** What the next review of a post or reply ends with, where an action decided it. */
    nextPost: undefined as LocalPost["decided"],
    nextReply: undefined as string | undefined,
    /** Numbers that were set, by `location metric year-month-day`. */
    metrics: new Map<string, number>(),
    /** Where a topic's push subscription sends. */
    pushes: simStore<Push>(),
    messages: [] as Message[],
    addAccount(person: string, input: Partial<Pick<Account, "accountName" | "type">> & { role?: Role } = {}): Account {
      const { accountName = "My business", type = "LOCATION_GROUP", role = "PRIMARY_OWNER" } = input;
      const members = new Map([[person, role]]);
      return accounts.put({ id: randomDigits(21), accountName, type, members, former: new Set(), notifications: {} });
    },
    addLocation(account: Account, title: string, more: Partial<Pick<Location, "hasVoice" | "isChain">> = {}): Location {
      const made = { id: randomDigits(19), accounts: new Set([account.id]), title, hasVoice: true, isChain: false };
      return locations.put({ ...made, ...more });
    },
    /** The personal account always comes first. */
    accountsOf: (person: string): readonly Account[] =>
      accounts
        .all(({ members }) => members.has(person))
        .toSorted((left, right) => Number(right.type === "PERSONAL") - Number(left.type === "PERSONAL")),
    /** Names of the locations a person may open, with their accounts. */
    namesOf: (person: string): readonly string[] =>
      profiles
        .accountsOf(person)
        .flatMap(({ id }) =>
          locations.all((one) => one.accounts.has(id)).map((one) => `accounts/${id}/locations/${one.id}`),
        ),
  };
  const [ida, jonas] = ["100000000000000000001", "100000000000000000002"];
  profiles.addAccount(ida, { accountName: "Ida Holm", type: "PERSONAL" });
  const holm = profiles.addAccount(ida, { accountName: "Holm Coffee" });
  profiles.addLocation(holm, "Holm Coffee Nørrebro");
  profiles.addLocation(holm, "Holm Coffee Vesterbro");
  profiles.addLocation(holm, "Holm Coffee Amager", { hasVoice: false });
  profiles.addAccount(jonas, { accountName: "Jonas Berg", type: "PERSONAL" });
  return profiles;
}
export const nameOf = ({ id, account, location }: Pick<LocalPost, "id" | "account" | "location">): string =>
  `accounts/${account}/locations/${location.id}/localPosts/${id}`;
