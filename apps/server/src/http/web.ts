import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { ownAddress } from "./own-address.ts";

/** Built files under hashed names may be kept for ever; the page that names them must be asked for anew. */
export async function registerWeb(app: FastifyInstance, directory: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: directory,
    wildcard: false,
    decorateReply: true,
    index: false,
    setHeaders: (reply, path) => {
      reply.header("cache-control", /[/\\]assets[/\\]/.test(path) ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  // Every page of the app is index.html; the router in the browser reads the address. Unknown API paths stay problems.
  app.get("/", (_request, reply) => reply.sendFile("index.html"));
  app.get("/*", (request, reply) => {
    const { pathname } = ownAddress(request, "http://localhost");
    if (/^\/(api|docs|metrics)(\/|$)/.test(pathname) || /\.[a-z0-9]{2,5}$/i.test(pathname)) return reply.callNotFound();
    return reply.sendFile("index.html");
  });
}
