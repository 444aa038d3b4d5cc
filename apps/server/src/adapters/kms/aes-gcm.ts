import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { type SealingCipher, Tampered } from "@postd/core";

const nonceBytes = 12;
const tagBytes = 16;

/** Node makes its own form of a key's bytes for every use, which takes longer than opening a token. Made once for keys that are kept. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function keyObject(key: Uint8Array): KeyObject {
  const known = keyObjects.get(key) ?? createSecretKey(key);
  keyObjects.set(key, known);
  return known;
}

/**
 * AES-256-GCM with random 96-bit nonces and the tag at the end of the ciphertext. One key may seal up to 2^32 values
 * before nonces may collide (NIST SP 800-38D, section 8.3); a tenant's key stays far below.
 */
export const aesGcm: SealingCipher = {
  newKey: () => randomBytes(32),
  seal(key, plain, aad) {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", keyObject(key), nonce, { authTagLength: tagBytes });
    cipher.setAAD(aad);
    return { nonce, ciphertext: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]) };
  },
  open(key, { nonce, ciphertext }, aad) {
    if (nonce.length !== nonceBytes || ciphertext.length < tagBytes) throw new Tampered("the sealed value is damaged");
    const decipher = createDecipheriv("aes-256-gcm", keyObject(key), nonce, { authTagLength: tagBytes });
    decipher.setAAD(aad);
    decipher.setAuthTag(ciphertext.subarray(-tagBytes));
    try {
      return Buffer.concat([decipher.update(ciphertext.subarray(0, -tagBytes)), decipher.final()]);
    } catch {
      // The reason OpenSSL gives says nothing more: key, place or bytes do not fit together.
      throw new Tampered("the sealed value does not fit its key or its place");
    }
  },
};
