import type { IncomingMessage } from "node:http";
import cookie from "@fastify/cookie";
import multipart from "@fastify/multipart";
import { type BodyKind, operationsById } from "@postd/contracts";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import { registerAuthRoutes } from "./auth-routes.ts";
import { createBodyPool } from "./body-pool.ts";
import type { HttpDeps, HttpServices } from "./deps.ts";
import { registerDocs } from "./docs.ts";
import { everyAnswer } from "./every-answer.ts";
import { shared } from "./gate.ts";
import { jsonParser } from "./json-body.ts";
import { registerLinkPages } from "./link-pages.ts";
import { registerPublicMedia } from "./media/public-media.ts";
import { methodsAt } from "./methods-at.ts";
import { registerPlainPages } from "./plain-pages.ts";
import { sendProblem } from "./problem.ts";
import { rateChecks } from "./rate-limits.ts";
import { registerReconnectPages } from "./reconnect-pages.ts";
import { accessOf, isMultipart, registerRoute } from "./register.ts";
import { routes } from "./routes.ts";
import { defaultSocketLimits, limitSockets } from "./socket-limits.ts";
import { loggable, refusalOf } from "./thrown.ts";
import { registerWeb } from "./web.ts";

export type { HttpAuth, HttpConfig, HttpDeps, HttpServices } from "./deps.ts";
export { defaultHttpLimits } from "./deps.ts";

/**
 * The whole HTTP role: API, sign-in, documentation, signed media, the web app. Reads no environment and opens no
 * socket; call `listen` or `inject` on what comes back, and `close` when done.
 */
export function createHttpApp(given: HttpDeps): FastifyInstance {
  const deps: HttpDeps = { ...given, services: { ...given.services, ...askedOnce(given.services) } };
  const { config, log } = deps;
  const answers = everyAnswer(config);
  const socketLimits = { ...defaultSocketLimits, ...config.socketLimits };
  const bodies = createBodyPool(config.bodiesMaxBytes ?? defaultBodiesMaxBytes);
  const app = fastify({
    loggerInstance: log,
    // The framework's own lines would hold whole addresses, and those carry codes and signatures.
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: (request) => answers.requestId(request),
    // Node would answer a missing host, and the framework a request while closing, in words of their own. Node looks at
    // its own limits this often; bodies are watched by what arrives, see `limitSockets`.
    http: { requireHostHeader: false, connectionsCheckingInterval: 5_000, headersTimeout: socketLimits.headersMs },
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

  // Nothing is read into memory but by the parsers below; what no operation takes is refused unread.
  app.removeAllContentTypeParsers();
  limitSockets(app, socketLimits, isUpload);
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
  app.addHook("onRequest", async (request, reply) => (request.is404 ? notFound(request, reply) : undefined));
  app.setNotFoundHandler((request, reply) => notFound(request, reply));

  // An open stream would keep its connection, and closing would wait for it.
  app.addHook("preClose", () => deps.services.eventStreams.close());

  app.register(async (root) => {
    await root.register(cookie);
    const rate = await rateChecks(root, config);
    const registerAll = (on: FastifyInstance, kind: BodyKind) => {
      for (const route of routes)
        if ((route.operation.bodyKind ?? "json") === kind) registerRoute(on, route, deps, rate);
    };
    const parseJson = jsonParser(bodies, config.jsonMaxBytes);

    await root.register(async (json) => {
      json.addContentTypeParser("application/json", parseJson);
      registerAll(json, "json");
    });
    await root.register(async (upload) => {
      await upload.register(multipart, {
        limits: { files: 1, fields: 4, fieldSize: 20_000, fileSize: config.mediaMaxBytes + 1, headerPairs: 100 },
        throwFileSizeLimit: false,
      });
      upload.addContentTypeParser("application/json", parseJson);
      registerAll(upload, "upload");
    });
    await root.register(async (raw) => {
      raw.addContentTypeParser("*", (request: FastifyRequest, payload: IncomingMessage) =>
        bodies.collect(request, payload, config.webhookMaxBytes),
      );
      registerAll(raw, "raw");
    });
    await root.register(async (auth) => registerAuthRoutes(auth, deps, rate, bodies));
    await root.register(async (media) => registerPublicMedia(media, deps));
    await root.register(async (docs) => registerDocs(docs, config));
    await root.register(async (pages) => registerReconnectPages(pages, deps));
    if (config.webDirectory !== undefined) await registerWeb(root, config.webDirectory);
    else {
      registerPlainPages(root, config);
      await root.register(async (pages) => registerLinkPages(pages, deps));
    }
  });
  return app;
}

/** Room for all bodies that are still arriving, whoever sends them. */
const defaultBodiesMaxBytes = 16_000_000;

const isUpload = (request: FastifyRequest): boolean =>
  request.routeOptions.url === operationsById.createMedia.path && isMultipart(request);

function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const next = "See /docs for every operation.";
  const methods = methodsAt(request.url);
  // An address that takes the method is told apart by its own rules, of its parameters for instance.
  if (methods.length === 0 || methods.includes(request.method))
    return sendProblem(reply, { code: "not_found", detail: "There is nothing at this address.", next });
  const allow = methods.join(", ");
  reply.header("allow", allow);
  return sendProblem(reply, { code: "method_not_allowed", detail: `This address takes ${allow}.`, next });
}

/** What anybody may ask and what asks the database: many who ask at once cost as much as one. */
function askedOnce({ health, metrics }: HttpServices): Pick<HttpServices, "health" | "metrics"> {
  return {
    health: { ...health, ready: shared(() => health.ready()), health: shared(() => health.health()) },
    metrics: { ...metrics, render: shared(() => metrics.render()) },
  };
}
