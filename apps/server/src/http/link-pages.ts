import type { Result, ServiceError } from "@postd/contracts";
import { LinkToken } from "@postd/contracts";
import type { SessionPrincipal } from "@postd/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { fromTrustedPage } from "./access.ts";
import { authOperationOf } from "./auth-operations.ts";
import type { HttpDeps } from "./deps.ts";
import { asText, htmlPage } from "./html-page.ts";
import { isStorable } from "./json-body.ts";
import { problemOf } from "./problem.ts";
import { runAuth } from "./run-auth.ts";

const Form = z.record(z.string(), z.string());
type Fields = z.infer<typeof Form>;

/**
 * Where the links of mails and of the first start lead while there is no web app. Showing a page changes nothing, since
 * mail scanners open links; its form does. No token is written anywhere but into the form it came with.
 */
export function registerLinkPages(app: FastifyInstance, deps: HttpDeps): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: 8_192 },
    async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
  );
  const page = (
    path: string,
    show: (token: string) => Promise<string> | string,
    act: (token: string, fields: Fields, request: FastifyRequest, reply: FastifyReply) => Promise<string>,
  ) => {
    app.get(path, async (request, reply) => send(reply, await show(tokenOf(request))));
    app.post(path, async (request, reply) => {
      const fields = Form.safeParse(request.body ?? {});
      if (!fields.success || !Object.values(fields.data).every(isStorable) || !fromTrustedPage(request, deps.config))
        return send(
          reply.code(400),
          htmlPage("That did not work", ["This form was not sent from its own page. Open the link again."]),
        );
      return send(reply, await act(tokenOf(request, fields.data), fields.data, request, reply));
    });
  };

  page("/confirm-address", confirmForm, async (token, { password = "" }, request, reply) => {
    const done = await auth(deps, request, "/confirm-address", { token, password });
    return done.ok ? htmlPage("Your address is confirmed", ["You can sign in now."]) : refused(reply, done.error);
  });
  page("/new-password", newPasswordForm, async (token, { newPassword = "" }, request, reply) => {
    const done = await auth(deps, request, "/reset-password", { token, newPassword });
    return done.ok
      ? htmlPage("You have a new password", ["Sign in with it. Every other session has ended."])
      : refused(reply, done.error);
  });
  page(
    "/invitations/:token",
    async (token) => {
      const seen = LinkToken.safeParse(token).success ? await deps.services.people.getInvitation(token) : undefined;
      if (seen?.ok !== true || seen.value.status !== "pending")
        return htmlPage("This invitation is not open", ["It was used, withdrawn or has ended. Ask for a new one."]);
      const { tenantName, invitedBy, role, email } = seen.value;
      return htmlPage("You are invited", [
        `${asText(invitedBy)} invites you to work in ${asText(tenantName)} as ${role}.`,
        accountForm("Join", email),
      ]);
    },
    async (token, fields, request, reply) => {
      const me = await account(deps, request, reply, { ...fields, link: token });
      if (typeof me === "string") return me;
      const joined = await deps.services.people.acceptInvitation(me, token);
      return joined.ok
        ? htmlPage("You have joined", [`You work in ${asText(joined.value.name)} as ${joined.value.role} now.`])
        : refused(reply, joined.error);
    },
  );
  page(
    "/operator/:token",
    () =>
      htmlPage("Run this POSTD", [
        "This link works once and makes you an operator.",
        accountForm("Become operator", ""),
      ]),
    async (token, fields, request, reply) => {
      const me = await account(deps, request, reply, { ...fields, link: token });
      if (typeof me === "string") return me;
      if (me.operator) return htmlPage("You are an operator", ["You may pause and resume the whole instance."]);
      const done = await deps.services.people.becomeOperator(me, token);
      return done.ok
        ? htmlPage("You are an operator", ["You may pause and resume the whole instance."])
        : refused(reply, done.error);
    },
  );
}

/** Signs up where a name is given, else in; a page where there is no session yet. */
async function account(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { name = "", email = "", password = "", link = "" }: Fields,
): Promise<SessionPrincipal | string> {
  const done =
    name === ""
      ? await auth(deps, request, "/sign-in/email", { email, password })
      : await auth(deps, request, "/sign-up/email", { name, email, password, link });
  if (!done.ok) return refused(reply, done.error);
  const cookies = done.value.headers.getSetCookie();
  for (const cookie of cookies) reply.header("set-cookie", cookie);
  const headers = new Headers({ cookie: cookies.map((cookie) => cookie.split(";")[0] ?? "").join("; ") });
  const found = await deps.auth.resolve(headers);
  return found?.principal.kind === "session"
    ? found.principal
    : htmlPage("Confirm your address", [
        "A mail was sent to it. Confirm the address, then open this link again and sign in.",
      ]);
}

function auth(
  deps: HttpDeps,
  request: FastifyRequest,
  path: string,
  body: object,
): Promise<Result<Response, ServiceError>> {
  const operation = authOperationOf("POST", path);
  if (!operation) throw new Error(`there is no sign-in operation ${path}`);
  return runAuth(deps, request, { operation, url: new URL(`/api/auth${path}`, deps.config.publicUrl), body });
}

function tokenOf(request: FastifyRequest, fields: Fields = {}): string {
  const Place = z.object({ token: z.string().max(200).optional() });
  const [params, query] = [Place.safeParse(request.params), Place.safeParse(request.query)];
  return fields.token ?? params.data?.token ?? query.data?.token ?? "";
}

function refused(reply: FastifyReply, error: ServiceError): string {
  reply.code(problemOf(error, reply.request.id).status);
  if (error.retryAfterMs !== undefined) reply.header("retry-after", String(Math.ceil(error.retryAfterMs / 1_000)));
  return htmlPage("That did not work", [asText(error.detail), asText(error.next ?? "")]);
}

const send = (reply: FastifyReply, text: string) =>
  reply.type("text/html; charset=utf-8").header("cache-control", "no-store").send(text);

const hidden = (token: string) => `<input type="hidden" name="token" value="${asText(token)}">`;
const secretField = (label: string, name: string, kind: string) =>
  `<label>${label} <input type="password" name="${name}" autocomplete="${kind}" required></label>`;

const confirmForm = (token: string) =>
  htmlPage("Confirm your address", [
    "Give the password you chose when you made the account. If you made none, close this page.",
    `<form method="post" action="/confirm-address">${hidden(token)}${secretField("Password", "password", "current-password")}<button>Confirm</button></form>`,
  ]);

const newPasswordForm = (token: string) =>
  htmlPage("Choose a new password", [
    `<form method="post" action="/new-password">${hidden(token)}${secretField("New password, at least 10 characters", "newPassword", "new-password")}<button>Save</button></form>`,
  ]);

const accountForm = (button: string, email: string) =>
  `<form method="post"><label>Name, for a new account; leave it empty to sign in <input name="name" autocomplete="name" maxlength="100"></label><label>E-mail address <input type="email" name="email" value="${asText(email)}" autocomplete="email" required></label>${secretField("Password", "password", "current-password")}<button>${button}</button></form>`;
