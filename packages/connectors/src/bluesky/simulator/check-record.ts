import { isTid } from "@postd/connector-kit";
import { z } from "zod";
import { parseAtUri } from "./ids.ts";
import { type BlobRef, type Embed, Engagement, embedOf, PostRecord, records, type StrongRef } from "./lexicon.ts";
import type { Account, Blob } from "./model.ts";
import { invalidRequest, issueWords, stricter, xrpcError } from "./words.ts";
import type { World } from "./world.ts";

export interface CheckedRecord {
  readonly value: Readonly<Record<string, unknown>>;
  readonly validationStatus: "valid" | "unknown";
  readonly blobs: readonly Blob[];
}

/**
 * A record as a PDS checks it before writing: `$type` against the collection, lexicon, key, blobs. Throws what it refuses;
 * `at` is where the record stands in the input, for the words of it.
 */
export function checkRecord(
  world: World,
  account: Account,
  input: {
    readonly collection: string;
    readonly rkey: string;
    readonly record: Readonly<Record<string, unknown>>;
    readonly validate: boolean | undefined;
    readonly at: string;
  },
): CheckedRecord {
  const { collection, rkey, at, validate } = input;
  const value: Record<string, unknown> = { $type: collection, ...input.record };
  const fraction = findFraction(value, at);
  if (fraction) throw invalidRequest(fraction);
  if (value.$type !== collection)
    throw invalidRequest(`Invalid $type: expected ${collection}, got ${String(value.$type)}`);
  const schema = records[collection];
  if (schema === undefined) {
    if (validate === true) throw invalidRequest(`Unknown lexicon type: ${collection}`);
    return { value, validationStatus: "unknown", blobs: [] };
  }
  if (!isTid(rkey))
    throw invalidRequest(`Invalid record key for ${collection}: Invalid TID string (got "${rkey}") at $`);
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw invalidRequest(`Invalid ${collection} record: ${issueWords(parsed.error.issues, value, at)}`);
  if (collection === "app.bsky.feed.post")
    return { value, validationStatus: "valid", blobs: checkPost(world, account, PostRecord.parse(value)) };
  if (collection.endsWith("gate")) checkGate(account, value, rkey);
  else mustExist(world, Engagement.parse(value).subject);
  return { value, validationStatus: "valid", blobs: [] };
}

/** The data model knows whole numbers only. */
function findFraction(value: unknown, at: string): string | undefined {
  if (typeof value === "number" && !Number.isInteger(value))
    return `Expected one of null, boolean, integer, string, cid, bytes, array or object value type (got ${value}) at ${at}`;
  if (typeof value !== "object" || value === null) return undefined;
  const step = (name: string) => (Array.isArray(value) ? `[${name}]` : `.${name}`);
  return Object.entries(value)
    .map(([name, item]) => findFraction(item, at + step(name)))
    .find((found) => found !== undefined);
}

function checkPost(world: World, account: Account, post: PostRecord): readonly Blob[] {
  checkFacets(post);
  const { reply } = post;
  const embed = embedOf(post.embed);
  const quoted = quoteOf(embed);
  for (const ref of [...(reply ? [reply.root, reply.parent] : []), ...(quoted ? [quoted] : [])]) mustExist(world, ref);
  // Lexicon app.bsky.feed.post: text may be empty only with embeds.
  if (post.text.trim() === "" && post.embed === undefined) throw stricter("a post needs text or an embed");
  return blobRefs(embed).map((ref) => storedBlob(world, account, ref));
}

/** A PDS takes any non-negative numbers and apps drop facets that do not fit; here they are refused. */
function checkFacets({ text, facets = [] }: PostRecord): void {
  const bytes = new TextEncoder().encode(text);
  facets.forEach(({ index: { byteStart, byteEnd } }, position) => {
    const cutsCharacter = [byteStart, byteEnd].some((at) => ((bytes[at] ?? 0) & 0xc0) === 0x80);
    if (byteStart >= byteEnd || byteEnd > bytes.byteLength || cutsCharacter) {
      const run = `${byteStart} to ${byteEnd}, which is not a run of characters of ${bytes.byteLength} bytes`;
      throw stricter(`facet ${position} covers bytes ${run}`);
    }
  });
}

/** A PDS does not look; apps would show a reply or quote of nothing. Records of accounts elsewhere cannot be checked. */
function mustExist(world: World, ref: StrongRef): void {
  const parts = parseAtUri(ref.uri);
  const account = parts && world.find(parts.repo);
  if (parts === undefined || account === undefined) throw stricter(`no account here has ${ref.uri}`);
  const stored = account.records.get(`${parts.collection}/${parts.rkey}`);
  if (stored === undefined) throw stricter(`there is no record ${ref.uri}`);
  if (stored.cid !== ref.cid) throw stricter(`${ref.uri} has the cid ${stored.cid}, not ${ref.cid}`);
}

const Gate = z.looseObject({ post: z.string() });

/** Gates go by their post's key and repo (lexicons app.bsky.feed.threadgate and postgate). */
function checkGate(account: Account, value: Readonly<Record<string, unknown>>, rkey: string): void {
  const parts = parseAtUri(Gate.parse(value).post);
  if (parts?.rkey !== rkey || parts.repo !== account.did)
    throw stricter("a gate must have the key of its post and be in the same repo");
}

/** The record an embed quotes. */
export function quoteOf(embed: Embed | undefined): StrongRef | undefined {
  if (embed?.$type === "app.bsky.embed.record") return embed.record;
  return embed?.$type === "app.bsky.embed.recordWithMedia" ? embed.record.record : undefined;
}

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

/** Names and words of a PDS. Type and size are compared until a record names the blob; then it is no longer a loose one. */
function storedBlob(world: World, account: Account, { ref, mimeType, size }: BlobRef): Blob {
  const blob = world.blob(account, ref.$link);
  if (blob === undefined) throw xrpcError(400, "BlobNotFound", `Could not find blob: ${ref.$link}`);
  const differs = (what: string, expected: unknown, got: unknown) =>
    `Referenced ${what} does not match stored blob. Expected: ${expected}, Got: ${got}`;
  if (blob.usedBy.size > 0) return blob;
  if (blob.mimeType !== mimeType) throw xrpcError(400, "InvalidMimeType", differs("Mimetype", blob.mimeType, mimeType));
  if (blob.sizeBytes !== size) throw xrpcError(400, "InvalidSize", differs("Size", blob.sizeBytes, size));
  return blob;
}
