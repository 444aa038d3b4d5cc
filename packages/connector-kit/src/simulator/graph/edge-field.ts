import { type Field, fieldsText } from "./field-list.ts";
import { cut, type GraphAnswer } from "./paging.ts";
import { type Params, paramsOf, unsignedInt } from "./params.ts";

/** What stands in brackets after an edge's name, read as the parameters it would have on its own. */
export const modifiersOf = (field: Field): Params => paramsOf(Object.entries(field.modifiers));

/** Where a list that stands inside `fields` can be read on its own. */
export interface EdgePlace {
  readonly id: string;
  readonly edge: string;
}

/** An edge inside `fields`: its own data, cut by its own `limit`, `after` and `before`, with links to its other pages. */
export function edgeField<T extends { readonly id: string }>(
  call: { readonly host: string; readonly version: string; readonly token: { readonly value: string } },
  field: Field,
  { id, edge }: EdgePlace,
  items: readonly T[],
  render: (item: T) => unknown,
): GraphAnswer {
  const params = modifiersOf(field);
  return cut(items, render, {
    limit: unsignedInt(params, "limit") ?? 25,
    after: params.text("after"),
    before: params.text("before"),
    link({ replaces, params: part }) {
      const url = new URL(`https://${call.host}/${call.version}/${id}/${edge}`);
      const kept = Object.entries(field.modifiers).filter(([name]) => !replaces.includes(name));
      if (field.fields.length > 0) kept.push(["fields", fieldsText(field.fields)]);
      for (const [name, value] of [...kept, ...Object.entries(part)]) url.searchParams.set(name, value);
      url.searchParams.set("access_token", call.token.value);
      return url.href;
    },
  });
}
