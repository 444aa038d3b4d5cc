import { plainWords } from "../people/plain-words.ts";
import type { NoticeWords } from "./words.ts";

export interface MailPart {
  readonly words: NoticeWords;
  /** Where its button leads, absolute. */
  readonly link: string | undefined;
}

/**
 * A notice, or a day's, as a mail: plain text, and the same as simple HTML. Nothing in it is fetched from anywhere. The
 * subject holds no word that somebody outside chose.
 */
export function noticeMail(input: {
  readonly parts: readonly MailPart[];
  readonly workspace: string;
  readonly settingsUrl: string;
  /** Of a digest. */
  readonly day?: string;
}): { readonly subject: string; readonly text: string; readonly html: string } {
  const { parts, settingsUrl, day } = input;
  const workspace = plainWords(input.workspace);
  const [first] = parts;
  const subject =
    day === undefined && first
      ? first.words.subject
      : `${parts.length} ${parts.length === 1 ? "notice" : "notices"} of ${day ?? "today"}`;
  const reason = `You get this mail because you are a member of the workspace ${workspace}. Choose what you are told: ${settingsUrl}`;
  const text = [
    ...parts.map(({ words, link }) =>
      [words.title, words.text, ...(link === undefined ? [] : [`${words.action.label ?? "Look"}:\n${link}`])].join(
        "\n\n",
      ),
    ),
    reason,
  ].join("\n\n--\n\n");
  return { subject: `POSTD: ${subject}`, text: `${text}\n`, html: htmlOf(parts, { workspace, settingsUrl }) };
}

function htmlOf(
  parts: readonly MailPart[],
  { workspace, settingsUrl }: { readonly workspace: string; readonly settingsUrl: string },
): string {
  const blocks = parts.map(({ words, link }) => {
    const button =
      link === undefined
        ? ""
        : `<p><a href="${escaped(link)}" style="display:inline-block;padding:10px 16px;background:#215cd0;color:#ffffff;border-radius:7px;text-decoration:none">${escaped(words.action.label ?? "Look")}</a></p>`;
    return `<h1 style="font-size:18px;margin:0 0 8px">${escaped(words.title)}</h1><p>${escaped(words.text)}</p>${button}`;
  });
  const footer = `You get this mail because you are a member of the workspace ${escaped(workspace)}. <a href="${escaped(settingsUrl)}">Choose what you are told</a>.`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>POSTD</title><body style="font:16px/1.5 system-ui,sans-serif;color:#151a22;max-width:560px;margin:0 auto;padding:16px">${blocks.join("<hr>")}<hr><p style="font-size:13px;color:#5a6372">${footer}</p></body></html>`;
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");
