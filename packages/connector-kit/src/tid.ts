const ALPHABET = "234567abcdefghijklmnopqrstuvwxyz";

/**
 * A timestamp identifier of the AT Protocol: 13 characters that sort by time, made of 53 bits of microseconds and a
 * 10 bit clock id. Pure: the same `now` and `bits` give the same id, which is what lets a retry repeat it. 20 random
 * bits are used, half of them within the millisecond; a later millisecond always sorts later.
 * @source https://atproto.com/specs/tid (2026-11-20)
 */
export function tid(now: Date, bits: bigint): string {
  const withinMs = ((bits >> 10n) & 1023n) % 1000n;
  const micros = BigInt(now.getTime()) * 1000n + withinMs;
  let rest = ((micros & ((1n << 53n) - 1n)) << 10n) | (bits & 1023n);
  let out = "";
  for (let i = 0; i < 13; i++) {
    out = (ALPHABET[Number(rest & 31n)] ?? "2") + out;
    rest >>= 5n;
  }
  return out;
}

/** Whether a string is a valid TID: length, alphabet, and a first character that leaves the top bit clear. */
export const isTid = (value: string): boolean => /^[234567abcdefghij][2-7a-z]{12}$/.test(value);
