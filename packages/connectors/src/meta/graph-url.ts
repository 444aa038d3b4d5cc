import { type AccountRef, storableText, versionPart } from "@postd/connector-kit";

/** Facebook Login (Pages and their Instagram accounts) and Instagram Login live on different hosts with the same paths. */
export type GraphHost = "graph.facebook.com" | "graph.instagram.com";

/** Decided by the login kept with the connection; ids of both kinds look alike, so it is never inferred from one. */
export const hostFor = (account: Pick<AccountRef, "authKind">): GraphHost =>
  account.authKind === "instagram_login" ? "graph.instagram.com" : "graph.facebook.com";

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
