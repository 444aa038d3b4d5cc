import { Buffer } from "node:buffer";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "./secret.ts";

type Bytes = string | Uint8Array;
type Key = Bytes | Secret;

const keyBytes = (key: Key): Bytes => (typeof key === "string" || key instanceof Uint8Array ? key : key.reveal());

export const sha256 = (data: Bytes): Uint8Array => createHash("sha256").update(data).digest();
export const sha256Hex = (data: Bytes): string => createHash("sha256").update(data).digest("hex");
/** For names some platforms make of it, never for anything that must not be guessed. */
export const md5Hex = (data: Bytes): string => createHash("md5").update(data).digest("hex");

export const hmacSha256 = (key: Key, data: Bytes): Uint8Array =>
  createHmac("sha256", keyBytes(key)).update(data).digest();
export const hmacSha256Hex = (key: Key, data: Bytes): string =>
  createHmac("sha256", keyBytes(key)).update(data).digest("hex");

/** Without padding. */
export const base64UrlEncode = (data: Bytes): string => Buffer.from(data as string).toString("base64url");

/** Takes padding or none; undefined for anything outside the alphabet. */
export function base64UrlDecode(text: string): Uint8Array | undefined {
  const bare = text.replace(/={1,2}$/, "");
  if (!/^[A-Za-z0-9_-]*$/.test(bare) || bare.length % 4 === 1) return undefined;
  return Buffer.from(bare, "base64url");
}

export const base64Encode = (data: Bytes): string => Buffer.from(data as string).toString("base64");

/** Takes the same time whatever differs; only the lengths can be told apart. Strings are compared as UTF-8. */
export function constantTimeEqual(a: Bytes, b: Bytes): boolean {
  const left = Buffer.from(a as string);
  const right = Buffer.from(b as string);
  return left.length === right.length && timingSafeEqual(left, right);
}
