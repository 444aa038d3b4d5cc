import { type AuthContext, type PlatformResult, parseJson } from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { handlePattern } from "./xrpc.ts";

export const DEFAULT_SERVICE = "https://bsky.social";

const DidDoc = z.object({
  id: z.string().optional(),
  alsoKnownAs: z.array(z.string()).optional(),
  service: z.array(z.object({ id: z.string(), serviceEndpoint: z.unknown().optional() })),
});

/**
 * The account's own server as its DID document names it; undefined where that is no https address. Without https only
 * the server a person typed is taken, which an operator has opened: one on a LAN.
 */
export function pdsFromDidDoc(didDoc: unknown, typed?: string): string | undefined {
  const parsed = DidDoc.safeParse(didDoc);
  const entry = parsed.success ? parsed.data.service.find(({ id }) => id.endsWith("#atproto_pds")) : undefined;
  const address = entry?.serviceEndpoint;
  if (typeof address !== "string" || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  return (url.protocol === "https:" || url.origin === typed) && !url.username ? url.origin : undefined;
}

/** The server a person typed, as an origin: `https://` may be left out. Undefined: it is not an address. */
export function serviceOrigin(typed: string | undefined): string | undefined {
  const text = (typed ?? "").normalize("NFKC").replace(invisible, "").trim() || DEFAULT_SERVICE;
  const address = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  // The website is where people look for the address of the login host.
  if (/^(www\.)?bsky\.app$/.test(url.hostname)) return DEFAULT_SERVICE;
  return (url.protocol === "https:" || url.protocol === "http:") && !url.username ? url.origin : undefined;
}

/** Marks nobody sees, which come along when an address is copied. */
const invisible = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
const visible = (text: string): string => text.normalize("NFKC").replace(invisible, "").replace(/\s+/gu, "");

/**
 * Whom a person means: a handle, `@handle`, a profile's address at bsky.app, an at:// address, a DID or the account's
 * mail address. A bare name is one below bsky.social, as in Bluesky's own sign-in. Undefined: nobody can be meant.
 */
export function accountNamed(typed: string, service: string = DEFAULT_SERVICE): string | undefined {
  let name = visible(typed);
  if (/%40/i.test(name)) name = name.replaceAll(/%40/gi, "@");
  name = name
    .replace(/^at:\/\//i, "")
    .replace(/^(?:https?:\/\/)?[^/]*\/profile\//i, "")
    .replace(/^https?:\/\//i, "")
    .replace(/[/?#].*$/, "")
    .replace(/^@+/, "")
    .replace(/\.+$/, "");
  if (/^did:[a-z]+:[A-Za-z0-9._:%-]+$/.test(name)) return name;
  if (/^[^@]+@[^@]+\.[^@]+$/.test(name)) return name;
  if (service === DEFAULT_SERVICE && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i.test(name))
    return `${name.toLowerCase()}.bsky.social`;
  return handlePattern.test(name) ? name.toLowerCase() : undefined;
}

/** Where the document of a DID is published; undefined for a kind the network does not use. */
function documentAddress(did: string): string | undefined {
  if (did.startsWith("did:plc:")) return `https://plc.directory/${did}`;
  const host = /^did:web:([a-z0-9.-]+)$/i.exec(did)?.[1];
  return host === undefined ? undefined : `https://${host}/.well-known/did.json`;
}

export interface Identity {
  /** Origin of the server that holds the account. */
  readonly pds: string;
  /** Handles the document lists. */
  readonly handles: readonly string[];
}

/**
 * Who a DID is, asked where its document is published and never at the server that claims it: any server may say that
 * a session belongs to any account.
 * @source fact sheet "Versioning & base URLs" (2026-11-26); https://atproto.com/specs/did
 */
export async function resolveDid(did: string, typed: string, ctx: AuthContext): PlatformResult<Identity> {
  const url = documentAddress(did);
  if (!url) return noIdentity(`The account's id ${did.slice(0, 60)} is of a kind Bluesky does not use.`);
  const answer = await ctx.http.request({ method: "GET", url, effect: "none", timeoutMs: 10_000 });
  if (!answer.ok) return answer;
  if (answer.value.status >= 500 || answer.value.status === 429)
    return fail({
      kind: "unavailable",
      status: answer.value.status,
      message: "The directory of accounts does not answer.",
    });
  if (answer.value.status !== 200) return noIdentity("The directory of accounts does not know this account.");
  const document = parseJson(answer.value, DidDoc);
  const pds = document.ok && document.value.id === did ? pdsFromDidDoc(document.value, typed) : undefined;
  if (!document.ok || !pds) return noIdentity("The directory of accounts names no server for this account.");
  const handles = (document.value.alsoKnownAs ?? [])
    .filter((name) => name.startsWith("at://"))
    .map((name) => name.slice("at://".length).toLowerCase())
    .filter((name) => handlePattern.test(name));
  return ok({ pds, handles });
}

const noIdentity = (message: string) =>
  fail({ kind: "content_rejected" as const, field: "identifier", reason: "identity", message });
