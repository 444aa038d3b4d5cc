import { type FoundAccount, type HealthAnswer, storableText, truncateGraphemes } from "@postd/connector-kit";
import { storableJson } from "../inbound/storable-event.ts";

const nameChars = 200;
/** A handle may be a domain name. */
const handleChars = 253;
const remarkChars = 300;
const addressChars = 2_000;
const idChars = 500;

/** Marks that turn the direction of what follows, so that a name can look like another one, and ends of lines. */
const turnsText = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Nothing is shown for them. */
const unseen = /[\u0080-\u009f\u200b\u2060\ufeff]/g;

/**
 * Words of a platform as one line that may be stored and shown anywhere: at most `max` characters as people see them,
 * without control characters and bidi marks. A character may be made of thousands of marks, so its parts are bounded too.
 */
export function toldLine(text: string, max: number): string {
  const line = storableText(text.slice(0, max * 20))
    .replace(turnsText, "")
    .replace(unseen, "")
    .replace(/\s+/gu, " ")
    .trim();
  return truncateGraphemes(line, max);
}

/** The same for words of several lines, which stay. */
export function toldText(text: string, max: number): string {
  const lines = storableText(text.slice(0, max * 4))
    .replace(turnsText, "")
    .replace(unseen, "")
    .replace(/\r\n?|[\u2028\u2029]/gu, "\n")
    .replace(/\n{3,}/gu, "\n\n")
    .trim();
  return truncateGraphemes(lines, max);
}

/** An address that a browser may be given; undefined: it is none, or names a password. */
export function toldAddress(text: string | undefined, protocols: readonly string[]): string | undefined {
  if (text === undefined || text.length > addressChars || !URL.canParse(text)) return undefined;
  const { protocol, username, password, href } = new URL(text);
  return protocols.includes(protocol) && username === "" && password === "" ? href : undefined;
}

/** Pictures are shown in pages of ours, so they come by https or not at all. */
export const toldPicture = (text: string | undefined): string | undefined => toldAddress(text, ["https:"]);

const toldName = (text: string | undefined): string | undefined =>
  (text === undefined ? "" : toldLine(text, nameChars)) || undefined;
const toldHandle = (text: string | undefined): string | undefined =>
  (text === undefined ? "" : toldLine(text, handleChars)) || undefined;
export const toldPerson = (text: string, externalId: string): string => toldName(text) ?? toldLine(externalId, 100);
const toldScopes = (scopes: readonly string[]): readonly string[] => scopes.map((scope) => toldLine(scope, nameChars));

/** Whether an id is kept as it was told; one that had to be changed is nobody's. */
export const isKept = (id: string): boolean => id !== "" && id.length <= idChars && storableText(id) === id;

/**
 * Accounts as a connector listed them, the one door for whatever of them is stored and shown. A name that is none becomes
 * the handle or the id, a picture that is none is left out, and so is an account whose id cannot be kept.
 */
export function toldAccounts(found: readonly FoundAccount[]): readonly FoundAccount[] {
  return found
    .filter(({ externalId, kind }) => isKept(externalId) && isKept(kind))
    .map(({ name, handle, pictureUrl, profileUrl, blocked, extras, missingScopes, ...account }) => {
      const [toldAs, picture] = [toldHandle(handle), toldPicture(pictureUrl)];
      const profile = toldAddress(profileUrl, ["https:", "http:"]);
      return {
        ...account,
        name: toldName(name) ?? toldAs ?? toldLine(account.externalId, nameChars),
        extras: storableJson(extras),
        missingScopes: toldScopes(missingScopes),
        ...(toldAs === undefined ? {} : { handle: toldAs }),
        ...(picture === undefined ? {} : { pictureUrl: picture }),
        ...(profile === undefined ? {} : { profileUrl: profile }),
        ...(blocked === undefined ? {} : { blocked: toldLine(blocked, remarkChars) }),
      };
    });
}

/** What a check learned, through the same door; what is none of its kind leaves what was known. */
export function toldHealth(answer: HealthAnswer): HealthAnswer {
  const { name, handle, pictureUrl, scopes, missingScopes, notes, extras, ...rest } = answer;
  const [toldAs, toldBy, picture] = [toldName(name), toldHandle(handle), toldPicture(pictureUrl)];
  return {
    ...rest,
    missingScopes: toldScopes(missingScopes),
    ...(extras === undefined ? {} : { extras: storableJson(extras) }),
    ...(toldAs === undefined ? {} : { name: toldAs }),
    ...(toldBy === undefined ? {} : { handle: toldBy }),
    ...(picture === undefined ? {} : { pictureUrl: picture }),
    ...(scopes === undefined ? {} : { scopes: toldScopes(scopes) }),
    ...(notes === undefined ? {} : { notes: notes.map((note) => toldLine(note, remarkChars)) }),
  };
}
