import {
  type Clock,
  type FailureDetail,
  type HttpResponse,
  type PlatformFailure,
  serverFailure,
} from "@postd/connector-kit";
import { z } from "zod";

const ErrorBody = z.object({ code: z.string().max(100) });

type Verdict = (said: FailureDetail) => PlatformFailure;

/** What each documented code means. @source replace by the platform's own list of errors, with the date it was read */
const byCode: Readonly<Record<string, Verdict>> = {
  token_expired: (said) => ({ ...said, kind: "auth_expired", message: "The access token has ended." }),
  token_invalid: (said) => ({
    ...said,
    kind: "auth_revoked",
    message: "The access token is not taken any more. Connect again.",
  }),
  text_too_long: (said) => ({
    ...said,
    kind: "content_rejected",
    field: "text",
    reason: "too_long",
    message: "The text is too long. Shorten it.",
  }),
};

/** The failure an error answer means: by the platform's code first, by the status second. Pure. */
export function failureOf(
  res: Pick<HttpResponse, "status" | "headers" | "effect" | "json">,
  clock: Clock,
): PlatformFailure {
  const body = ErrorBody.safeParse(res.json);
  const platformCode = body.success ? { platformCode: body.data.code } : {};
  const verdict = body.success && Object.hasOwn(byCode, body.data.code) ? byCode[body.data.code] : undefined;
  if (verdict) return verdict({ ...platformCode, status: res.status, message: "" });
  return serverFailure(res, { clock, ...platformCode });
}
