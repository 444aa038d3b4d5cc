import { Buffer } from "node:buffer";
import type { EncodedRequest } from "@postd/connector-kit";
import type { Dispatcher } from "undici";

/** How one call on the wire ended. */
export type CallOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "too_long"; readonly status: number }
  /** `sent`: a connection stood and the request was handed to it, so bytes may have left. `cause`: a short code. */
  | { readonly kind: "broken"; readonly sent: boolean; readonly cause: string; readonly refusal?: string };

const ownErrors: Readonly<Record<string, string>> = { EgressRefused: "refused" };

/** A short code for what went wrong; messages are left out, since they may quote what was sent. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return "error";
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return ownErrors[error.name] ? `${ownErrors[error.name]}:${code}` : code;
}

/** undici wraps what happened to several addresses of one name; the first cause speaks for all. */
function rootOf(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
}

/**
 * Makes one call and never throws. It is `sent` from the moment an established connection takes the request: refused
 * connections, unknown names, failed TLS and time-outs while connecting come before it.
 */
export function callOnce(
  dispatcher: Dispatcher,
  origin: string,
  request: EncodedRequest,
  limits: { readonly timeoutMs: number; readonly maxAnswerBytes: number; readonly close: boolean },
): Promise<CallOutcome> {
  return new Promise((resolve) => {
    let sent = false;
    let over = false;
    let status = 0;
    let headers: Record<string, string> = {};
    let size = 0;
    const chunks: Buffer[] = [];
    let abort: ((reason: Error) => void) | undefined;

    const finish = (outcome: CallOutcome) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      resolve(outcome);
    };
    const stop = (outcome: CallOutcome, reason: string) => {
      finish(outcome);
      abort?.(new Error(reason));
    };
    const broken = (error: unknown) => {
      const root = rootOf(error);
      const refusal = root instanceof Error && root.name === "EgressRefused" ? { refusal: root.message } : {};
      finish({ kind: "broken", sent, cause: causeOf(root), ...refusal });
    };
    const timer = setTimeout(() => stop({ kind: "broken", sent, cause: "timeout" }, "timeout"), limits.timeoutMs);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        // A call given up while it waited for a connection must not be sent after all.
        if (over) return controller.abort(new Error("given up"));
        sent = true;
        abort = (reason) => controller.abort(reason);
      },
      onResponseStart(_controller, statusCode, answered) {
        if (statusCode < 200) return;
        status = statusCode;
        headers = Object.fromEntries(
          Object.entries(answered).flatMap(([name, value]) =>
            value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(", ") : value]],
          ),
        );
        if (Number(headers["content-length"]) > limits.maxAnswerBytes && request.method !== "HEAD")
          stop({ kind: "too_long", status }, "answer too long");
      },
      onResponseData(_controller, chunk) {
        size += chunk.length;
        if (size > limits.maxAnswerBytes) stop({ kind: "too_long", status }, "answer too long");
        else chunks.push(chunk);
      },
      onResponseEnd() {
        finish({ kind: "answered", status, headers, bytes: Buffer.concat(chunks) });
      },
      onResponseError(_controller, error) {
        broken(error);
      },
    };
    try {
      const dispatch: Dispatcher.DispatchOptions = {
        origin,
        path: `${request.url.pathname}${request.url.search}`,
        method: request.method,
        headers: request.headers,
        reset: limits.close,
        body: bodyOf(request) as NonNullable<Dispatcher.DispatchOptions["body"]> | null,
      };
      dispatcher.dispatch(dispatch, handler);
    } catch (error) {
      broken(error);
    }
  });
}

/** undici takes any async iterable, though its types name streams only. */
function bodyOf(request: EncodedRequest): unknown {
  return request.body && request.body.sizeBytes > 0 ? request.body.open() : null;
}
