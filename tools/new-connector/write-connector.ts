import { cpSync, existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PlatformId } from "@postd/contracts";

/** A connector of its own, which the tests of this checkout run as it is. */
const template = path.join(import.meta.dirname, "template");

export interface NewConnector {
  readonly id: string;
  /** What people call the platform; default: made of the id. */
  readonly name?: string;
  /** The folder that gets the new folder. */
  readonly into: string;
}

/** Writes the folder and answers its path. Throws, and writes nothing, where the id is taken or no platform id. */
export function writeConnector({ id, name = displayName(id), into }: NewConnector): string {
  const checked = PlatformId.safeParse(id);
  if (!checked.success)
    throw new Error(`"${id}" ${checked.error.issues[0]?.message}: lower-case letters, digits and _.`);
  if (!/^[\p{L}\p{N} .+-]{1,40}$/u.test(name)) throw new Error(`"${name}" cannot be the name of a platform.`);
  const folder = path.join(into, id);
  if (existsSync(folder)) throw new Error(`${folder} exists. Choose another id, or remove it first.`);
  cpSync(template, folder, { recursive: true });
  for (const file of globSync("**/*", { cwd: folder }).map((entry) => path.join(folder, entry)))
    if (statSync(file).isFile()) writeFileSync(file, renamed(readFileSync(file, "utf8"), id, name));
  return folder;
}

function renamed(text: string, id: string, name: string): string {
  return text
    .replaceAll("sample_platform", id)
    .replaceAll("sample-platform", id.replaceAll("_", "-"))
    .replaceAll("samplePlatform", camelCase(id))
    .replaceAll("Sample platform", name);
}

const displayName = (id: string): string =>
  id
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");

/** An identifier that is no reserved word: those get a tail. */
function camelCase(id: string): string {
  const name = id.replace(/_+(.)?/g, (_, letter?: string) => letter?.toUpperCase() ?? "");
  return reserved.has(name) ? `${name}Platform` : name;
}

const reserved = new Set(
  "await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield".split(
    " ",
  ),
);
