import { randomWord, sha256 } from "@postd/connector-kit/simulator";

const base32 = "abcdefghijklmnopqrstuvwxyz234567";
const tidAlphabet = "234567abcdefghijklmnopqrstuvwxyz";

function toBase32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += base32[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + base32[(held << (5 - bits)) & 31] : text;
}

const rawCodec = 0x55;
const dagCborCodec = 0x71;

function cid(codec: number, data: Uint8Array | string): string {
  return `b${toBase32(Uint8Array.from([1, codec, 0x12, 0x20, ...sha256(data)]))}`;
}

/** CIDv1 of raw bytes, as PDS gives to blobs: the same bytes have the same one. */
export const blobCid = (bytes: Uint8Array): string => cid(rawCodec, bytes);

/**
 * CIDv1 of a record. The codec and length are those of the network, the hash is over canonical JSON, not DAG-CBOR: equal
 * records have equal ids and others do not, which is all a client may rely on.
 */
export const recordCid = (record: unknown): string => cid(dagCborCodec, canonical(record));

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}

/** A did:plc that is always the same for the same seed. */
export const didFor = (seed: string): string => `did:plc:${toBase32(sha256(seed)).slice(0, 24)}`;

/** Four groups of four, as the settings page of Bluesky gives out (fact sheet, "App set-up"). */
export const newAppPassword = (): string => [4, 4, 4, 4].map(randomWord).join("-");

/** Timestamp ids: 53 bits of microseconds and 10 of clock id in sortable base32, never twice and never going back. */
export function createTids(now: () => Date): () => string {
  let last = 0n;
  return () => {
    const micros = BigInt(now().getTime()) * 1000n;
    last = micros > last ? micros : last + 1n;
    let value = (last << 10n) | 1n;
    let text = "";
    for (let i = 0; i < 13; i += 1) {
      text = tidAlphabet[Number(value & 31n)] + text;
      value >>= 5n;
    }
    return text;
  };
}

/** First character keeps the top bit clear (atproto.com/specs/tid, 2026). */
export const isTid = (text: string): boolean => /^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/.test(text);
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
