import { type HttpResponse, rowsOf, type Said } from "@postd/connector-kit";
import { z } from "zod";

const Text = z.string().optional().catch(undefined);
const Code = z.union([z.string(), z.number()]).transform(String).optional().catch(undefined);
const Validation = z.object({ code: Code, field: Text, message: Text });
const Detail = Validation.extend({
  reason: Text,
  metadata: z.record(z.string(), z.string()).optional().catch(undefined),
  errorDetails: rowsOf(Validation).optional().catch(undefined),
});
const Body = z.object({
  error: z.object({
    message: Text,
    status: Text,
    details: rowsOf(Detail).default([]).catch([]),
    errors: rowsOf(z.object({ reason: Text }))
      .default([])
      .catch([]),
  }),
});
/** Of the token address. */
const Flat = z.object({ error: z.string().min(1), error_description: Text });

const detailsOf = ({ json }: Pick<HttpResponse, "json">) => Body.safeParse(json).data?.error.details ?? [];

/** What a detail of Google's error model tells beside its reason: the service, the limit and its value. */
export const errorMetadata = (res: Pick<HttpResponse, "json">): Readonly<Record<string, string>> =>
  Object.assign({}, ...detailsOf(res).map(({ metadata }) => metadata ?? {}));

export interface GoogleSaid extends Said {
  /** The place in the body that is blamed, in parts written_like_this. */
  readonly place: string | undefined;
}

/**
 * Google's error model: codes of single fields first, then reasons, then the status. A path Google does not know is answered
 * by a page instead; nothing was done then.
 * @source platforms/google-business-profile.md "Errors"
 */
export function readGoogleError(res: HttpResponse): GoogleSaid | undefined {
  if (res.status === 404 && /^\s*<(?:!doctype|html)/i.test(res.text))
    return { codes: ["NO_SUCH_PATH"], place: undefined };
  const flat = Flat.safeParse(res.json).data;
  if (flat) return { codes: [flat.error], words: flat.error_description, place: undefined };
  const told = Body.safeParse(res.json).data?.error;
  if (!told || (told.status === undefined && told.message === undefined)) return undefined;
  const fields = told.details.flatMap(({ errorDetails, ...own }) => errorDetails ?? (own.code ? [own] : []));
  const codes = [
    ...fields.map(({ code }) => code),
    ...told.details.map(({ reason }) => reason),
    ...told.errors.map(({ reason }) => reason),
    told.status,
  ].flatMap((code) => (code ? [code] : []));
  const words = [told.message, ...fields.map(({ message }) => message)].filter(Boolean).join(" ");
  const place = fields.find(({ field }) => field)?.field?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { codes, words, place };
}
