import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { masterKeyId } from "./master-key.ts";

/** The current master key is the last one; earlier ones still open what they wrapped, backups included. */
const KeyringFile = z.strictObject({
  version: z.literal(1),
  keys: z
    .array(z.strictObject({ id: z.string(), key: z.base64() }))
    .min(1)
    .refine((keys) => keys.every(({ id, key }) => id === masterKeyId(Buffer.from(key, "base64")))),
});
type KeyringFile = z.infer<typeof KeyringFile>;

export interface MasterKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export const keyringPath = (dataDir: string): string => path.join(dataDir, "keyring.json");

/** Keys of a keyring file, the current one last; undefined: no such file. Throws when it is damaged. */
export function readKeyring(file: string): readonly MasterKey[] | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const parsed = KeyringFile.safeParse(parseJson(text));
  if (!parsed.success)
    throw new Error(
      `The keyring ${file} is damaged. Restore it from a backup; without it no connected account can be opened.`,
    );
  return parsed.data.keys.map(({ id, key }) => ({ id, bytes: Buffer.from(key, "base64") }));
}

/** Makes a keyring with one new key, mode 0600; another process that is first wins. Gives what is there afterwards. */
export function createKeyring(file: string): readonly MasterKey[] {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = writeDraft(file, { version: 1, keys: [newKey()] });
  try {
    // A link, unlike a rename, never replaces a file that is there.
    linkSync(draft, file);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return required(file);
}

/** Adds a new key and makes it current; all others stay. */
export function addToKeyring(file: string): MasterKey {
  const keys = required(file);
  return replaceKeyring(file, [...keys.map(asEntry), newKey()]);
}

/** Keeps only the named keys and the current one; answers the ids that went. */
export function pruneKeyring(file: string, keep: ReadonlySet<string>): readonly string[] {
  const keys = required(file);
  const gone = keys.slice(0, -1).filter(({ id }) => !keep.has(id));
  if (gone.length > 0) replaceKeyring(file, keys.filter((key) => !gone.includes(key)).map(asEntry));
  return gone.map(({ id }) => id);
}

/** Adds keys of a backup to the keyring (or makes one), leaving the current key as it is. */
export function mergeKeyring(file: string, backup: string): void {
  const added = required(backup);
  const present = readKeyring(file) ?? [];
  const missing = added.filter(({ id }) => !present.some((key) => key.id === id));
  if (missing.length > 0) replaceKeyring(file, [...missing, ...present].map(asEntry));
}

/** Changes whenever the file is replaced; undefined: no file. */
export function keyringStamp(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat && `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
}

type Entry = KeyringFile["keys"][number];

function newKey(): Entry {
  const bytes = randomBytes(32);
  return asEntry({ id: masterKeyId(bytes), bytes });
}

const asEntry = ({ id, bytes }: MasterKey): Entry => ({
  id,
  key: Buffer.from(bytes).toString("base64"),
});

function replaceKeyring(file: string, keys: readonly Entry[]): MasterKey {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  renameSync(writeDraft(file, { version: 1, keys: [...keys] }), file);
  const current = required(file).at(-1);
  if (!current) throw new Error(`the keyring ${file} is empty`);
  return current;
}

function writeDraft(file: string, content: KeyringFile): string {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: "wx", flush: true });
  return draft;
}

function required(file: string): readonly MasterKey[] {
  const keys = readKeyring(file);
  if (!keys) throw new Error(`There is no keyring at ${file}.`);
  return keys;
}

function readIfThere(file: string): string | undefined {
  try {
    // Copied by hand, a keyring easily becomes readable for others.
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is damaged like any other wrong content; the schema says so.
    return undefined;
  }
}

const errorCode = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
