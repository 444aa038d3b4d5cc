import { invalidParameter } from "./error.ts";

/** One entry of `fields=`: `comments.summary(true).limit(0){id,message}`. */
export interface Field {
  readonly name: string;
  readonly modifiers: Readonly<Record<string, string>>;
  readonly fields: readonly Field[];
}

/**
 * Reads the syntax of `fields`: `picture{url}`, `comments.summary(true).limit(0)`.
 * Throws a GraphError 100 on a syntax error.
 */
export function parseFields(text: string): readonly Field[] {
  let at = 0;

  function list(): Field[] {
    const found: Field[] = [];
    while (at < text.length && text[at] !== "}") {
      found.push(one());
      if (text[at] === ",") at += 1;
      else break;
    }
    return found;
  }

  function word(): string {
    const match = /^[\w]+/.exec(text.slice(at).trimStart())?.[0];
    if (match === undefined) throw invalidParameter(`Syntax error in fields at "${text.slice(at, at + 12)}"`);
    at = text.indexOf(match, at) + match.length;
    return match;
  }

  function one(): Field {
    const name = word();
    const modifiers: Record<string, string> = {};
    while (text[at] === ".") {
      at += 1;
      const modifier = word();
      if (text[at] !== "(") throw invalidParameter(`Syntax error in fields after "${modifier}"`);
      const end = text.indexOf(")", at);
      if (end < 0) throw invalidParameter("Syntax error in fields: a bracket is not closed");
      modifiers[modifier] = text.slice(at + 1, end);
      at = end + 1;
    }
    if (text[at] !== "{") return { name, modifiers, fields: [] };
    at += 1;
    const fields = list();
    if (text[at] !== "}") throw invalidParameter("Syntax error in fields: a brace is not closed");
    at += 1;
    return { name, modifiers, fields };
  }

  const fields = list();
  if (at < text.length) throw invalidParameter(`Syntax error in fields at "${text.slice(at, at + 12)}"`);
  return fields;
}

/** The text of fields again, for links to an edge that stood inside `fields`. */
export const fieldsText = (fields: readonly Field[]): string =>
  fields
    .map(({ name, modifiers, fields: inner }) => {
      const called = Object.entries(modifiers).map(([modifier, value]) => `.${modifier}(${value})`);
      return `${name}${called.join("")}${inner.length === 0 ? "" : `{${fieldsText(inner)}}`}`;
    })
    .join(",");

export const plainFields = (...names: readonly string[]): readonly Field[] =>
  names.map((name) => ({ name, modifiers: {}, fields: [] }));
