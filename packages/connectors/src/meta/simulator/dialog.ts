import { escapeHtml, htmlPage, pageHeaders, type SimAnswer } from "@postd/connector-kit/simulator";
import {
  configuredPermissions,
  facebookPermissions,
  instagramApp,
  instagramPermissions,
  loginConfigurationId,
  metaApp,
} from "./apps.ts";

/** A checked authorisation request of either dialog. */
export interface DialogRequest {
  readonly login: "facebook" | "instagram";
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly scopes: readonly string[];
  /** Everything or nothing: Facebook Login for Business with a configuration (meta.md §2). */
  readonly isConfigured: boolean;
  /** Original query, sent back by the form. */
  readonly query: URLSearchParams;
}

/** Reads and checks the query of a dialog; text is the reason it is refused. */
export function readDialog(login: DialogRequest["login"], query: URLSearchParams): DialogRequest | string {
  const app = login === "facebook" ? metaApp : instagramApp;
  const known = login === "facebook" ? facebookPermissions : instagramPermissions;
  const redirectUri = query.get("redirect_uri") ?? "";
  if (query.get("client_id") !== app.app_id)
    return "Invalid App ID: the provided app ID does not look like a valid app ID.";
  if (!URL.canParse(redirectUri) || !/^https?:/.test(redirectUri)) return "The redirect_uri URL must be absolute.";
  if (query.get("response_type") !== "code") return "response_type must be code.";
  const configId = login === "facebook" ? query.get("config_id") : null;
  if (configId !== null && query.has("scope")) return "Use either scope or config_id.";
  if (configId !== null && configId !== loginConfigurationId) return "Invalid config_id.";
  const scopes =
    configId === null
      ? [...new Set((query.get("scope") ?? "").split(",").filter((scope) => scope !== ""))]
      : [...configuredPermissions];
  const unknown = scopes.filter((scope) => known[scope] === undefined);
  if (unknown.length > 0) return `Invalid Scopes: ${unknown.join(", ")}.`;
  if (login === "instagram" && !scopes.includes("instagram_business_basic"))
    return "Invalid Scopes: instagram_business_basic is required.";
  return { login, redirectUri, state: query.get("state") ?? undefined, scopes, isConfigured: configId !== null, query };
}

/** The redirect back to the app; the hash is what each platform appends (§3b.1: `#_` after the code). */
export function redirectBack(dialog: DialogRequest, params: Readonly<Record<string, string>>): SimAnswer {
  const url = new URL(dialog.redirectUri);
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  if (dialog.state !== undefined) url.searchParams.set("state", dialog.state);
  return {
    status: 302,
    headers: { location: url.href + (dialog.login === "instagram" ? "#_" : ""), "cache-control": "no-store" },
  };
}

/** Denial as §3a.1 gives it. */
export const redirectDenied = (dialog: DialogRequest): SimAnswer =>
  redirectBack(dialog, { error: "access_denied", error_reason: "user_denied", error_description: "Permissions error" });

export const refusalPage = (reason: string): SimAnswer => ({
  status: 400,
  headers: pageHeaders,
  text: htmlPage({
    title: "Sign-in problem",
    bodyHtml: `<h1>Sorry, something went wrong</h1><p>${escapeHtml(reason)}</p>`,
  }),
});

export interface Choice {
  readonly type: "checkbox" | "radio";
  readonly name: string;
  readonly value: string;
  readonly label: string;
  readonly isChecked: boolean;
  readonly isDisabled?: boolean;
}

/**
 * The consent form. It is posted to the address it came from; hidden fields carry the query, `listed=1` tells that
 * choices were shown, the buttons are `decision=continue` and `decision=cancel`.
 */
export function consentPage(
  dialog: DialogRequest,
  action: string,
  groups: readonly { readonly title: string; readonly choices: readonly Choice[]; readonly empty?: string }[],
): SimAnswer {
  const hidden = [...dialog.query, ["listed", "1"] as const]
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join("");
  const name = dialog.login === "facebook" ? "Facebook" : "Instagram";
  const body = `<h1>Log in with ${name}</h1><p>An app asks for access. Choose what it may see and do.</p>
<form method="post" action="${escapeHtml(action)}">${hidden}${groups.map(fieldset).join("")}
<p><button type="submit" name="decision" value="continue">Continue</button> <button type="submit" name="decision" value="cancel">Cancel</button></p></form>`;
  return { status: 200, headers: pageHeaders, text: htmlPage({ title: `Log in with ${name}`, bodyHtml: body }) };
}

function fieldset(group: {
  readonly title: string;
  readonly choices: readonly Choice[];
  readonly empty?: string;
}): string {
  const rows = group.choices.map(
    ({ type, name, value, label, isChecked, isDisabled }) =>
      `<p><label><input type="${type}" name="${name}" value="${escapeHtml(value)}"${isChecked ? " checked" : ""}${isDisabled ? " disabled" : ""}> ${escapeHtml(label)}</label></p>`,
  );
  const empty = group.empty === undefined ? "" : `<p class="soft">${escapeHtml(group.empty)}</p>`;
  return `<fieldset class="card"><legend>${escapeHtml(group.title)}</legend>${rows.length > 0 ? rows.join("") : empty}</fieldset>`;
}
