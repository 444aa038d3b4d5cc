import type { JsonObject } from "@postd/contracts";
import type { z } from "zod";
import { checkMedia } from "./check-media.ts";
import { checkDestination, checkParts, checkPartTexts } from "./check-parts.ts";
import { checkText } from "./check-text.ts";
import type { AccountRef } from "./context.ts";
import { formatFor, partLimitFor, textLimitFor } from "./own-limits.ts";
import type { PublishingPlatform } from "./platform.ts";
import type { OutgoingPost, PostProblem } from "./publish.ts";
import { isStorableText } from "./text.ts";

/**
 * Everything wrong with a post for one account, at once: format, text, media, options, then the connector's own rules.
 * Empty: it may go. Pure; the same check serves the dry run and the moment before sending.
 */
export function checkPost(
  platform: PublishingPlatform,
  post: OutgoingPost,
  account: AccountRef,
): readonly PostProblem[] {
  const { name, publishing } = platform;
  const format = Object.hasOwn(publishing.formats, post.format) ? publishing.formats[post.format] : undefined;
  const options = checkOptions(platform, post.options);
  const known = { ...post, options: options.usable };
  const broken = [
    ...unstorable("text", post.text),
    ...Object.entries({ ...post, text: "", media: [], options: {} }).flatMap(([field, value]) =>
      unstorable(field, value),
    ),
    ...unstorable("options", post.options),
    ...post.media.flatMap(({ altText }, index) => unstorable(`media.${index}.altText`, altText)),
  ];
  // What cannot be written down can neither be counted nor compared.
  if (broken.length > 0) return broken;
  return [
    ...checkPermissions(platform, account),
    ...checkFormat(platform, post.format, account),
    ...checkText(
      name,
      { field: "text", text: post.text, hasMedia: post.media.length > 0 },
      textLimitFor(publishing, known, account),
    ),
    ...(format ? checkMedia(name, post.media, formatFor(publishing, format, known, account)) : []),
    ...checkParts(platform, post),
    ...checkPartTexts(platform, post, partLimitFor(publishing, known, account)),
    ...checkDestination(platform, post),
    ...options.problems,
    ...(format ? checkOptionFormats(platform, known) : []),
    ...(format && publishing.validate ? publishing.validate(known, account) : []),
  ];
}

/** What the person who connected the account may not do there, before the platform says so. */
const checkPermissions = (platform: PublishingPlatform, account: AccountRef): PostProblem[] =>
  (platform.permissions?.(account)?.missing ?? [])
    .filter(({ facet }) => facet === "publishing")
    .map(({ message }) => ({ field: "connectionId", code: "permission_missing", message, severity: "error" }));

/** Text anywhere in a value that no platform and no database takes: half a character, or a NUL. */
function unstorable(field: string, value: unknown): PostProblem[] {
  if (typeof value === "string")
    return isStorableText(value)
      ? []
      : [
          {
            field,
            code: "text_broken",
            message: "This text holds a broken character (half an emoji, or a NUL). Write that place again.",
            severity: "error",
          },
        ];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => unstorable(`${field}.${key.toWellFormed()}`, inner));
}

function checkFormat(platform: PublishingPlatform, formatId: string, account: AccountRef): PostProblem[] {
  const all = Object.entries(platform.publishing.formats);
  const offered = all.filter(([, format]) => !format.accountKinds || format.accountKinds.includes(account.kind));
  if (offered.some(([id]) => id === formatId)) return [];
  const choice = offered.map(([id]) => id).join(", ");
  const known = all.find(([id]) => id === formatId)?.[1];
  const kind = platform.accountKinds.find(({ id }) => id === account.kind)?.label ?? account.kind;
  return [
    {
      field: "format",
      code: known ? "format_not_for_account" : "unknown_format",
      message: known
        ? `${known.label} is not open to this kind of ${platform.name} account (${kind}). Choose one of: ${choice}.`
        : `${platform.name} has no format "${formatId}". Choose one of: ${choice}.`,
      severity: "error",
    },
  ];
}

function checkOptions(
  { name, publishing }: PublishingPlatform,
  options: JsonObject,
): { usable: JsonObject; problems: PostProblem[] } {
  const parsed = publishing.options.safeParse(options);
  if (parsed.success) return { usable: parsed.data as JsonObject, problems: [] };
  const issues = parsed.error.issues.flatMap(nearest);
  const problems = issues.map((issue): PostProblem => {
    const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
    return {
      field: ["options", ...issue.path, ...unknown.slice(0, 1)].map(String).join("."),
      code: unknown.length > 0 ? "unknown_option" : "invalid_option",
      message:
        unknown.length > 0
          ? `${name} has no option ${unknown.map((key) => `"${key}"`).join(", ")}. Remove it.`
          : `Option ${issue.path.map(String).join(".") || "value"} is not right: ${issue.message}.`,
      severity: "error",
    };
  });
  // The connector's own rules still look at the options that are right, so that a person sees every problem at once.
  const wrong = new Set(issues.flatMap((i) => (i.code === "unrecognized_keys" ? i.keys : i.path[0])));
  const rest = publishing.options.safeParse(Object.fromEntries(Object.entries(options).filter(([k]) => !wrong.has(k))));
  return { usable: (rest.success ? rest.data : {}) as JsonObject, problems };
}

/** Options that belong to other formats. */
function checkOptionFormats(
  { name, publishing }: PublishingPlatform,
  { format, options }: OutgoingPost,
): PostProblem[] {
  const { optionFormats = {}, formats } = publishing;
  const labelOf = (id: string) => formats[id]?.label ?? id;
  return Object.entries(optionFormats).flatMap(([option, takers]): PostProblem[] => {
    if (options[option] === undefined || takers.includes(format)) return [];
    const where = takers.map(labelOf).join(" or ");
    const message = `Option ${option} at ${name} belongs to ${where}, not to ${labelOf(format)}. Leave it out, or choose that format.`;
    return [{ field: `options.${option}`, code: "not_for_format", message, severity: "error" }];
  });
}

type Issue = z.core.$ZodIssue;

/** Where a value may be one of several shapes, what is wrong with the one it comes nearest to: the one read deepest. */
function nearest(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const depth = (branch: readonly Issue[]) => Math.max(0, ...branch.map(({ path }) => path.length));
  const best = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0];
  if (!best || depth(best) === 0) return [issue];
  return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}
