import { chmod, lstat, readdir } from "node:fs/promises";
import path from "node:path";

/**
 * Folders 0700, files 0600, all the way down, whatever the umask was and wherever a copy took its rights from. A path
 * that is not there is passed over; links are not followed.
 */
export async function makePrivate(target: string): Promise<void> {
  const found = await lstat(target).catch(() => undefined);
  if (found === undefined || found.isSymbolicLink()) return;
  if (!found.isDirectory()) return chmod(target, 0o600);
  await chmod(target, 0o700);
  for (const entry of await readdir(target)) await makePrivate(path.join(target, entry));
}
