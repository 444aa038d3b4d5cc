import {
  type Ground,
  hmacSha256Hex,
  randomDigits,
  randomWord,
  type SimGrant,
  type StoredMedia,
  sha256,
  simLimits,
  simStore,
  simUploads,
  simWebhooks,
} from "@postd/connector-kit/simulator";
import { defaultSettings, type Settings } from "./settings.ts";

export type Privacy = "PUBLIC_TO_EVERYONE" | "MUTUAL_FOLLOW_FRIENDS" | "FOLLOWER_OF_CREATOR" | "SELF_ONLY";
export type FailReason =
  | "file_format_check_failed"
  | "duration_check_failed"
  | "frame_rate_check_failed"
  | "picture_size_check_failed"
  | "video_pull_failed"
  | "photo_pull_failed"
  | "internal"
  | "publish_cancelled"
  | "auth_removed"
  | "spam_risk_too_many_posts"
  | "spam_risk_user_banned_from_posting"
  | "spam_risk"
  | "spam_risk_text";

export interface Person {
  readonly id: string;
  readonly username: string;
  nickname: string;
  bio: string;
  isVerified: boolean;
  isPrivate: boolean;
  isBanned: boolean;
  commentDisabled: boolean;
  duetDisabled: boolean;
  stitchDisabled: boolean;
  maxVideoSeconds: number;
  followers: number;
  following: number;
}

/** What an app hands in, from its init to its end. */
export interface Publish {
  /** The publish_id. */
  readonly id: string;
  readonly grant: SimGrant;
  readonly person: Person;
  readonly kind: "video" | "photo";
  readonly isDraft: boolean;
  readonly isPull: boolean;
  readonly title: string;
  readonly description: string;
  readonly privacy: Privacy;
  /** Toggles as they apply, for whoever looks at the post. */
  readonly toggles: Readonly<Record<string, boolean | number>>;
  readonly createdAt: number;
  status: "PROCESSING_UPLOAD" | "PROCESSING_DOWNLOAD" | "SEND_TO_USER_INBOX" | "PUBLISH_COMPLETE" | "FAILED";
  failReason?: FailReason;
  /** Something outside decided how it ends. */
  decided?: FailReason;
  media: readonly StoredMedia[];
  /** All bytes are there since then; absent: never yet. */
  wholeAt?: number;
  /** TikTok has worked on it; absent: bytes are missing. */
  endsAt?: number;
  /** The person threw the draft away. */
  isDiscarded?: boolean;
}

export interface Post {
  /** int64, as text. */
  readonly id: string;
  readonly person: Person;
  /** Absent: made in the app itself. */
  readonly publish?: Publish;
  readonly kind: "video" | "photo";
  readonly title: string;
  readonly description: string;
  readonly privacy: Privacy;
  readonly media: readonly StoredMedia[];
  readonly createdAt: number;
  /** Moderation is over then and everybody may see it; absent: never. */
  publicAt?: number;
  /** Its public id was told. */
  isTold: boolean;
  counts: Readonly<Record<string, number>>;
}

/** Fact sheet, section 2. */
export const app = { client_key: "awsimulated0key", client_secret: "simulated-client-secret" } as const;

/** Ids are per app and kept as they are: those seen begin with "-" (fact sheet, section 10). */
export const openIdOf = (appKey: string, person: string): string =>
  `-000${Buffer.from(sha256(`${appKey}:${person}`))
    .toString("base64url")
    .slice(0, 32)}`;

const person = (id: string, nickname: string, more: Partial<Person> = {}): Person => ({
  id,
  username: `${id}.holm`,
  nickname,
  bio: "",
  isVerified: false,
  isPrivate: false,
  isBanned: false,
  commentDisabled: false,
  duetDisabled: false,
  stitchDisabled: false,
  maxVideoSeconds: 600,
  followers: 240,
  following: 12,
  ...more,
});

/** Everything TikTok keeps, with its ready-made people. */
export function createWorld({ env, tokens }: Ground) {
  const world = {
    env,
    tokens,
    settings: defaultSettings as Settings,
    /** How the next publish ends, where an act decided it. */
    next: undefined as FailReason | undefined,
    people: new Map([
      ["ida", person("ida", "Ida Holm")],
      ["jonas", person("jonas", "Jonas Berg", { username: "jonas.berg", isPrivate: true, maxVideoSeconds: 180 })],
    ]),
    publishes: simStore<Publish>(),
    posts: simStore<Post>(),
    uploads: simUploads<{ readonly publish: string; readonly token: string; readonly chunkBytes: number }>(env),
    limits: simLimits(env),
    /** Domains, and prefixes that end with "/". The first three are where trials keep their media. */
    verified: new Set(["media.postd.test", "media.example", "localhost", "127.0.0.1"]),
    /** Header of time and digest (fact sheet, section 10). */
    hooks: simWebhooks(env, ({ body, secret, at }) => {
      const time = Math.floor(at.getTime() / 1000);
      return { "tiktok-signature": `t=${time},s=${hmacSha256Hex(secret, `${time}.${body}`)}` };
    }),
    /** Whom a browser is signed in as. */
    lastConsent: undefined as SimGrant | undefined,
    holdsEvents: false,
    /** Events in the order they came about; held ones leave when they are let go. */
    events: [] as { readonly app: string; readonly event: string; readonly body: string; isHeld: boolean }[],
    addPerson(nickname: string, more: Partial<Person>): Person {
      const id = `p${env.randomId().slice(0, 11)}`;
      const made = person(id, nickname, { username: id, ...more });
      world.people.set(id, made);
      return made;
    },
    /** By name of the simulator, username or open id. */
    personBy: (name: string): Person | undefined =>
      world.people
        .values()
        .find(({ id, username }) => id === name || username === name || openIdOf(app.client_key, id) === name),
    /** 19 digits: beyond what a JSON number keeps in most readers, within int64. */
    newPostId: (): string => `7${randomDigits(18)}`,
    newPublishId: (kind: string): string => `${kind}~v2-1.${randomDigits(19)}`,
    newToken: (): string => randomWord(24),
  };
  return world;
}
export type World = ReturnType<typeof createWorld>;
