import { init, parse } from "es-module-lexer";

await init;

export type Import = { readonly name: string; readonly isDynamic: boolean };

/** Every module a source file names, type-only imports included: an arrow the compiler follows is an arrow. */
export function importsOf(file: string, source: string): Import[] {
  // `typeof import("x")` and `import("x").Y` in types read like dynamic imports; either way the arrow is there.
  const called = [...withoutComments(source).matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)].map(
    (match) => match[1] ?? "",
  );
  // The lexer reads TypeScript but not JSX, so there the statements are read by their shape.
  const named = file.endsWith(".tsx") ? namedBy(withoutComments(source)) : lexed(source);
  return [
    ...[...new Set(named)].map((name) => ({ name, isDynamic: false })),
    ...[...new Set(called)].map((name) => ({ name, isDynamic: true })),
  ];
}

function lexed(source: string): string[] {
  return parse(source)[0].flatMap((one) =>
    "specifier" in one && one.type !== "dynamic" && one.specifier ? [one.specifier] : [],
  );
}

function namedBy(source: string): string[] {
  const from = source.matchAll(/^\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm);
  const bare = source.matchAll(/^\s*import\s*["']([^"']+)["']/gm);
  return [...from, ...bare].map((match) => match[1] ?? "");
}

const comment = /\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g;
const text = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;

function withoutComments(source: string): string {
  return source.replace(comment, blank);
}

/** The source with comments and the insides of texts blanked, lines kept: what is left is code. */
export function codeOnly(source: string): string {
  const both = new RegExp(`${text.source}|${comment.source}`, "g");
  return source.replace(both, (part) => (part.startsWith("/") ? blank(part) : `"${blank(part).slice(2)}"`));
}

function blank(part: string): string {
  return part.replace(/[^\n]/g, " ");
}
