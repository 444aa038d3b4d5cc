import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { answer, api, campaignOf, fieldQuery, own, route } from "./call.ts";
import type { Campaign } from "./model.ts";
import { badAction, badField } from "./words.ts";
import type { World } from "./world.ts";

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  nbsp: " ",
  "#39": "'",
  "#x27": "'",
};
export const decoded = (text: string): string =>
  text.replace(/&(#?\w+);/g, (whole, name: string) => entities[name.toLowerCase()] ?? whole);

/** The plain-text part Mailchimp makes where none is given; its own form is not documented. */
export const plainTextOf = (html: string): string =>
  decoded(
    html
      .replace(/<(head|style|script)\b[\s\S]*?<\/\1>/gi, "")
      .replace(
        /<a\b[^>]*\bhref="([^"]*)"[^>]*>([\s\S]*?)<\/a>/gi,
        (_, url: string, words: string) => `${words} (${url})`,
      )
      .replace(/<br\b[^>]*>|<\/(?:p|div|h[1-6]|li|tr)>/gi, "\n")
      .replace(/<[^>]*>/g, ""),
  )
    .replace(/[ \t]+\n|\n[ \t]+/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();

/** Without an unsubscribe link and a postal address Mailchimp puts its own footer below (fact sheet, step 2). */
export function shownHtml({ html, recipients }: Campaign): string {
  const isComplete = /\*\|UNSUB\|\*/.test(html) && /\*\|(LIST:ADDRESS|LIST_ADDRESS_HTML)\|\*/.test(html);
  if (isComplete || html === "") return html;
  const name = recipients?.audience.name ?? "";
  const footer = `<div id="footer">${name}: *|LIST:ADDRESS|* <a href="*|UNSUB|*">Unsubscribe</a></div>`;
  return /<\/body>/i.test(html) ? html.replace(/<\/body>/i, () => `${footer}</body>`) : html + footer;
}

const region = /(<(\w+)[^>]*\bmc:edit="([^"]*)"[^>]*>)([\s\S]*?)(<\/\2>)/g;

/** The parts of a template that can be edited, with what stands there by itself. */
export const regionsOf = (html: string) =>
  [...html.matchAll(region)].map(([, , , name = "", words = ""]) => ({ name, words }));

/** Fills them by their names. */
function filled(html: string, sections: Readonly<Record<string, string>>): string {
  const names = new Set(regionsOf(html).map(({ name }) => name));
  const [unknown] = Object.keys(sections).filter((name) => !names.has(name));
  if (unknown !== undefined) throw badField(`template.sections.${unknown}`, "The template has no such section");
  return html.replace(
    region,
    (_, before: string, _tag: string, name: string, words: string, after: string) =>
      before + (sections[name] ?? words) + after,
  );
}

/** One of html, url and template; a plain text of its own beside it or alone. */
const Content = z.strictObject({
  html: z.string().optional(),
  plain_text: z.string().optional(),
  url: z.url().optional(),
  template: z.strictObject({ id: z.int(), sections: z.record(z.string(), z.string()).optional() }).optional(),
});

const shown = (campaign: Campaign) => ({
  plain_text: campaign.plainText || plainTextOf(campaign.html),
  html: campaign.html,
  archive_html: shownHtml(campaign),
  _links: [],
});

const content = api("campaigns/:campaign/content");

export const contentRoutes: readonly Route<World>[] = [
  route("GET", content, {
    query: z.strictObject(fieldQuery),
    handle: (call) => answer(call.query, shown(campaignOf(call))),
  }),
  route("PUT", content, {
    body: Content,
    async handle(call) {
      const campaign = campaignOf(call);
      if (campaign.status !== "save") throw badAction();
      const { html, plain_text, url, template } = call.body;
      const given = [html, url, template].filter((one) => one !== undefined).length;
      if (given > 1 || (given === 0 && plain_text === undefined))
        throw badField("", "One of html, url, template or plain_text is needed");
      // It replaces everything that was there.
      campaign.plainText = plain_text ?? "";
      campaign.html = html ?? "";
      campaign.contentType = "html";
      if (url !== undefined) {
        const page = await call.env.fetchMedia(url);
        if (page === undefined) throw badField("url", "The page could not be read");
        campaign.html = Buffer.from(page.bytes).toString("utf8");
        campaign.contentType = "url";
      }
      if (template !== undefined) {
        const found = own(call, call.world.templates.get(String(template.id)));
        campaign.html = filled(found.html, template.sections ?? {});
        campaign.contentType = "template";
      }
      return answer({}, shown(campaign));
    },
  }),
];
