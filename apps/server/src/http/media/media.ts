import { fail, ok, operationsById as op, type ServiceError } from "@postd/contracts";
import { answer, defined, type HandlerInput, route, same } from "../handler.ts";
import { isStorable } from "../json-body.ts";
import { Refusal } from "../problem.ts";
import { refusalOf } from "../thrown.ts";

export const mediaRoutes = [
  route(op.getMediaSettings, async ({ deps, caller }) => answer(await deps.services.media.settings(caller()), same)),
  route(op.updateMediaSettings, async ({ deps, caller, body }) =>
    answer(await deps.services.media.changeSettings(caller(), body), same),
  ),
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

interface Form {
  altText?: string;
}

/** Streams the part named `file` and takes `altText` from before or behind it; a refused form keeps nothing. */
async function upload({ deps, caller, request }: HandlerInput<typeof op.createMedia>) {
  const form: Form = {};
  const parts = readable(request.parts());
  try {
    const file = await readFields(parts, form);
    if (!file.ok) return file;
    if (!file.value) return refused("file", "is missing");
    const { filename } = file.value;
    const fileName = filename && isStorable(filename) ? filename.slice(0, 255) : undefined;
    const stream = limited(file.value.file, deps.config.mediaMaxBytes);
    const more = async () => {
      const rest = await readFields(parts, form);
      if (!rest.ok) return rest;
      return rest.value ? refused("file", "comes twice; send one file a request") : ok(form);
    };
    return answer(await deps.services.media.upload(caller(), defined({ stream, fileName, more })), same);
  } finally {
    await parts.return(undefined);
  }
}

type Parts = ReturnType<HandlerInput<typeof op.createMedia>["request"]["parts"]>;
type Part = Parts extends AsyncIterable<infer P> ? P : never;

/** Reads fields into the form, up to the next file; undefined: the form has ended. */
async function readFields(parts: AsyncGenerator<Part>, form: Form) {
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    const part = next.value;
    if (part.type === "file")
      return part.fieldname === "file"
        ? ok(part)
        : refused(part.fieldname, "is not a file this form takes, name it file");
    if (part.fieldname !== "altText") return refused(part.fieldname, "is not a field of this form");
    if (typeof part.value !== "string" || part.valueTruncated || part.value.length > altTextMaxChars)
      return refused("altText", `must be text of at most ${altTextMaxChars} characters`);
    if (!isStorable(part.value)) return refused("altText", "holds characters that cannot be stored");
    form.altText = part.value;
  }
  return ok(undefined);
}

const refused = (field: string, message: string) => {
  const name = isStorable(field) ? field.slice(0, 100) : "form";
  return fail({
    code: "invalid_input" as const,
    detail: `${name}: ${message}.`,
    field: name,
    next: "Send multipart/form-data with one part named file and, where wanted, altText.",
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
