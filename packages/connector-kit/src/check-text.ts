import type { PostProblem, TextLimit } from "./publish.ts";
import { countUtf8Bytes } from "./text.ts";

export interface CheckedText {
  readonly field: string;
  readonly text: string;
  /** What messages call it; default "Text". */
  readonly label?: string;
  readonly hasMedia: boolean;
}

/** One text against its limit, by the platform's own counting. Pure. */
export function checkText(
  platform: string,
  { field, text, hasMedia, label = "Text" }: CheckedText,
  limit: TextLimit,
): PostProblem[] {
  const problems: PostProblem[] = [];
  const add = (code: string, message: string) => problems.push({ field, code, message, severity: "error" });
  const count = limit.count(text);
  if (count > limit.max)
    add(
      "text_too_long",
      `${label} is ${count} characters; ${platform} takes ${limit.max}. Remove ${count - limit.max}.`,
    );
  const bytes = limit.maxBytes === undefined ? 0 : countUtf8Bytes(text);
  if (limit.maxBytes !== undefined && bytes > limit.maxBytes)
    add(
      "text_too_large",
      `${label} takes ${bytes} bytes; ${platform} takes ${limit.maxBytes}. Shorten it or use fewer emoji and accents.`,
    );
  if (text.trim() === "" && (limit.required ?? !hasMedia))
    add("text_required", hasMedia ? `${label} is missing. Write some.` : "The post is empty. Write some text.");
  return problems;
}
