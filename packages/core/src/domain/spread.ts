/**
 * A place in [0, 1) that belongs to an id and never changes, so that what falls due together for many is spread the same way
 * by every process. FNV-1a over its UTF-16 units, mixed once more, since ids differ in few letters. Pure.
 */
export function placeOfId(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}
