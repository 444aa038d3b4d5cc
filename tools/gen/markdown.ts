/** A table; cells may hold anything, what would break a row is escaped. Pure. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replace(/\s+/g, " ").trim() || "-";

export const code = (text: string): string => `\`${text}\``;
export const codes = (list: readonly string[]): string => list.map(code).join(", ");
export const yes = (has: boolean): string => (has ? "yes" : "-");

/**
 * Puts `body` between the marks of a section and leaves the rest as people wrote it. Throws where the marks are missing,
 * so that a section cannot be lost without anybody noticing.
 */
export function replaceSection(text: string, name: string, body: string): string {
  const begin = `<!-- begin ${name}: made by npm run gen -->`;
  const end = `<!-- end ${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The marks "${begin}" and "${end}" are missing.`);
  return `${text.slice(0, from + begin.length)}\n\n${body}\n\n${text.slice(to)}`;
}
