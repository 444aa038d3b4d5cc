import type { FastifyInstance, FastifyReply } from "fastify";
import { withoutToken } from "./auth-answers.ts";
import { authOperationOf } from "./auth-operations.ts";
import type { BodyPool } from "./body-pool.ts";
import type { HttpDeps } from "./deps.ts";
import { isStorable, jsonParser } from "./json-body.ts";
import { ownAddress } from "./own-address.ts";
import { sendProblem } from "./problem.ts";
import type { RateCheck } from "./rate-limits.ts";
import { authBase, runAuth } from "./run-auth.ts";

const maxBytes = 32_768;

/** Sign-up, sign-in, sign-out and passwords under `/api/auth/`. Answers carry no session token outside the cookie. */
export function registerAuthRoutes(app: FastifyInstance, deps: HttpDeps, rate: RateCheck, bodies: BodyPool): void {
  app.addContentTypeParser("application/json", jsonParser(bodies, maxBytes));
  app.route({
    method: ["GET", "POST"],
    url: `${authBase}/*`,
    // Before the body is read.
    onRequest: async (request, reply) => {
      const over = await rate(request, reply, undefined);
      return over ? sendProblem(reply, over) : undefined;
    },
    handler: async (request, reply) => {
      const url = ownAddress(request, deps.config.publicUrl);
      const operation = authOperationOf(request.method, url.pathname.slice(authBase.length));
      if (!operation) return sendProblem(reply, { code: "not_found", detail: "There is no such sign-in operation." });
      if (![...url.searchParams.values()].every(isStorable))
        return sendProblem(reply, {
          code: "invalid_input",
          detail: "The address holds characters that cannot be stored.",
        });
      const answer = await runAuth(deps, request, { operation, url, body: request.body });
      return answer.ok ? forward(reply, answer.value) : sendProblem(reply, answer.error);
    },
  });
}

async function forward(reply: FastifyReply, answer: Response): Promise<FastifyReply> {
  for (const cookie of answer.headers.getSetCookie()) reply.header("set-cookie", cookie);
  const location = answer.headers.get("location");
  if (location !== null) return reply.code(answer.status).header("location", location).send();
  return reply
    .code(answer.status)
    .type("application/json; charset=utf-8")
    .send(withoutToken(await answer.text()));
}
