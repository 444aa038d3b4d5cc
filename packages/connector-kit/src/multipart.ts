import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { HttpBody, MultipartPart } from "./http.ts";

// As the HTML standard's multipart/form-data encoding does; keeps a file name from ending its header.
const escapeName = (name: string) => name.replace(/\r\n|[\r\n]/g, "%0D%0A").replaceAll('"', "%22");

const head = (boundary: string, part: MultipartPart): Buffer =>
  Buffer.from(
    "filename" in part
      ? `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(part.name)}"; ` +
          `filename="${escapeName(part.filename)}"\r\nContent-Type: ${part.body.contentType}\r\n\r\n`
      : `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(part.name)}"\r\n\r\n`,
  );

const fieldBytes = (value: Extract<MultipartPart, { value: unknown }>["value"]): Buffer =>
  Buffer.from(typeof value === "string" ? value : value.reveal());

/**
 * multipart/form-data with a known length: parts are streamed one after the other and never held whole. Secret values
 * are revealed while the bytes are made.
 */
export function multipartBody(parts: readonly MultipartPart[], boundary = `postd-${randomUUID()}`): HttpBody {
  const end = Buffer.from(`--${boundary}--\r\n`);
  const sizes = parts.map(
    (part) =>
      head(boundary, part).length + ("filename" in part ? part.body.sizeBytes : fieldBytes(part.value).length) + 2,
  );
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    sizeBytes: sizes.reduce((sum, size) => sum + size, end.length),
    async *open() {
      for (const part of parts) {
        yield head(boundary, part);
        if ("filename" in part) yield* part.body.open();
        else yield fieldBytes(part.value);
        yield Buffer.from("\r\n");
      }
      yield end;
    },
  };
}
