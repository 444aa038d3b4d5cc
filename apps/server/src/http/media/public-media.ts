import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { HttpDeps } from "../deps.ts";
import { ownAddress } from "../own-address.ts";
import { sendProblem } from "../problem.ts";

/** Where platforms that pull fetch media: the signature in the path is the right to read, so nobody signs in here. */
export function registerPublicMedia(app: FastifyInstance, deps: HttpDeps): void {
  app.get("/media/:id/:expires/:file", async (request, reply) => {
    const file = await deps.services.media.openSigned({ path: ownAddress(request, deps.config.publicUrl).pathname });
    if (!file)
      return sendProblem(reply, {
        code: "not_found",
        detail: "This link is wrong, has ended, or its file is gone.",
      });
    return reply
      .type(file.mimeType)
      .header("content-length", file.sizeBytes)
      .header("cache-control", "private, no-store")
      .header("content-security-policy", "default-src 'none'; sandbox")
      .header("cross-origin-resource-policy", "cross-origin")
      .send(Readable.from(file.stream, { objectMode: false }));
  });
}
