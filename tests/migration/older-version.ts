import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { z } from "zod";

const Packed = z.object({ commit: z.string(), files: z.record(z.string(), z.string()) });
const packed = new URL("fixtures/older-version.json.br", import.meta.url);
const ownPackages = fileURLToPath(new URL("../../node_modules", import.meta.url));

/**
 * The server of the version before sign-ins had a table of their own, ready to be run: its sources as pack-older.ts kept them,
 * its own packages among them, and of others what is installed here.
 */
export async function unpackOlderVersion(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const { files } = Packed.parse(
    JSON.parse((await promisify(brotliDecompress)(await readFile(packed))).toString("utf8")),
  );
  const folder = await mkdtemp(path.join(tmpdir(), "postd-older-"));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const modules = path.join(folder, "node_modules");
  await mkdir(path.join(modules, "@postd"), { recursive: true });
  for (const name of await readdir(ownPackages))
    if (name !== "@postd" && !name.startsWith("."))
      await symlink(path.join(ownPackages, name), path.join(modules, name));
  for (const name of await readdir(path.join(folder, "packages")))
    await symlink(path.join("../../packages", name), path.join(modules, "@postd", name));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
