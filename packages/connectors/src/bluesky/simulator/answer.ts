import type { SimResponse } from "@postd/connector-kit/simulator";

/** An XRPC refusal: `{error, message}` (fact sheet, "Errors"). Thrown by handlers, turned into an answer by the router. */
export class XrpcError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  toAnswer(): SimResponse {
    return { status: this.status, headers: this.headers, json: { error: this.code, message: this.message } };
  }
}

export const invalidRequest = (message: string): XrpcError => new XrpcError(400, "InvalidRequest", message);

/** Stricter than the platform, on purpose: what it would take in silence is a mistake of the client all the same. */
export const stricter = (message: string): XrpcError => invalidRequest(`Simulator: ${message}`);
