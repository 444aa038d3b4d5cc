import { codeOnly } from "./imports.ts";
import { isTest, type SourceFile } from "./rules.ts";

/** Packages others build on: what they offer need not be used here. Tables are read by drizzle-kit. */
const offered = /^packages\/(connector-kit|contracts|sdk|testkit)\/|\/adapters\/postgres\/schema\//;
const declared = /^export (?:async )?(?:function|const|class|interface|type) ([\w$]+)/gm;
const word = /[A-Za-z_$][\w$]*/g;

/**
 * What a shipped file exports and no shipped file names, its own included. A file that only tests import is a test's
 * helper and may. Names are compared as words, so one that is spelled elsewhere for another reason passes.
 */
export function deadExports(files: readonly SourceFile[], imported: ReadonlySet<string>): string[] {
  const shipped = files.filter(({ file }) => !isTest(file));
  const code = new Map(shipped.map(({ file, source }) => [file, codeOnly(source)]));
  const counts = new Map<string, number>();
  for (const text of code.values())
    for (const name of text.match(word) ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
  return shipped.flatMap(({ file }) => {
    if (offered.test(file) || !imported.has(file)) return [];
    const names = [...(code.get(file) ?? "").matchAll(declared)].map((match) => match[1] ?? "");
    return names
      .filter((name) => counts.get(name) === 1)
      .map((name) => `${file}: exports ${name}, which nothing shipped uses; remove it, or move it beside the tests`);
  });
}
