import { escapeHtml, htmlPage, pageHeaders } from "./html.ts";
import type { SimResponse } from "./types.ts";

export interface Choice {
  readonly type: "checkbox" | "radio";
  readonly name: string;
  readonly value: string;
  readonly label: string;
  readonly isChecked: boolean;
  readonly isDisabled?: boolean;
}

export interface ChoiceGroup {
  readonly title: string;
  readonly choices: readonly Choice[];
  /** Said where there is nothing to choose. */
  readonly empty?: string;
}

/**
 * The page on which a person says yes or no. It is posted to `action`; hidden fields carry the request, `listed=1` tells
 * that choices were shown, the buttons are `decision=continue` and `decision=cancel`.
 */
export function consentPage(input: {
  readonly title: string;
  readonly action: string;
  readonly hidden: Iterable<readonly [string, string]>;
  readonly groups: readonly ChoiceGroup[];
}): SimResponse {
  const hidden = [...input.hidden, ["listed", "1"] as const]
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join("");
  const bodyHtml = `<h1>${escapeHtml(input.title)}</h1><p>An app asks for access. Choose what it may see and do.</p>
<form method="post" action="${escapeHtml(input.action)}">${hidden}${input.groups.map(fieldset).join("")}
<p><button type="submit" name="decision" value="continue">Continue</button> <button type="submit" name="decision" value="cancel">Cancel</button></p></form>`;
  return { status: 200, headers: pageHeaders, text: htmlPage({ title: input.title, bodyHtml }) };
}

/** What a person sees who was sent here wrongly: nothing goes back to the app. */
export const refusalPage = (reason: string): SimResponse => ({
  status: 400,
  headers: pageHeaders,
  text: htmlPage({
    title: "Sign-in problem",
    bodyHtml: `<h1>Sorry, something went wrong</h1><p>${escapeHtml(reason)}</p>`,
  }),
});

function fieldset({ title, choices, empty }: ChoiceGroup): string {
  const rows = choices.map(
    ({ type, name, value, label, isChecked, isDisabled }) =>
      `<p><label><input type="${type}" name="${name}" value="${escapeHtml(value)}"${isChecked ? " checked" : ""}${isDisabled ? " disabled" : ""}> ${escapeHtml(label)}</label></p>`,
  );
  const nothing = empty === undefined ? "" : `<p class="soft">${escapeHtml(empty)}</p>`;
  return `<fieldset class="card"><legend>${escapeHtml(title)}</legend>${rows.length > 0 ? rows.join("") : nothing}</fieldset>`;
}
