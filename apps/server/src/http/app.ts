import cookie from "@fastify/cookie";
import multipart from "@fastify/multipart";
import fastify, { type FastifyInstance, LogController } from "fastify";
import { registerAuthRoutes } from "./auth-routes.ts";
import type { HttpDeps } from "./deps.ts";
import { registerDocs } from "./docs.ts";
import { everyAnswer } from "./every-answer.ts";
import { parseJsonBody } from "./json-body.ts";
import { registerLinkPages } from "./link-pages.ts";
import { registerPublicMedia } from "./media/public-media.ts";
import { registerPlainPages } from "./plain-pages.ts";
import { sendProblem } from "./problem.ts";
import { rateChecks } from "./rate-limits.ts";
import { accessOf, registerRoute } from "./register.ts";
import { routes } from "./routes.ts";
import { loggable, refusalOf } from "./thrown.ts";
import { registerWeb } from "./web.ts";

export type { HttpAuth, HttpConfig, HttpDeps, HttpServices } from "./deps.ts";
export { defaultHttpLimits } from "./deps.ts";

/**
 * The whole HTTP role: API, sign-in, documentation, signed media, the web app. Reads no environment and opens no
 * socket; call `listen` or `inject` on what comes back, and `close` when done.
 */
export function createHttpApp(deps: HttpDeps): FastifyInstance {
  const { config, log } = deps;
  const answers = everyAnswer(config);
  const app = fastify({
    loggerInstance: log,
    // The framework's own lines would hold whole addresses, and those carry codes and signatures.
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: (request) => answers.requestId(request),
    // Node would answer a missing host, and the framework a request while closing, in words of their own.
    http: { requireHostHeader: false },
    return503OnClosing: false,
    bodyLimit: config.jsonMaxBytes,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => {
      answers.cover(request.raw, reply.raw);
      log.debug({ requestId: request.id }, "refused before routing");
      void sendProblem(reply, refusalOf(error));
    },
    clientErrorHandler: (error, socket) => {
      const requestId = answers.malformed(error, socket);
      log.debug({ requestId, code: error.code }, "refused what is not a request");
    },
  });

  // First on the server itself, before the framework sees anything; the hook is for requests that come without a socket.
  app.server.prependListener("request", answers.cover);
  // An expectation we do not know may be ignored (RFC 9110 section 10.1.1); Node would answer it bare.
  app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
  app.addHook("onRequest", async (request, reply) => {
    answers.cover(request.raw, reply.raw);
    const refused = answers.refusal(request.raw);
    return refused === undefined ? undefined : sendProblem(reply, refused);
  });
  app.addHook("onResponse", async (request, reply) => {
    const principal = accessOf.get(request)?.principal;
    log.info(
      {
        requestId: request.id,
        method: request.method,
        // The pattern, never the address: addresses carry authorisation codes and signatures.
        route: request.routeOptions.url ?? "unmatched",
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
        ...(principal?.tenant ? { tenantId: principal.tenant.id } : {}),
        ...(principal ? { actorId: principal.kind === "key" ? principal.keyId : principal.userId } : {}),
      },
      "request",
    );
  });
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.code === "internal") log.error({ requestId: request.id, error: loggable(error) }, "request failed");
    else if (refusal.code === "unavailable")
      log.warn({ requestId: request.id, error: loggable(error) }, "database unreachable");
    return sendProblem(reply, refusal);
  });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, {
      code: "not_found",
      detail: "There is nothing at this address.",
      next: "See /docs for every operation.",
    }),
  );

  app.register(async (root) => {
    await root.register(cookie);
    await root.register(multipart, {
      limits: { files: 1, fields: 4, fieldSize: 20_000, fileSize: config.mediaMaxBytes + 1, headerPairs: 100 },
      throwFileSizeLimit: false,
    });
    const rate = await rateChecks(root, config);

    await root.register(async (json) => {
      json.removeContentTypeParser(["application/json", "text/plain"]);
      json.addContentTypeParser("application/json", { parseAs: "buffer" }, async (_request: unknown, body: Buffer) =>
        parseJsonBody(body),
      );
      for (const route of routes) if (route.operation.bodyKind !== "raw") registerRoute(json, route, deps, rate);
    });
    await root.register(async (raw) => {
      raw.removeAllContentTypeParsers();
      raw.addContentTypeParser(
        "*",
        { parseAs: "buffer", bodyLimit: config.webhookMaxBytes },
        async (_request: unknown, body: Buffer) => body,
      );
      for (const route of routes) if (route.operation.bodyKind === "raw") registerRoute(raw, route, deps, rate);
    });
    await root.register(async (auth) => registerAuthRoutes(auth, deps, rate));
    await root.register(async (media) => registerPublicMedia(media, deps));
    await root.register(async (docs) => registerDocs(docs, config));
    if (config.webDirectory !== undefined) await registerWeb(root, config.webDirectory);
    else {
      registerPlainPages(root, config);
      await root.register(async (pages) => registerLinkPages(pages, deps));
    }
  });
  return app;
}
