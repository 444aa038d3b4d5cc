import {
  type Ground,
  hmacSha256Hex,
  randomDigits,
  sha256Hex,
  simStore,
  simUploads,
  simWebhooks,
  type Upload,
} from "@postd/connector-kit/simulator";

export interface Organization {
  /** The URN. */
  readonly id: string;
  readonly name: string;
  /** People who are ADMINISTRATOR of its page. */
  readonly admins: readonly string[];
}

/** A picture, film or document; its id is the URN. */
export type Asset = Upload<{
  readonly kind: "image" | "video" | "document";
  readonly owner: string;
  /** In the addresses its bytes are sent to. */
  readonly uploadToken: string;
  readonly fails: boolean;
}>;

export interface Post {
  /** The URN. */
  readonly id: string;
  /** The URN its comments go by. Its number is not that of the post. */
  readonly activity: string;
  readonly author: string;
  commentary: string;
  readonly visibility: string;
  readonly content: object | undefined;
  readonly assets: readonly { readonly id: string; readonly altText?: string | undefined }[];
  readonly kind: string;
  readonly createdAt: number;
  lastModifiedAt: number;
}

export interface Comment {
  /** The URN. */
  readonly id: string;
  readonly post: string;
  readonly actor: string;
  readonly text: string;
  readonly parent: string | undefined;
  readonly createdAt: number;
}

export interface Reaction {
  /** The URN: whose it is and on what. */
  readonly id: string;
  readonly actor: string;
  readonly root: string;
  readonly post: string;
  readonly type: string;
}

/** The two apps of the fact sheet, "App set-up": one for members, one for pages. */
export const apps = {
  linkedin: { client_id: "77member0app", client_secret: "member-app-secret" },
  linkedin_page: { client_id: "77page000app", client_secret: "page-app-secret", app_id: "220001" },
} as const;

/** Subjects are pairwise: the same person has another id at each app (fact sheet, "Known gotchas"). */
export const subOf = (app: string, person: string): string => sha256Hex(`${app}:${person}`).slice(0, 10);
export const personUrn = (app: string, person: string): string => `urn:li:person:${subOf(app, person)}`;

export const maxBytes = { image: 10_000_000, document: 100_000_000, video: 500_000_000 } as const;

/** Everything LinkedIn keeps, with its ready-made people and pages. */
export function createWorld({ env, tokens }: Ground) {
  const people = new Map([
    ["ida", "Ida Holm"],
    ["jonas", "Jonas Berg"],
  ]);
  const organizations = simStore<Organization>();
  const addPage = (name: string, admins: readonly string[]): Organization =>
    organizations.put({ id: `urn:li:organization:${10_820_001 + organizations.size}`, name, admins });
  addPage("Northfold Coffee", ["ida"]);
  addPage("Northfold Roastery", ["ida", "jonas"]);
  return {
    env,
    tokens,
    people,
    organizations,
    addPage,
    assets: simUploads<Asset["details"]>(env),
    posts: simStore<Post>(),
    comments: simStore<Comment>(),
    reactions: simStore<Reaction>(),
    /** Numbers a test sets, by post or author. */
    counts: new Map<string, Readonly<Record<string, number>>>(),
    /** Header only the digest; message the literal prefix and the raw body (fact sheet, "Webhooks"). */
    hooks: simWebhooks(env, ({ body, secret }) => ({ "x-li-signature": hmacSha256Hex(secret, `hmacsha256=${body}`) })),
    /** A twin is refused, and the refusal names the live post or, as after a deletion, one that never was. */
    twins: { refused: true, ghosts: false },
    /** So many of the next uploads fail when they have been worked on. */
    failing: 0,
    newUrn: (kind: string): string => `urn:li:${kind}:${randomDigits(19)}`,
    /** URNs of the person and the pages they administer. */
    accountsOf: (app: string, person: string): readonly string[] => [
      personUrn(app, person),
      ...organizations.all(({ admins }) => admins.includes(person)).map(({ id }) => id),
    ],
    /** The name behind an author's URN, whichever app's pairwise id it is. */
    nameOf(urn: string): string {
      const isTheirs = ([person]: [string, string]) =>
        Object.values(apps).some((app) => personUrn(app.client_id, person) === urn);
      return organizations.get(urn)?.name ?? [...people].find(isTheirs)?.[1] ?? urn;
    },
  };
}
export type World = ReturnType<typeof createWorld>;

const progressWords = { awaited: "WAITING_UPLOAD", working: "PROCESSING", ready: "AVAILABLE" };

/** Where an asset is on its way (fact sheet, "Images"). What is of another kind or too large fails when it was worked on. */
export function assetStatus({ assets }: Pick<World, "assets">, asset: Asset): string {
  const { kind, fails } = asset.details;
  const { mimeType = kind, sizeBytes = 0 } = asset.media ?? {};
  const isFit = !fails && sizeBytes <= maxBytes[kind] && (kind === "document" || mimeType.startsWith(kind));
  const progress = assets.progress(asset);
  return progress === "ready" && !isFit ? "PROCESSING_FAILED" : progressWords[progress];
}
