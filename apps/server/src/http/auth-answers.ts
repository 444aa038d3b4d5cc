import type { ServiceError } from "@postd/contracts";
import { z } from "zod";

const AuthError = z.object({ code: z.string().optional(), message: z.string().optional() });

/** What the sign-in library refused, in the API's words. `text` is the body of `answer`. */
export function refusalOf(answer: Response, text: string): ServiceError {
  const { code, message } = AuthError.safeParse(parsed(text)).data ?? {};
  const detail = `${(message ?? "Signing in did not work").replace(/\.$/, "")}.`;
  switch (answer.status) {
    case 401:
      return (
        secondFactorRefusals[code ?? ""] ?? {
          code: "unauthenticated",
          detail,
          next: "Check the address and the password.",
        }
      );
    case 403:
      return code === "EMAIL_NOT_VERIFIED"
        ? {
            code: "forbidden",
            detail: "This address is not confirmed yet.",
            field: "email",
            next: "Open the link in the mail that was just sent to it.",
          }
        : { code: "forbidden", detail };
    case 404:
      return { code: "not_found", detail };
    case 409:
      return { code: "conflict", detail };
    case 422:
      return code?.startsWith("USER_ALREADY_EXISTS")
        ? { code: "conflict", detail: "This address has an account already.", field: "email", next: "Sign in instead." }
        : { code: "invalid_input", detail };
    case 429:
      return {
        code: "rate_limited",
        detail: "Too many tries.",
        next: "Wait a little and try again.",
        retryAfterMs: Number(answer.headers.get("x-retry-after") ?? 10) * 1_000,
      };
    default:
      if (code === "INVALID_PASSWORD")
        return {
          code: "invalid_input",
          field: "currentPassword",
          detail: "currentPassword: is not your password.",
          next: "Type it again, or ask for a new one by mail.",
        };
      if (code === "INVALID_TOKEN")
        return {
          code: "invalid_input",
          field: "token",
          detail: "token: this link was used, replaced by a newer one, or has ended.",
          next: "Ask for a new link.",
        };
      return answer.status < 500
        ? { code: "invalid_input", detail }
        : {
            code: "internal",
            detail: "Signing in broke on our side.",
            next: "Try again; if it stays, tell the operator.",
          };
  }
}

const secondFactorRefusals: Readonly<Record<string, ServiceError>> = {
  INVALID_CODE: {
    code: "unauthenticated",
    field: "code",
    detail: "code: is not the one the app shows now.",
    next: "Wait for the next code and check the clock of the device, or use a backup code.",
  },
  INVALID_BACKUP_CODE: {
    code: "unauthenticated",
    field: "code",
    detail: "code: is none of your backup codes, or was used before.",
    next: "Use another one, or the code of the app.",
  },
  INVALID_TWO_FACTOR_COOKIE: {
    code: "unauthenticated",
    detail: "Nobody waits for a code here; the sign-in was finished, given up or too long ago.",
    next: "Sign in with the password again.",
  },
};

/** The cookie is the session; a copy of its token in a page's reach would defeat http-only. */
export function withoutToken(text: string): string {
  const value = parsed(text);
  if (typeof value !== "object" || value === null || !("token" in value || "session" in value)) return text || "{}";
  const { token: _token, session: _session, ...rest } = { token: "", session: "", ...value };
  return JSON.stringify(rest);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
