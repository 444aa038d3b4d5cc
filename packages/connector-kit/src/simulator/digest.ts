import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";

/** sha256 in lower-case hex. */
export const sha256Hex = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");

/** sha256 as bytes. */
export const sha256 = (data: Uint8Array | string): Uint8Array => createHash("sha256").update(data).digest();

/** HMAC as bytes; `sha1` and `sha512` only where a platform's own scheme says so. */
export const hmac = (
  key: string | Uint8Array,
  data: string | Uint8Array,
  algorithm: "sha1" | "sha256" | "sha512" = "sha256",
): Uint8Array => createHmac(algorithm, key).update(data).digest();

/** HMAC in lower-case hex. */
export const hmacHex = (
  key: string | Uint8Array,
  data: string | Uint8Array,
  algorithm: "sha1" | "sha256" | "sha512" = "sha256",
): string => Buffer.from(hmac(key, data, algorithm)).toString("hex");

/** Unpadded URL-safe base64, as in JWTs and PKCE. */
export const base64url = (data: Uint8Array | string): string => Buffer.from(data).toString("base64url");

/** Bytes of a base64 or base64url string; characters outside the alphabet are skipped. */
export const fromBase64 = (text: string): Uint8Array => Buffer.from(text, "base64");

/** Padded ordinary base64. */
export const base64 = (data: Uint8Array | string): string => Buffer.from(data).toString("base64");

/** 32 hex digits, random and unpredictable. */
export const randomId = (): string => randomUUID().replaceAll("-", "");

/** Random decimal digits with no leading zero; platform ids and codes. */
export function randomDigits(length: number): string {
  let digits = "";
  while (digits.length < length) {
    for (const byte of randomBytes(length)) {
      // 250 is the largest multiple of 10 below 256: bytes above it would favour the low digits.
      if (byte < 250 && digits.length < length && !(digits === "" && byte % 10 === 0)) digits += String(byte % 10);
    }
  }
  return digits;
}

/** Random lower-case letters and digits. */
export function randomWord(length: number): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  return Array.from(randomBytes(length), (byte) => alphabet[byte % 32]).join("");
}

/** Compares two strings without telling by time where they differ. */
export function equalInConstantTime(left: string, right: string): boolean {
  const [a, b] = [sha256(left), sha256(right)];
  return timingSafeEqual(a, b);
}
