import { type ChoiceGroup, consentPage, type SimAnswer } from "@postd/connector-kit/simulator";
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

/** The consent form of either login. */
export const loginPage = (dialog: DialogRequest, action: string, groups: readonly ChoiceGroup[]): SimAnswer =>
  consentPage({
    title: `Log in with ${dialog.login === "facebook" ? "Facebook" : "Instagram"}`,
    action,
    hidden: dialog.query,
    groups,
  });
