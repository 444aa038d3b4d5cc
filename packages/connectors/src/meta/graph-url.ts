import { type AccountRef, storableText } from "@postd/connector-kit";

/** Facebook Login (Pages and their Instagram accounts) and Instagram Login live on different hosts with the same paths. */
export type GraphHost = "graph.facebook.com" | "graph.instagram.com";

/** Decided by the login kept with the connection; ids of both kinds look alike, so it is never inferred from one. */
export const hostFor = (account: Pick<AccountRef, "authKind">): GraphHost =>
  account.authKind === "instagram_login" ? "graph.instagram.com" : "graph.facebook.com";

/** Path parts are escaped, so an id from outside cannot leave its place. */
export const graphUrl = (host: GraphHost, apiVersion: string, ...path: readonly string[]): string =>
  `https://${host}/${[versionPart(apiVersion), ...path].map(encodeURIComponent).join("/")}`;

/**
 * Where the bytes of Page reels and video stories go: as Meta says, with or without a version, where that is on its
 * upload host and carries no secret; else by rule.
 * @source platforms/meta.md section 5, Reels 2
 */
export function ruploadUrl(apiVersion: string, videoId: string, told?: string): string {
  const url = told !== undefined && URL.canParse(told) ? new URL(told) : undefined;
  const isMetas = url?.origin === "https://rupload.facebook.com" && !url.search && !url.username && !url.hash;
  if (url && isMetas) return url.href;
  return `https://rupload.facebook.com/video-upload/${versionPart(apiVersion)}/${encodeURIComponent(videoId)}`;
}

/** An address Meta names for a post, which may lack its host; undefined where it is none that may be shown as a link. */
export function webAddress(text: string | undefined): string | undefined {
  const full = text?.startsWith("/") ? `https://www.facebook.com${text}` : text;
  if (full === undefined || full.length > 2000 || full !== storableText(full) || !URL.canParse(full)) return undefined;
  return /^https?:$/.test(new URL(full).protocol) ? full : undefined;
}

export const facebookDialogUrl = (apiVersion: string): string =>
  `https://www.facebook.com/${versionPart(apiVersion)}/dialog/oauth`;

export const versionPart = (apiVersion: string): string => (apiVersion.startsWith("v") ? apiVersion : `v${apiVersion}`);

/** Meta writes instants as `2026-11-20T10:00:00+0000`; undefined where it is absent or unreadable. */
export function instant(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const at = new Date(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() > 9999 || at.getTime() < 0 ? undefined : at;
}

/** Seconds since 1970 as an instant; undefined where there are none, or none that can be stored. */
export function atSeconds(seconds: number | undefined): Date | undefined {
  if (!seconds || seconds < 0 || seconds > 253_402_300_799) return undefined;
  return new Date(seconds * 1000);
}

export const unixSeconds = (at: Date): number => Math.floor(at.getTime() / 1000);
