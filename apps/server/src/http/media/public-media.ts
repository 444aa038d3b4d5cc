import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { HttpDeps } from "../deps.ts";
import { ownAddress } from "../own-address.ts";
import { sendProblem } from "../problem.ts";
import { askedRange } from "./byte-range.ts";

/**
 * Where platforms that pull fetch media: the signature in the path is the right to read, so nobody signs in here. A part
 * of a file is answered too, as platforms fetch large videos piece by piece; HEAD answers the headers alone.
 */
export function registerPublicMedia(app: FastifyInstance, deps: HttpDeps): void {
  app.get("/media/:id/:expires/:file", async (request, reply) => {
    const file = await deps.services.media.openSigned({ path: ownAddress(request, deps.config.publicUrl).pathname });
    if (!file)
      return sendProblem(reply, {
        code: "not_found",
        detail: "This link is wrong, has ended, or its file is gone.",
      });
    const { sizeBytes, etag } = file;
    reply.header("accept-ranges", "bytes").header("etag", etag).header("cache-control", "private, no-store");
    const { range, "if-range": ifRange, "if-none-match": known } = request.headers;
    if (known !== undefined && isKnown(known, etag)) return reply.code(304).send();
    // A part is of a GET alone (RFC 9110, 14.2).
    const asked = request.method === "GET" ? askedRange({ range, ifRange: first(ifRange) }, sizeBytes, etag) : "whole";
    if (asked === "none") return reply.code(416).header("content-range", `bytes */${sizeBytes}`).send();
    const part = asked === "whole" ? undefined : asked;
    if (part) reply.code(206).header("content-range", `bytes ${part.from}-${part.to - 1}/${sizeBytes}`);
    return reply
      .type(file.mimeType)
      .header("content-length", part ? part.to - part.from : sizeBytes)
      .header("content-security-policy", "default-src 'none'; sandbox")
      .header("cross-origin-resource-policy", "cross-origin")
      .send(Readable.from(file.open(part), { objectMode: false }));
  });
}

/** Weak tags compare as strong ones here: the bytes behind a link never change. */
const isKnown = (known: string, etag: string): boolean =>
  known.trim() === "*" || known.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);

const first = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;
