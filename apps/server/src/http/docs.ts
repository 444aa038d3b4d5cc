import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { operations } from "@postd/contracts";
import type { FastifyInstance } from "fastify";
import type { OpenAPIV3_1 } from "openapi-types";
import type { HttpConfig } from "./deps.ts";
import { openApiDocument } from "./openapi.ts";

/** The page documents this server; another framework's mark and a field for other addresses only lead astray. */
const pageCss = ".swagger-ui .topbar { display: none }";

/** `/api/openapi.json` and a page to browse it at `/docs`, all files of it from this server. */
export async function registerDocs(app: FastifyInstance, config: HttpConfig): Promise<void> {
  const document = openApiDocument(operations, config);
  const text = JSON.stringify(document);
  app.get("/api/openapi.json", (_request, reply) =>
    reply.type("application/json; charset=utf-8").header("cache-control", "no-cache").send(text),
  );
  await app.register(swagger, {
    mode: "static",
    specification: { document: document as unknown as OpenAPIV3_1.Document as never },
  });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: true,
    // The page sizes its parts with style attributes; scripts stay limited to this server's files.
    transformStaticCSP: (header) => header.replace("style-src 'self' https:", "style-src 'self' 'unsafe-inline'"),
    uiConfig: { docExpansion: "list", deepLinking: true, persistAuthorization: false, displayRequestDuration: true },
    theme: { title: "POSTD API", css: [{ filename: "postd.css", content: pageCss }] },
  });
}
