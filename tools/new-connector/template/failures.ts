import { failureTable } from "@postd/connector-kit";
import { z } from "zod";

const ErrorBody = z.object({ code: z.string().max(100), message: z.string().optional() });

/** What each documented code means. @source replace by the platform's own list of errors, with the date it was read */
export const failures = failureTable({
  name: "Sample platform",
  read(res) {
    const body = ErrorBody.safeParse(res.json);
    return body.success ? { codes: [body.data.code], words: body.data.message } : undefined;
  },
  codes: {
    token_expired: { kind: "auth_expired", say: "The access token has ended." },
    token_invalid: { kind: "auth_revoked", say: "The access token is not taken any more. Connect again." },
    not_allowed: {
      kind: "scope_missing",
      say: "The access token may not do that. Connect again with one that may post.",
    },
    text_too_long: {
      kind: "content_rejected",
      field: "text",
      reason: "too_long",
      say: "The text is too long. Shorten it.",
    },
    slow_down: { kind: "rate_limited", say: "The platform asks us to slow down." },
  },
});
