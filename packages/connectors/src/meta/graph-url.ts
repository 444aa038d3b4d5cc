import type { AccountRef } from "@postd/connector-kit";

/** Facebook Login (Pages and their Instagram accounts) and Instagram Login live on different hosts with the same paths. */
export type GraphHost = "graph.facebook.com" | "graph.instagram.com";

/** Decided by the login kept with the connection; ids of both kinds look alike, so it is never inferred from one. */
export const hostFor = (account: Pick<AccountRef, "authKind">): GraphHost =>
  account.authKind === "instagram_login" ? "graph.instagram.com" : "graph.facebook.com";

/** Path parts are escaped, so an id from outside cannot leave its place. */
export const graphUrl = (host: GraphHost, apiVersion: string, ...path: readonly string[]): string =>
  `https://${host}/${[versionPart(apiVersion), ...path].map(encodeURIComponent).join("/")}`;

/** Where the bytes of Page reels and video stories go. Built here, as an answer's `upload_url` could name any host. */
export const ruploadUrl = (apiVersion: string, videoId: string): string =>
  `https://rupload.facebook.com/video-upload/${versionPart(apiVersion)}/${encodeURIComponent(videoId)}`;

export const facebookDialogUrl = (apiVersion: string): string =>
  `https://www.facebook.com/${versionPart(apiVersion)}/dialog/oauth`;

const versionPart = (apiVersion: string): string => (apiVersion.startsWith("v") ? apiVersion : `v${apiVersion}`);

/** Meta writes instants as `2026-11-20T10:00:00+0000`; undefined where it is absent or unreadable. */
export function instant(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const at = new Date(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(at.getTime()) ? undefined : at;
}

export const unixSeconds = (at: Date): number => Math.floor(at.getTime() / 1000);
