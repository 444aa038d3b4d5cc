import { platformErrors } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { XrpcError } from "./answer.ts";

/** Fact sheet, "Errors"; a name that is not here goes with 400. */
const statuses: Readonly<Record<string, number>> = {
  AuthMissing: 401,
  AuthenticationRequired: 401,
  AuthFactorTokenRequired: 401,
  AccountTakedown: 401,
  AccountDeactivated: 401,
  AccountSuspended: 401,
  AccountNotFound: 403,
  BadScope: 403,
  ScopeMissingError: 403,
  XRPCNotSupported: 404,
  BlobTooLarge: 413,
  PayloadTooLarge: 413,
  RateLimitExceeded: 429,
  InternalServerError: 500,
  MethodNotImplemented: 501,
  UpstreamFailure: 502,
  NotEnoughResources: 503,
  UpstreamTimeout: 504,
};

/** `platformError` with `{error, message?, status?}`, the form of every XRPC refusal. */
export const blueskyErrors = platformErrors({
  fields: z.strictObject({
    error: z.string(),
    message: z.string().optional(),
    status: z.int().min(200).max(599).optional(),
  }),
  answer: ({ error, message = "An error the test asked for", status }) =>
    new XrpcError(status ?? statuses[error] ?? 400, error, message).toAnswer(),
});
