import { z } from "zod";
import { invalidRequest, stricter, XrpcError } from "./answer.ts";
import { isTid, parseAtUri } from "./ids.ts";
import { type BlobRef, PostgateRecord, PostRecord, type StrongRef, ThreadgateRecord } from "./post-record.ts";
import type { Account, Blob, World } from "./world.ts";

const known: Readonly<Record<string, z.ZodType>> = {
  "app.bsky.feed.post": PostRecord,
  "app.bsky.feed.threadgate": ThreadgateRecord,
  "app.bsky.feed.postgate": PostgateRecord,
};

export interface CheckedRecord {
  readonly value: Readonly<Record<string, unknown>>;
  readonly validationStatus: "valid" | "unknown";
  readonly blobs: readonly Blob[];
}

/**
 * A record as a PDS checks it before writing: `$type` against the collection, lexicon, key, blobs. Throws XrpcError 400.
 * Message frame "Invalid <type> record: ..." from the reference PDS (packages/pds/src/repo/prepare.ts).
 */
export function checkRecord(
  world: World,
  account: Account,
  input: {
    readonly collection: string;
    readonly rkey: string;
    readonly record: unknown;
    readonly validate: boolean | undefined;
  },
): CheckedRecord {
  const { collection, rkey } = input;
  const record = z.record(z.string(), z.unknown()).safeParse(input.record);
  if (!record.success) throw invalidRequest("Input/record must be an object");
  const value: Record<string, unknown> = { $type: collection, ...record.data };
  if (value.$type !== collection)
    throw invalidRequest(`Invalid $type: expected ${collection}, got ${String(value.$type)}`);
  const schema = known[collection];
  if (schema === undefined) {
    if (input.validate === true) throw invalidRequest(`Lexicon not found: lex:${collection}`);
    return { value, validationStatus: "unknown", blobs: [] };
  }
  // Seen on a real PDS: a key that is not a TID is refused for posts (their lexicon says `key: tid`).
  if (!isTid(rkey)) throw invalidRequest(`Invalid record key for ${collection}: must be a TID`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidRequest(`Invalid ${collection} record: ${describeIssue(parsed.error, value)}`);
  const blobs = collection === "app.bsky.feed.post" ? checkPost(world, account, PostRecord.parse(value)) : [];
  if (collection !== "app.bsky.feed.post") checkGate(account, value, rkey);
  return { value, validationStatus: "valid", blobs };
}

function checkPost(world: World, account: Account, post: PostRecord): readonly Blob[] {
  checkFacets(post);
  const { embed, reply } = post;
  for (const ref of reply === undefined ? [] : [reply.root, reply.parent]) mustExist(world, ref);
  if (embed?.$type === "app.bsky.embed.record") mustExist(world, embed.record);
  if (embed?.$type === "app.bsky.embed.recordWithMedia") mustExist(world, embed.record.record);
  // Lexicon app.bsky.feed.post: text may be empty only with embeds.
  if (post.text.trim() === "" && embed === undefined) throw stricter("a post needs text or an embed");
  return blobRefs(embed).map((ref) => storedBlob(world, account, ref));
}

/** A PDS takes any non-negative numbers and apps drop facets that do not fit; here they are refused. */
function checkFacets({ text, facets = [] }: PostRecord): void {
  const bytes = new TextEncoder().encode(text);
  facets.forEach(({ index: { byteStart, byteEnd } }, position) => {
    const cutsCharacter = [byteStart, byteEnd].some((at) => ((bytes[at] ?? 0) & 0xc0) === 0x80);
    if (byteStart >= byteEnd || byteEnd > bytes.byteLength || cutsCharacter) {
      throw stricter(
        `facet ${position} covers bytes ${byteStart} to ${byteEnd}, which is not a run of characters of ${bytes.byteLength} bytes`,
      );
    }
  });
}

/** A PDS does not look; apps would show a reply or quote of nothing. Records of accounts elsewhere cannot be checked. */
function mustExist(world: World, ref: StrongRef): void {
  const parts = parseAtUri(ref.uri);
  const account = parts === undefined ? undefined : world.find(parts.repo);
  if (parts === undefined || account === undefined) throw stricter(`no account here has ${ref.uri}`);
  const stored = account.records.get(`${parts.collection}/${parts.rkey}`);
  if (stored === undefined) throw stricter(`there is no record ${ref.uri}`);
  if (stored.cid !== ref.cid) throw stricter(`${ref.uri} has the cid ${stored.cid}, not ${ref.cid}`);
}

/** Gates go by their post's key and repo (lexicons app.bsky.feed.threadgate and postgate). */
function checkGate(account: Account, value: Readonly<Record<string, unknown>>, rkey: string): void {
  const parts = parseAtUri(String(value.post));
  if (parts?.rkey !== rkey || parts.repo !== account.did)
    throw stricter("a gate must have the key of its post and be in the same repo");
}

type Embed = NonNullable<PostRecord["embed"]>;

function blobRefs(embed: Embed | undefined): readonly BlobRef[] {
  switch (embed?.$type) {
    case "app.bsky.embed.images":
      return embed.images.map(({ image }) => image);
    case "app.bsky.embed.gallery":
      return embed.items.map(({ image }) => image);
    case "app.bsky.embed.video":
      return [embed.video, ...(embed.captions ?? []).map(({ file }) => file)];
    case "app.bsky.embed.external":
      return embed.external.thumb === undefined ? [] : [embed.external.thumb];
    case "app.bsky.embed.recordWithMedia":
      return blobRefs(embed.media);
    default:
      return [];
  }
}

/** Names and words of the reference PDS (actor-store/blob/transactor.ts). */
function storedBlob(world: World, account: Account, ref: BlobRef): Blob {
  const blob = world.blob(account, ref.ref.$link);
  if (blob === undefined) throw new XrpcError(400, "BlobNotFound", `Could not find blob: ${ref.ref.$link}`);
  if (blob.mimeType !== ref.mimeType) {
    throw new XrpcError(
      400,
      "InvalidMimeType",
      `Referenced Mimetype does not match stored blob. Expected: ${blob.mimeType}, Got: ${ref.mimeType}`,
    );
  }
  if (blob.sizeBytes !== ref.size) {
    throw new XrpcError(
      400,
      "InvalidSize",
      `Referenced Size does not match stored blob. Expected: ${blob.sizeBytes}, Got: ${ref.size}`,
    );
  }
  return blob;
}

/** First complaint, in the words a real PDS uses where they are known. */
function describeIssue(error: z.ZodError, value: unknown): string {
  const [issue] = error.issues;
  if (issue === undefined) return "not valid";
  const path = ["$", "record", ...issue.path]
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .slice(1);
  const found = issue.path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[part] : undefined),
    value,
  );
  if (issue.code === "invalid_type" && found === undefined)
    return `Missing required key "${String(issue.path.at(-1))}" at ${path}`;
  if (issue.code === "unrecognized_keys") return `Simulator: unknown key "${issue.keys.join('", "')}" at ${path}`;
  return `${issue.message} at ${path}`;
}
