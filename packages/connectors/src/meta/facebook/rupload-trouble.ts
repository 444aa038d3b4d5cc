import { type HttpResponse, type PlatformFailure, platformWords } from "@postd/connector-kit";
import { z } from "zod";
import { type FailureHint, graphFailure } from "../failures.ts";

/** What an answer of the upload host means for the upload. */
export type Trouble =
  /** Send again from where Facebook is now. */
  | { readonly is: "wrong_length" }
  /** Facebook blames the file; not to be believed at once. */
  | { readonly is: "blames_file"; readonly failure: PlatformFailure }
  | { readonly is: "failure"; readonly failure: PlatformFailure };

const Debug = z.object({
  debug_info: z.object({
    retriable: z.boolean().optional().catch(undefined),
    type: z.string().optional().catch(undefined),
    message: z.string().optional().catch(undefined),
  }),
});
const Taken = z.object({ success: z.literal(true) });

/**
 * What went wrong at rupload.facebook.com, whose errors are none of the Graph's; undefined where the bytes were taken.
 * Only uploads go there, so nothing of it is ever seen.
 * @source platforms/meta.md section 12, rupload
 */
export function ruploadTrouble(res: HttpResponse, hint: FailureHint): Trouble | undefined {
  if (res.status < 400 && Taken.safeParse(res.json).success) return undefined;
  const debug = Debug.safeParse(res.json).data?.debug_info;
  if (!debug) {
    const failure = graphFailure(res, hint);
    const message = "The upload was answered in words POSTD does not know.";
    return { is: "failure", failure: failure ?? { kind: "outcome_unknown", status: res.status, message } };
  }
  const { type = "", retriable } = debug;
  const message = platformWords(debug.message) || "Facebook did not take the video.";
  const detail = { message, status: res.status, ...(type && { platformCode: platformWords(type) }) };
  if (type === "OffsetInvalidError" || type === "PartialRequestError") return { is: "wrong_length" };
  if (type === "NotAuthorizedError") return { is: "failure", failure: { ...detail, kind: "auth_revoked" } };
  if (type === "FileUrlProcessingError")
    return { is: "failure", failure: { ...detail, kind: "operator_must_act", what: "the public address of files" } };
  if (retriable === true || res.status >= 500) return { is: "failure", failure: { ...detail, kind: "unavailable" } };
  return {
    is: "blames_file",
    failure: { ...detail, kind: "content_rejected", field: hint.field ?? "media", reason: "processing" },
  };
}
