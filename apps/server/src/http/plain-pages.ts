import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { HttpConfig } from "./deps.ts";
import { asText, htmlPage } from "./html-page.ts";

/**
 * Two addresses a browser meets while there is no web app: the start, and where a sign-in at a platform ends. They
 * say what is here and what comes next, and hold no script.
 */
export function registerPlainPages(app: FastifyInstance, config: HttpConfig): void {
  const note = config.simulated ? "Platforms without credentials are simulated: nothing reaches the real ones." : "";
  const page = (title: string, paragraphs: readonly string[]) => htmlPage(title, [...paragraphs, note]);
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
  app.get("/accounts/choose", (request, reply) => {
    const { grantId, error, detail } = Told.parse(request.query);
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
  });
}

/** Whoever opens the page writes its address: what comes twice is taken for absent. */
const word = z.string().optional().catch(undefined);
const Told = z.object({ grantId: word, error: word, detail: word });
