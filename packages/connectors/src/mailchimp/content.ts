import { findUrls, type OutgoingPost } from "@postd/connector-kit";

const marks: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (mark) => marks[mark] ?? mark);
const anchor = (url: string, text: string): string => `<a href="${escaped(url)}">${escaped(text)}</a>`;

/** Words as HTML; addresses lead where they say. Merge tags hold none of the signs and stay as they are. */
function inline(text: string): string {
  let from = 0;
  let html = "";
  for (const { start, end, text: written, url } of findUrls(text)) {
    html += escaped(text.slice(from, start)) + anchor(url, written);
    from = end;
  }
  return (html + escaped(text.slice(from))).replaceAll("\n", "<br>\n");
}

const tidy = (text: string): string => text.replaceAll(/\r\n?/g, "\n").trim();

/** What the post itself says: its paragraphs, its pictures, its link. */
export function bodyOf({ text, media, link }: OutgoingPost, pictures: readonly string[]): string {
  const paragraphs = tidy(text)
    .split(/\n[^\S\n]*\n\s*/)
    .filter((paragraph) => paragraph.trim() !== "");
  return [
    ...paragraphs.map((paragraph) => `<p>${inline(paragraph)}</p>`),
    ...pictures.map(
      (url, index) =>
        `<p><img src="${escaped(url)}" alt="${escaped(media[index]?.altText ?? "")}" width="600" style="max-width:100%;height:auto;border:0"></p>`,
    ),
    ...(link ? [linkOf(link)] : []),
  ].join("\n");
}

function linkOf({ url, title, description }: NonNullable<OutgoingPost["link"]>): string {
  const words = description ? `<br>\n${inline(tidy(description))}` : "";
  return `<p>${anchor(url, title || url)}${words}</p>`;
}

/**
 * The whole mail. The law and Mailchimp ask for the way out and a postal address; without these tags Mailchimp adds a
 * footer of its own. @source platforms/mailchimp.md "Publishing a campaign", 2
 */
export const htmlOf = (post: OutgoingPost, pictures: readonly string[]): string => `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>*|MC:SUBJECT|*</title>
</head>
<body style="margin:0;background:#ffffff;color:#202020">
<div style="max-width:600px;margin:0 auto;padding:24px;font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">
${bodyOf(post, pictures)}
<div style="margin-top:32px;padding-top:16px;border-top:1px solid #dddddd;font-size:12px;color:#606060">
<p>*|LIST:ADDRESS|*</p>
<p><a href="*|UNSUB|*" style="color:#606060">Unsubscribe</a></p>
</div>
</div>
</body>
</html>`;

/** The same for those who read mail as plain text. */
export function plainTextOf({ text, link }: OutgoingPost): string {
  const card = link ? [[link.title, link.description, link.url].filter(Boolean).join("\n")] : [];
  return [tidy(text), ...card, "*|LIST:ADDRESS|*", "Unsubscribe: *|UNSUB|*"].filter(Boolean).join("\n\n");
}
