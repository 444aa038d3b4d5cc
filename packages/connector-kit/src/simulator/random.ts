import { randomBytes, randomUUID } from "node:crypto";

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
