import { idSchema, type JsonObject } from "@postd/contracts";
import { z } from "zod";
import type { MediaInfo } from "./context.ts";
import { aKindOf, inWords, megabytes, oneOf } from "./media-words.ts";
import type { PostProblem } from "./publish.ts";

/** What a file named in an option must be. */
export interface OptionMediaRule {
  /** How messages call it: "The card's picture". */
  readonly label: string;
  readonly mimeTypes: readonly string[];
  readonly maxBytes: number;
}

export interface OptionMedia {
  /** options.linkCard.thumbMediaId */
  readonly field: string;
  readonly id: string;
  readonly rule: OptionMediaRule;
}

const marks = z.registry<OptionMediaRule>();

/**
 * An option that names an uploaded file. Only fields made with this may end in `MediaId` or `MediaIds`: they are found
 * wherever they stand in an options schema, looked up in the author's workspace and checked when a post is accepted,
 * and the file cannot be deleted while a planned post needs it. `mediaId: true` tells clients to offer a file picker.
 */
export const mediaIdOption = (rule: OptionMediaRule) => {
  const field = idSchema("media").meta({ mediaId: true, accept: [...rule.mimeTypes] });
  marks.add(field, rule);
  return field;
};

/** Every file that options name, in the order of the schema. Values that are no ids are passed over. Pure. */
export function optionMedia(schema: z.core.$ZodType, options: unknown): readonly OptionMedia[] {
  return walk(schema, options, ["options"]);
}

function walk(schema: z.core.$ZodType, value: unknown, path: readonly string[]): OptionMedia[] {
  const rule = marks.get(schema);
  if (rule) return typeof value === "string" ? [{ field: path.join("."), id: value, rule }] : [];
  return childrenOf(schema).flatMap(({ schema: inner, keys }) => {
    const at = (key: string | undefined, entry: unknown) =>
      walk(inner, entry, key === undefined ? path : [...path, key]);
    if (keys === "same") return value === undefined ? [] : at(undefined, value);
    if (keys === "all") return entriesOf(value).flatMap(([key, entry]) => at(key, entry));
    return entriesOf(value)
      .filter(([key]) => key === keys.key)
      .flatMap(([key, entry]) => at(key, entry));
  });
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === "object" && value !== null ? Object.entries(value) : [];

interface Child {
  readonly schema: z.core.$ZodType;
  /** The value itself, each of its entries, or one entry by name. */
  readonly keys: "same" | "all" | { readonly key: string };
}

/** Schemas inside a schema, and which part of a value each is for. Leaves have none. */
function childrenOf(schema: z.core.$ZodType): Child[] {
  const same = (inner: z.core.$ZodType): Child => ({ schema: inner, keys: "same" });
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "object":
      return Object.entries(def.shape).map(([key, inner]) => ({ schema: inner, keys: { key } }));
    case "array":
      return [{ schema: def.element, keys: "all" }];
    case "record":
      return [{ schema: def.valueType, keys: "all" }];
    case "optional":
    case "nullable":
    case "nonoptional":
    case "default":
    case "prefault":
    case "readonly":
    case "catch":
      return [same(def.innerType)];
    case "union":
      return def.options.map(same);
    case "intersection":
      return [same(def.left), same(def.right)];
    case "pipe":
      return [same(def.in)];
    default:
      return [];
  }
}

/** Names of option fields that look like ids of files and are not marked as such; a connector with one is not defined. */
export function unmarkedMediaIds(schema: z.core.$ZodType, path = "options"): string[] {
  return childrenOf(schema).flatMap(({ schema: inner, keys }) => {
    const here = typeof keys === "object" ? `${path}.${keys.key}` : path;
    const isNamed = typeof keys === "object" && /mediaIds?$/i.test(keys.key);
    return [...(isNamed && !holdsMark(inner) ? [here] : []), ...(isNamed ? [] : unmarkedMediaIds(inner, here))];
  });
}

const holdsMark = (schema: z.core.$ZodType): boolean =>
  marks.get(schema) !== undefined || childrenOf(schema).some(({ schema: inner }) => holdsMark(inner));

/** Files in options that are not there for the author, or not what the platform takes. `known`: what was found, by id. */
export function checkOptionMedia(
  platform: { readonly name: string; readonly publishing: { readonly options: z.ZodType } },
  options: JsonObject,
  known: ReadonlyMap<string, MediaInfo>,
): readonly PostProblem[] {
  return optionMedia(platform.publishing.options, options).flatMap((named) => checkNamed(platform.name, named, known));
}

/** One file a post names beside its media. */
export function checkNamed(
  platform: string,
  { field, id, rule }: OptionMedia,
  known: ReadonlyMap<string, MediaInfo>,
): readonly PostProblem[] {
  const item = known.get(id);
  const problem = (code: string, message: string): PostProblem[] => [{ field, code, message, severity: "error" }];
  if (!item)
    return problem(
      "media_missing",
      `There is no media ${id}. Upload the file with POST /api/media, or leave this option out.`,
    );
  const name = item.fileName ? `${rule.label} (${item.fileName})` : rule.label;
  if (!rule.mimeTypes.includes(item.mimeType))
    return problem(
      "media_type",
      `${name} is ${item.kind === "image" ? inWords(item.mimeType) : aKindOf(item)}; ${platform} takes ${oneOf(rule.mimeTypes)} there. Choose another file.`,
    );
  if (item.sizeBytes > rule.maxBytes)
    return problem(
      "media_too_large",
      `${name} is ${megabytes(item.sizeBytes)}; ${platform} takes ${megabytes(rule.maxBytes)} there. Make it smaller.`,
    );
  return [];
}
