import { type FailureRule, failureTable, fieldByPlace, rowsOf, untilUtcMidnight } from "@postd/connector-kit";
import { z } from "zod";

/** @source platforms/linkedin.md "Errors" */
const Path = z.union([z.string(), z.object({ fieldPath: z.string() }).transform(({ fieldPath }) => fieldPath)]);
const Input = z.object({ inputPath: Path.optional().catch(undefined) });
const InputError = Input.extend({ code: z.string(), description: z.string(), input: Input }).partial();
const ErrorBody = z
  .object({
    message: z.string(),
    serviceErrorCode: z.union([z.number(), z.string()]),
    code: z.string(),
    errorDetails: z.object({ inputErrors: rowsOf(InputError) }).partial(),
  })
  .partial();

const rejected = (reason: string): FailureRule => ({
  kind: "content_rejected",
  reason,
  say: (words) => `LinkedIn refused the post: ${words || reason}`,
});
const oldVersion: FailureRule = {
  kind: "operator_must_act",
  what: "the LinkedIn API version this server asks for has been retired",
  say: "LinkedIn has retired the version this server asks for. Its operator has to set POSTD_LINKEDIN_API_VERSION or update POSTD.",
};
const notOnApp: FailureRule = {
  kind: "operator_must_act",
  what: "the LinkedIn app lacks a product",
  say: "The app registered at LinkedIn does not have the product this needs. Its operator has to ask LinkedIn for it.",
};
const noRight: FailureRule = {
  kind: "scope_missing",
  say: "LinkedIn does not let this sign-in do that: a permission or a role at the page is missing. Connect again with an administrator of the page.",
};
const duplicate: FailureRule = {
  kind: "content_rejected",
  field: "text",
  reason: "duplicate",
  say: "LinkedIn already shows a post of this account with the same text and refuses a second one. Change the text, or look there first.",
};

const DUPLICATE = /duplicate/i;

/** Fields of a post by their places in the body that is sent. */
const fieldAt = fieldByPlace({
  "/commentary": "text",
  "/visibility": "options.visibility",
  "/content/media/title": "options.title",
  "/content/media/altText": "media.0.altText",
  "/content/multiImage/images/#/altText": "media.#.altText",
  "/content/article/source": "link.url",
  "/content/article/title": "link.title",
  "/content/article/description": "link.description",
  "/content/article/thumbnailAltText": "options.thumbnailAltText",
  "/content/poll": "options.poll",
});

/**
 * Each documented code and what it means. The product gate of an app and a missing role share a status; the name of the
 * `partnerApi` tells them apart, as nothing else does.
 */
export const failures = failureTable({
  name: "LinkedIn",
  read(res) {
    const body = ErrorBody.safeParse(res.json).data;
    if (!body || (body.message === undefined && body.serviceErrorCode === undefined && body.code === undefined))
      return undefined;
    const inputs = body.errorDetails?.inputErrors ?? [];
    const [path] = inputs.flatMap(({ inputPath, input }) => inputPath ?? input?.inputPath ?? []);
    const words = [body.message, ...inputs.map(({ description }) => description)].filter(Boolean).join(" ");
    const bare = /^[A-Z][A-Z_]+$/.exec(body.message ?? "")?.[0];
    const codes = [...inputs.map(({ code }) => code), body.code, bare, body.serviceErrorCode].flatMap((code) =>
      code === undefined || code === "" ? [] : [String(code).toUpperCase()],
    );
    return {
      codes: DUPLICATE.test(words) ? ["DUPLICATE_POST", ...codes] : codes,
      words,
      field: path === undefined ? undefined : fieldAt(path),
      requestId: res.headers["x-li-uuid"] ?? res.headers["x-li-request-id"],
    };
  },
  codes: {
    DUPLICATE_POST: duplicate,
    NONEXISTENT_VERSION: oldVersion,
    MISSING_FIELD: rejected("missing_field"),
    INVALID_URN_TYPE: rejected("invalid"),
    INVALID_URN_ID: rejected("invalid"),
    INVALID_VALUE_FOR_FIELD: rejected("invalid"),
    INVALID_VALUE_BLANK_FIELD: rejected("missing_field"),
    FIELD_LENGTH_TOO_LONG: rejected("too_long"),
    MEDIA_ASSET_WAITING_UPLOAD: { kind: "unavailable", say: "LinkedIn is still working on the file.", waitMs: 5_000 },
    MEDIA_ASSET_PROCESSING_FAILED: { ...rejected("unreadable"), field: "media" },
    EXPIRED_UPLOAD_URL: { kind: "unavailable", say: "The upload took longer than LinkedIn waits for it." },
    EMPTY_ACCESS_TOKEN: { kind: "auth_expired", say: "LinkedIn saw no access token." },
    65600: { kind: "auth_expired", say: "LinkedIn no longer takes the access token." },
    // Said of a token it has just given, too, for some seconds.
    65601: { kind: "auth_expired", say: "LinkedIn says that the access was withdrawn.", waitMs: 5_000 },
    65602: { kind: "auth_expired", say: "The LinkedIn sign-in has ended." },
    65608: {
      kind: "account_blocked",
      say: "LinkedIn has restricted this member. Signing in again does not help; its owner finds the reason at LinkedIn.",
    },
    ACCESS_DENIED: [{ ...notOnApp, words: /partnerApi/i }, noRight],
    CONFLICT: { kind: "unavailable", say: "LinkedIn was changing this at the same moment.", waitMs: 3_000 },
    TOO_MANY_REQUESTS: { kind: "rate_limited", quota: true, say: "Today's allowance at LinkedIn is used up." },
  },
  statuses: {
    400: [{ ...noRight, words: /Organization permissions must be used/i }, rejected("refused")],
    401: { kind: "auth_expired", guess: true, say: "LinkedIn no longer takes the sign-in." },
    403: [{ ...notOnApp, words: /partnerApi/i }, noRight],
    404: { kind: "missing", say: "LinkedIn no longer has it." },
    409: { kind: "unavailable", say: "LinkedIn was changing this at the same moment.", waitMs: 3_000 },
    422: rejected("refused"),
    426: oldVersion,
    429: { kind: "rate_limited", quota: true, say: "Today's allowance at LinkedIn is used up." },
  },
  waits: [untilUtcMidnight],
});
