import type { OwnerDoor, OwnerOutcome, OwnerPage } from "@postd/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { fromTrustedPage } from "./access.ts";
import type { HttpDeps } from "./deps.ts";
import { asText, htmlPage } from "./html-page.ts";
import { isStorable } from "./json-body.ts";
import { problemOf } from "./problem.ts";

export const ownerCookie = "postd_reconnect";
/** Where the holder of the cookie goes on, and where the platform's page leads back to. */
export const ownerPagePath = "/links/reconnect";

const Form = z.record(z.string(), z.string().max(8_000));
const Token = z.object({ token: z.string().max(200) });

/**
 * Pages for whoever owns an account and has no account here: the link, and where its cookie goes on. They are the
 * server's own also beside the web app. Showing one changes nothing, whatever opens it; its form does.
 */
export function registerReconnectPages(app: FastifyInstance, deps: HttpDeps): void {
  const { ownerLinks } = deps.services;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: 32_768 },
    async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
  );
  const page = (path: string, doorOf: (request: FastifyRequest) => OwnerDoor | undefined) => {
    app.get(path, async (request, reply) => {
      const door = doorOf(request);
      // Whoever did not come back from a platform with the cookie is shown no words out of an address.
      const refusal = door && "session" in door ? refusalIn(request) : "";
      return send(reply, pageOf(door ? await ownerLinks.look(door) : { state: "closed" }, refusal));
    });
    app.post(path, async (request, reply) => {
      const fields = Form.safeParse(request.body ?? {});
      if (!fields.success || !Object.values(fields.data).every(isStorable) || !fromTrustedPage(request, deps.config))
        return send(reply.code(400), htmlPage("That did not work", ["Open the link again, and use its own button."]));
      const door = doorOf(request);
      if (!door) return send(reply, closed);
      const { outcome, session } = await ownerLinks.use(door, typed(fields.data));
      const isHttps = deps.config.publicUrl.startsWith("https:");
      if (session)
        reply.setCookie(ownerCookie, session.secret, {
          path: "/",
          httpOnly: true,
          sameSite: "lax",
          secure: isHttps,
          maxAge: Math.floor(session.lifeMs / 1_000),
        });
      return send(reply, await answerOf(deps, reply, outcome, session ? { session: session.secret } : door));
    });
  };
  page(`${ownerPagePath}/:token`, (request) => {
    const { success, data } = Token.safeParse(request.params);
    return success ? data : undefined;
  });
  page(ownerPagePath, (request) => {
    const session = request.cookies[ownerCookie];
    return session === undefined ? undefined : { session };
  });
}

/** Fields of the form are prefixed, so that none of ours meets one of a platform's. */
const prefix = "field.";
const typed = (form: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(form).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );

const Told = z.object({ detail: z.string().max(600) });
function refusalIn({ query }: FastifyRequest): string {
  const { success, data } = Told.safeParse(query);
  return success ? asText(data.detail) : "";
}

async function answerOf(deps: HttpDeps, reply: FastifyReply, outcome: OwnerOutcome, door: OwnerDoor): Promise<string> {
  switch (outcome.kind) {
    case "closed":
      return closed;
    case "done":
      return done(outcome.account);
    case "go":
      // A form may not lead to another site (Content-Security-Policy), a page may.
      reply.header("refresh", `0; url=${outcome.authUrl}`);
      return htmlPage("Go on at the platform", [
        "You are taken to its own page, where you sign in and allow what is asked.",
        `<a href="${escaped(outcome.authUrl)}">Go on</a>`,
      ]);
    case "refused": {
      const { error } = outcome;
      reply.code(problemOf(error, reply.request.id).status);
      const told = [asText(error.detail), asText(error.next ?? "")].filter((text) => text !== "").join(" ");
      return pageOf(await deps.services.ownerLinks.look(door), told);
    }
    default:
      return outcome satisfies never;
  }
}

function pageOf(page: OwnerPage, refusal: string): string {
  if (page.state === "closed")
    return refusal === ""
      ? closed
      : htmlPage("That did not work", [refusal, "Ask whoever sent you the link for a new one."]);
  if (page.state === "done") return done(page.account);
  const { account, by, fields, scopes, message, expiresAt } = page;
  const { name, platform, workspace } = shown(account);
  const asks =
    by === "redirect"
      ? `You sign in at ${platform} itself. POSTD, the program they use, never sees your password.`
      : `Type what ${platform} gave you for programs. It is kept sealed and shown to nobody.`;
  const inputs = fields.map(
    ({ name: field, label, secret, required, help, defaultValue }) =>
      `<label>${asText(label)}${help === undefined ? "" : ` (${asText(help)})`} <input name="${prefix}${asText(field)}"${secret ? ' type="password" autocomplete="off"' : ""}${required ? " required" : ""} value="${asText(defaultValue ?? "")}"></label>`,
  );
  const button = by === "redirect" ? `Sign in at ${platform}` : "Connect again";
  return htmlPage("An account needs you to sign in again", [
    refusal === "" ? "" : `<b>${refusal}</b>`,
    `${workspace} posts to <b>${name}</b> on ${platform}, and cannot do so until you sign in again.`,
    message === undefined ? "" : asText(message),
    asks,
    scopes.length === 0
      ? ""
      : `${platform} will ask you to allow: ${scopes.map((scope) => `<code>${asText(scope)}</code>`).join(", ")}. Only this account is connected.`,
    `<form method="post">${inputs.join("")}<button>${button}</button></form>`,
    `If you do not know ${workspace}, close this page: nothing happens. The link ends on ${expiresAt.toISOString().slice(0, 10)}.`,
  ]);
}

const shown = ({ name, handle, platform, workspace }: Extract<OwnerPage, { state: "done" }>["account"]) => ({
  name: asText(handle === undefined ? name : `${name} (${handle})`),
  platform: asText(platform),
  workspace: asText(workspace),
});

function done(account: Extract<OwnerPage, { state: "done" }>["account"]): string {
  const { name, platform, workspace } = shown(account);
  return htmlPage("Thank you, it works again", [
    `${workspace} can post to ${name} on ${platform} again. What waited is theirs to send. You may close this page.`,
  ]);
}

const closed = htmlPage("This link is not open", [
  "It was used, replaced by a newer one, or has ended. Ask whoever sent it for a new one. Nothing was changed.",
]);

/** An address may be longer than any text a page shows. */
const escaped = (address: string): string => address.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

const send = (reply: FastifyReply, text: string) =>
  reply
    .type("text/html; charset=utf-8")
    .header("cache-control", "no-store")
    .header("x-robots-tag", "noindex, nofollow")
    .send(text);
