import { z } from "zod";

/** Control characters, line ends, lone surrogates, and marks that turn the direction of the text around them. */
const unwritable = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;
/** Something to see: a name of joiners, fillers and spaces looks like none. */
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Letters to Unicode, and drawn as nothing. */
const fillers = /[\u115f\u1160\u3164\uffa0\u2800]/gu;

/** Name of a person, a workspace or a key: one line that shows something, 1 to 100 characters. */
export const DisplayName = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(100, "must have at most 100 characters")
  .refine((name) => !unwritable.test(name), "must be one line without control or direction marks")
  .refine((name) => visible.test(name.replace(fillers, "")), "must hold a letter, a number or a sign");

/** Address of a person's picture: https, without a user name or password in it. */
export const PictureUrl = z
  .string()
  .trim()
  .max(2_000, "must have at most 2,000 characters")
  .refine(isPictureUrl, "must be an https address such as https://example.com/ida.jpg");

function isPictureUrl(text: string): boolean {
  if (unwritable.test(text) || /[\s"'<>\\^`{|}]/.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return protocol === "https:" && hostname !== "" && username === "" && password === "";
}

/** An address as it is compared: lower case. */
export const EmailAddress = z
  .string()
  .trim()
  .max(254, "must have at most 254 characters")
  .pipe(z.email("must be an e-mail address"))
  .transform((value) => value.toLowerCase());

/** The secret of a link that stands in for a sign-in: 256 random bits, the last part of the link's address. */
export const LinkToken = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, "must be the last part of the link: 43 letters, digits, dashes and underscores");
