import { encode } from "@ipld/dag-cbor";
import { tid } from "@postd/connector-kit";
import { randomWord, sha256 } from "@postd/connector-kit/simulator";
import { base32 } from "multiformats/bases/base32";
import { CID } from "multiformats/cid";
import { create as digest } from "multiformats/hashes/digest";

const [rawCodec, cborCodec, sha256Code] = [0x55, 0x71, 0x12];

/** CIDv1 of raw bytes, as a PDS gives to blobs: the same bytes have the same one. */
export const blobCid = (bytes: Uint8Array): string =>
  CID.createV1(rawCodec, digest(sha256Code, sha256(bytes))).toString();

/** CIDv1 of a record's DAG-CBOR (fact sheet, "Publishing"). */
export const recordCid = (record: unknown): string =>
  CID.createV1(cborCodec, digest(sha256Code, sha256(encode(ipld(record))))).toString();

/** JSON as the data model means it: `{"$link"}` is a link, `{"$bytes"}` are bytes (atproto.com/specs/data-model, 2026). */
function ipld(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ipld);
  if (typeof value !== "object" || value === null) return value;
  if ("$link" in value && typeof value.$link === "string") return CID.parse(value.$link);
  if ("$bytes" in value && typeof value.$bytes === "string") return Buffer.from(value.$bytes, "base64");
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => (item === undefined ? [] : [[name, ipld(item)]])),
  );
}

/** A did:plc that is always the same for the same seed. */
export const didFor = (seed: string): string => `did:plc:${base32.baseEncode(sha256(seed)).slice(0, 24)}`;

/** Four groups of four, as the settings page of Bluesky gives out (fact sheet, "App set-up"). */
export const newAppPassword = (): string => [4, 4, 4, 4].map(randomWord).join("-");

/** Timestamp ids, never twice and never going back. */
export function createTids(now: () => Date): () => string {
  let last = 0;
  return () => {
    last = Math.max(now().getTime() * 1000, last + 1);
    return tid(new Date(Math.floor(last / 1000)), (BigInt(last % 1000) << 10n) | 1n);
  };
}

export function isCid(text: string): boolean {
  try {
    return CID.parse(text).toString() === text;
  } catch {
    return false; // The parser throws for whatever is none.
  }
}
export const isRecordKey = (text: string): boolean =>
  /^[A-Za-z0-9_~.:-]{1,512}$/.test(text) && text !== "." && text !== "..";
export const isNsid = (text: string): boolean =>
  /^[a-zA-Z][a-zA-Z0-9-]{0,62}(\.[a-zA-Z0-9-]{1,63})+\.[a-zA-Z][a-zA-Z0-9]{0,62}$/.test(text);
export const isHandle = (text: string): boolean =>
  /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(text);
export const isDid = (text: string): boolean => /^did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]$/.test(text);

/** at://did/collection/rkey in its parts. */
export function parseAtUri(
  uri: string,
): { readonly repo: string; readonly collection: string; readonly rkey: string } | undefined {
  const [, repo, collection, rkey] = /^at:\/\/([^/]+)\/([^/]+)\/([^/?#]+)$/.exec(uri) ?? [];
  if (repo === undefined || collection === undefined || rkey === undefined) return undefined;
  return (isDid(repo) || isHandle(repo)) && isNsid(collection) && isRecordKey(rkey)
    ? { repo, collection, rkey }
    : undefined;
}
