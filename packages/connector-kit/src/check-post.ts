import type { JsonObject } from "@postd/contracts";
import type { z } from "zod";
import { checkMedia } from "./check-media.ts";
import type { Connector } from "./connector.ts";
import type { AccountRef } from "./context.ts";
import type { OutgoingPost, PostProblem, TextLimit } from "./publish.ts";
import { countUtf8Bytes, isStorableText } from "./text.ts";

/**
 * Everything wrong with a post for one account, at once: format, text, media, options, then the connector's own rules.
 * Empty: it may go. Pure; the same check serves the dry run and the moment before sending.
 */
export function checkPost(connector: Connector, post: OutgoingPost, account: AccountRef): readonly PostProblem[] {
  const format = Object.hasOwn(connector.publish, post.format) ? connector.publish[post.format] : undefined;
  const options = checkOptions(connector, post.options);
  const known = { ...post, options: options.usable };
  const broken = [
    ...unstorable("text", post.text),
    ...unstorable("options", post.options),
    ...post.media.flatMap(({ altText }, index) => unstorable(`media.${index}.altText`, altText)),
  ];
  // What cannot be written down can neither be counted nor compared.
  if (broken.length > 0) return broken;
  return [
    ...checkFormat(connector, post.format, account),
    ...checkText(connector.name, post.text, format?.text ?? connector.limits.text, post.media.length > 0),
    ...(format ? checkMedia(connector.name, post.media, format) : []),
    ...options.problems,
    ...(format && connector.validate ? connector.validate(known, account) : []),
  ];
}

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

function checkFormat(connector: Connector, formatId: string, account: AccountRef): PostProblem[] {
  const all = Object.entries(connector.publish);
  const offered = all.filter(([, format]) => !format.accountKinds || format.accountKinds.includes(account.kind));
  if (offered.some(([id]) => id === formatId)) return [];
  const choice = offered.map(([id]) => id).join(", ");
  const known = all.find(([id]) => id === formatId)?.[1];
  const kind = connector.accountKinds.find(({ id }) => id === account.kind)?.label ?? account.kind;
  return [
    {
      field: "format",
      code: known ? "format_not_for_account" : "unknown_format",
      message: known
        ? `${known.label} is not open to this kind of ${connector.name} account (${kind}). Choose one of: ${choice}.`
        : `${connector.name} has no format "${formatId}". Choose one of: ${choice}.`,
      severity: "error",
    },
  ];
}

function checkText(platform: string, text: string, limit: TextLimit, hasMedia: boolean): PostProblem[] {
  const problems: PostProblem[] = [];
  const add = (code: string, message: string) => problems.push({ field: "text", code, message, severity: "error" });
  const count = limit.count(text);
  if (count > limit.max)
    add("text_too_long", `Text is ${count} characters; ${platform} takes ${limit.max}. Remove ${count - limit.max}.`);
  const bytes = limit.maxBytes === undefined ? 0 : countUtf8Bytes(text);
  if (limit.maxBytes !== undefined && bytes > limit.maxBytes)
    add(
      "text_too_large",
      `Text takes ${bytes} bytes; ${platform} takes ${limit.maxBytes}. Shorten it or use fewer emoji and accents.`,
    );
  if (text.trim() === "" && (limit.required ?? !hasMedia))
    add("text_required", hasMedia ? "Text is missing. Write some." : "The post is empty. Write some text.");
  return problems;
}

function checkOptions(connector: Connector, options: JsonObject): { usable: JsonObject; problems: PostProblem[] } {
  const parsed = connector.options.safeParse(options);
  if (parsed.success) return { usable: parsed.data as JsonObject, problems: [] };
  const issues = parsed.error.issues.flatMap(nearest);
  const problems = issues.map((issue): PostProblem => {
    const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
    return {
      field: ["options", ...issue.path, ...unknown.slice(0, 1)].map(String).join("."),
      code: unknown.length > 0 ? "unknown_option" : "invalid_option",
      message:
        unknown.length > 0
          ? `${connector.name} has no option ${unknown.map((key) => `"${key}"`).join(", ")}. Remove it.`
          : `Option ${issue.path.map(String).join(".") || "value"} is not right: ${issue.message}.`,
      severity: "error",
    };
  });
  // The connector's own rules still look at the options that are right, so that a person sees every problem at once.
  const wrong = new Set(issues.flatMap((i) => (i.code === "unrecognized_keys" ? i.keys : i.path[0])));
  const rest = connector.options.safeParse(Object.fromEntries(Object.entries(options).filter(([k]) => !wrong.has(k))));
  return { usable: (rest.success ? rest.data : {}) as JsonObject, problems };
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
