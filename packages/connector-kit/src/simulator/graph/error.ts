import { randomId } from "../random.ts";
import { SimRefusal } from "../refusal.ts";
import type { SimResponse } from "../types.ts";

/** Parts of a Graph error; codes and subcodes are the platform's. */
export interface GraphErrorInput {
  readonly code: number;
  readonly message: string;
  readonly subcode?: number;
  readonly type?: string;
  readonly isTransient?: boolean;
  readonly userTitle?: string;
  readonly userMessage?: string;
  /** 400 mostly. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What was written by a change whose read afterwards failed. */
  readonly originalResponse?: Readonly<Record<string, unknown>>;
}

/** Thrown to refuse. */
export class GraphError extends SimRefusal {
  constructor(input: GraphErrorInput) {
    super(errorAnswer(input));
    this.message = input.message;
  }
}

/** The error body all Graph hosts have, with a fresh fbtrace_id. */
export function errorAnswer(input: GraphErrorInput): SimResponse {
  return {
    status: input.status ?? 400,
    headers: { "content-type": "application/json; charset=UTF-8", ...input.headers },
    json: {
      error: {
        message: input.message,
        type: input.type ?? "OAuthException",
        code: input.code,
        ...(input.subcode === undefined ? {} : { error_subcode: input.subcode }),
        is_transient: input.isTransient ?? false,
        ...(input.userTitle === undefined ? {} : { error_user_title: input.userTitle }),
        ...(input.userMessage === undefined ? {} : { error_user_msg: input.userMessage }),
        ...(input.originalResponse === undefined ? {} : { original_response: input.originalResponse }),
        fbtrace_id: `A${randomId().slice(0, 22)}`,
      },
    },
  };
}

/** 100: a parameter is missing, wrong or unknown. */
export const invalidParameter = (message: string, subcode?: number): GraphError =>
  new GraphError({ code: 100, message: `(#100) ${message}`, ...(subcode === undefined ? {} : { subcode }) });

/** 100/33: the object is missing, or this token may not see it. */
export const missingObject = (id: string, method = "get"): GraphError =>
  new GraphError({
    code: 100,
    subcode: 33,
    type: "GraphMethodException",
    message: `Unsupported ${method} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
  });

/** 190 with its subcode: 458 app removed, 460 password, 463 expired, 467 invalid, 492 role lost. */
export const tokenError = (subcode: number): GraphError =>
  new GraphError({
    code: 190,
    subcode,
    message: `Error validating access token: ${tokenReasons[subcode] ?? "The session is invalid."}`,
  });

const tokenReasons: Readonly<Record<number, string>> = {
  458: "The user has not authorized application.",
  459: "The user must log in at facebook.com to continue.",
  460: "The session has been invalidated because the user changed their password.",
  463: "Session has expired.",
  464: "The user is not a confirmed user.",
  467: "The access token is invalid.",
  492: "The session is invalid because the user has no role on the Page any more.",
};
