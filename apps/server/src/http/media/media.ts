import { fail, operationsById as op, type ServiceError } from "@postd/contracts";
import { answer, defined, type HandlerInput, route, same } from "../handler.ts";
import { isStorable } from "../json-body.ts";
import { Refusal } from "../problem.ts";
import { refusalOf } from "../thrown.ts";

export const mediaRoutes = [
  route(op.createMedia, async (input) => {
    const { deps, caller, body, request } = input;
    if (request.isMultipart()) return upload(input);
    return answer(await deps.services.media.fetchFromUrl(caller(), defined(body)), same);
  }),
  route(op.getMedia, async ({ deps, caller, params }) =>
    answer(await deps.services.media.get(caller(), params.id), same),
  ),
  route(op.deleteMedia, async ({ deps, caller, params }) =>
    answer(await deps.services.media.remove(caller(), params.id), same),
  ),
];

const altTextMaxChars = 5_000;

/** Streams the part named `file`; `altText` counts where it comes before the file. */
async function upload({ deps, caller, request }: HandlerInput<typeof op.createMedia>) {
  let altText: string | undefined;
  for await (const part of readable(request.parts())) {
    if (part.type === "field") {
      if (part.fieldname !== "altText") return refused(part.fieldname, "is not a field of this form");
      if (typeof part.value !== "string" || part.valueTruncated || part.value.length > altTextMaxChars)
        return refused("altText", `must be text of at most ${altTextMaxChars} characters`);
      if (!isStorable(part.value)) return refused("altText", "holds characters that cannot be stored");
      altText = part.value;
      continue;
    }
    if (part.fieldname !== "file") return refused(part.fieldname, "is not a file this form takes, name it file");
    const fileName = part.filename && isStorable(part.filename) ? part.filename.slice(0, 255) : undefined;
    const stream = limited(part.file, deps.config.mediaMaxBytes);
    return answer(await deps.services.media.upload(caller(), defined({ stream, fileName, altText })), same);
  }
  return refused("file", "is missing");
}

const refused = (field: string, message: string) => {
  const name = isStorable(field) ? field.slice(0, 100) : "form";
  return fail({
    code: "invalid_input" as const,
    detail: `${name}: ${message}.`,
    field: name,
    next: "Send multipart/form-data with altText (optional) and then one part named file.",
  });
};

/** Ends with a refusal once more has come than is allowed, so that no cut file is taken for a whole one. */
async function* limited(stream: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const chunk of readable(stream)) {
    seen += chunk.byteLength;
    if (seen > maxBytes)
      throw new Refusal({
        code: "payload_too_large",
        detail: `The file is larger than ${Math.floor(maxBytes / 1_000_000)} MB, the most this server takes.`,
        field: "file",
        next: "Send a smaller file.",
      });
    yield chunk;
  }
}

/** A form that is broken or cut off is the sender's doing, whatever the parser throws. */
async function* readable<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        throw new Refusal({
          code: "invalid_input",
          detail: "The form is broken or was cut off before its end.",
          field: "file",
          next: "Send it again as multipart/form-data.",
          ...refusalCode(error),
        });
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** What the parser names as too large or too many keeps its own answer. */
function refusalCode(error: unknown): Partial<ServiceError> {
  const known = refusalOf(error);
  return known.code === "internal" || known.code === "unavailable" ? {} : known;
}
