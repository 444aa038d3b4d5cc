import {
  type Ground,
  hmacSha256Hex,
  randomDigits,
  randomWord,
  type StoredMedia,
  sha256Hex,
  simStore,
  simUploads,
  simWebhooks,
} from "@postd/connector-kit/simulator";

export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly vanityName: string;
  readonly followers: number;
  /** Role by person. */
  readonly roles: Map<string, "ADMINISTRATOR" | "CONTENT_ADMIN" | "DIRECT_SPONSORED_CONTENT_POSTER" | "ANALYST">;
}

export interface Asset {
  /** The URN. */
  readonly id: string;
  readonly kind: "image" | "video" | "document";
  readonly owner: string;
  readonly uploadToken: string;
  media?: StoredMedia;
  /** Absent: bytes are awaited. */
  readyAt?: number;
  failed?: string;
}

export interface Post {
  /** The URN. */
  readonly id: string;
  readonly author: string;
  commentary: string;
  readonly visibility: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly assets: readonly { readonly id: string; readonly altText?: string | undefined }[];
  readonly kind: string;
  readonly reshareOf: string | undefined;
  readonly createdAt: number;
  lastModifiedAt: number;
}

export interface Comment {
  readonly id: string;
  readonly post: string;
  readonly actor: string;
  text: string;
  readonly parent: string | undefined;
  readonly createdAt: number;
}

/** The two apps of the fact sheet, "App set-up": one for members, one for pages. */
export const apps = {
  linkedin: { client_id: "77member0app", client_secret: "member-app-secret" },
  linkedin_page: { client_id: "77page000app", client_secret: "page-app-secret", app_id: "220001" },
} as const;

/** Subjects are pairwise: the same person has another id at each app (fact sheet, "Known gotchas"). */
export const subOf = (app: string, person: string): string => sha256Hex(`${app}:${person}`).slice(0, 10);
export const personUrn = (app: string, person: string): string => `urn:li:person:${subOf(app, person)}`;
export const orgUrn = (id: string): string => `urn:li:organization:${id}`;

/** Everything LinkedIn keeps, with its ready-made people and pages. */
export function createWorld({ env, tokens }: Ground) {
  const organization = (id: string, name: string, vanityName: string, people: readonly string[]): Organization => ({
    id,
    name,
    vanityName,
    followers: 240,
    roles: new Map(people.map((person) => [person, "ADMINISTRATOR"])),
  });
  const world = {
    env,
    tokens,
    people: new Map([
      ["ida", "Ida Holm"],
      ["jonas", "Jonas Berg"],
    ]),
    organizations: new Map([
      ["10820001", organization("10820001", "Northfold Coffee", "northfold-coffee", ["ida"])],
      ["10820002", organization("10820002", "Northfold Roastery", "northfold-roastery", ["ida", "jonas"])],
    ]),
    assets: simStore<Asset>(),
    uploads: simUploads<{ readonly asset: string }>(env),
    posts: simStore<Post>(),
    comments: simStore<Comment>(),
    /** Numbers a test sets, by post or organization. */
    counts: new Map<string, Readonly<Record<string, number>>>(),
    /** Header only the digest; message the literal prefix and the raw body (fact sheet, "Webhooks"). */
    hooks: simWebhooks(env, ({ body, secret }) => ({ "x-li-signature": hmacSha256Hex(secret, `hmacsha256=${body}`) })),
    refusesLikeTwins: true,
    newUrn: (kind: string): string => `urn:li:${kind}:${randomDigits(19)}`,
    newToken: (): string => randomWord(24),
    /** The name behind an author's URN, whichever app's pairwise id it is. */
    nameOf(urn: string): string {
      const id = urn.split(":").at(-1) ?? "";
      const org = world.organizations.get(id);
      if (org) return org.name;
      const isTheirs = ([person]: [string, string]) =>
        Object.values(apps).some((app) => subOf(app.client_id, person) === id);
      return [...world.people].find(isTheirs)?.[1] ?? id;
    },
  };
  return world;
}
export type World = ReturnType<typeof createWorld>;

/** Where an asset is on its way (fact sheet: WAITING_UPLOAD, PROCESSING, AVAILABLE, PROCESSING_FAILED). */
export function assetStatus({ env }: Pick<World, "env">, { media, readyAt, failed }: Asset): string {
  if (media === undefined || readyAt === undefined) return "WAITING_UPLOAD";
  if (env.now().getTime() < readyAt) return "PROCESSING";
  return failed === undefined ? "AVAILABLE" : "PROCESSING_FAILED";
}
