import { routes } from "./routes.ts";

const patterns = routes.map(({ operation: { method, path } }) => ({ method, parts: path.split("/") }));

/** Methods that operations take at an address, HEAD with GET, in alphabetical order; none: there is no such address. */
export function methodsAt(url: string): readonly string[] {
  const parts = (url.split("?")[0] ?? "").split("/");
  const isHere = (pattern: readonly string[]) =>
    pattern.length === parts.length &&
    pattern.every((part, at) => (part.startsWith(":") ? parts[at] !== "" : part === parts[at]));
  const methods = patterns.filter((one) => isHere(one.parts)).map(({ method }) => method as string);
  return [...new Set(methods.includes("GET") ? [...methods, "HEAD"] : methods)].sort();
}
