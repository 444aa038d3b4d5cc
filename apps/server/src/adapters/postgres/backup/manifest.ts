import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

const File = z.object({
  name: z.string().regex(/^[a-z0-9_]+\.ndjson\.gz$/),
  rows: z.number().int(),
  sizeBytes: z.number().int(),
  sha256: z.string(),
});

/** What a backup holds and what is needed to use it. Written last: a folder without it is not a backup. */
export const Manifest = z.object({
  format: z.literal(1),
  createdAt: z.iso.datetime(),
  /** Domain time and server version, for whoever reads this years later. */
  serverVersion: z.string(),
  /** Migrations the data was written by, oldest first. */
  migrations: z.array(z.string()),
  /** In an order that satisfies foreign keys. */
  tables: z.array(z.object({ table: z.string(), file: File })),
  /** Master keys without which the tokens in here cannot be opened. */
  masterKeys: z.array(z.string()),
  keyIncluded: z.boolean(),
  mediaIncluded: z.boolean(),
});
export type Manifest = z.infer<typeof Manifest>;

export const manifestName = "manifest.json";
export const keyringName = "keyring.json";
export const authSecretName = "auth-secret";
export const mediaName = "media";
export const tablesName = "tables";

/** Throws with a way out when the folder is not a whole backup. */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(path.join(folder, manifestName), "utf8").catch(() => undefined);
  if (text === undefined)
    throw new Error(`${folder} has no ${manifestName}: it is not a backup, or one that was not finished.`);
  const parsed = Manifest.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`${path.join(folder, manifestName)} is damaged, or written by a newer POSTD.`);
  return parsed.data;
}
