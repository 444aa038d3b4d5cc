import type { FastifyInstance } from "fastify";
import type { HttpConfig } from "./deps.ts";

/**
 * The two addresses a browser meets while there is no web app: the start, and where a sign-in at a platform ends. They
 * say what is here and what comes next, and hold no script.
 */
export function registerPlainPages(app: FastifyInstance, config: HttpConfig): void {
  const note = config.simulated ? "Platforms without credentials are simulated: nothing reaches the real ones." : "";
  const page = (title: string, paragraphs: readonly string[]) => pageOf(title, [...paragraphs, note]);
  app.get("/", (_request, reply) =>
    reply
      .type("text/html; charset=utf-8")
      .send(
        page("POSTD is running", [
          "This server publishes to social and marketing platforms through its API.",
          '<a href="/docs">Browse the API</a> &middot; <a href="/api/health">Does work flow?</a>',
        ]),
      ),
  );
  app.get<{ Querystring: { grantId?: string; error?: string; detail?: string } }>(
    "/accounts/choose",
    (request, reply) => {
      const { grantId, error, detail } = request.query;
      const text =
        error === undefined
          ? page("You are signed in at the platform", [
              "Now choose which accounts to use. You may close this page.",
              `For a program: <code>GET /api/grants/${asText(grantId ?? "")}</code> lists the accounts, <code>POST /api/connections</code> connects them.`,
            ])
          : page("Nothing was connected", [
              asText(detail ?? "The platform did not give access."),
              "You may close this page and start again.",
            ]);
      return reply.type("text/html; charset=utf-8").header("cache-control", "no-store").send(text);
    },
  );
}

function pageOf(title: string, paragraphs: readonly string[]): string {
  const body = paragraphs.filter((text) => text !== "").map((text) => `<p>${text}</p>`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color:#151a22;background:#f4f5f8}h1{font-size:1.3rem}code{background:#e8ebf0;padding:.1em .3em;border-radius:4px}a{color:#215cd0}
@media (prefers-color-scheme:dark){body{color:#eff0f3;background:#0c0d10}code{background:#252930}a{color:#7aaefb}}</style>
<main><h1>${title}</h1>${body.join("")}</main></html>`;
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Everything from an address is shown as text. */
function asText(text: string): string {
  return text.slice(0, 500).replace(/[&<>"']/g, (character) => escapes[character] ?? "");
}
