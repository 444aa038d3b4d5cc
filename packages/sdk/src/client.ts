import {
  fail,
  type OperationId,
  type OperationResponse,
  type OperationsById,
  ok,
  operationsById,
  Problem,
  type RequestInput,
  type Result,
} from "@postd/contracts";
import type { CallOptions, ClientOptions } from "./options.ts";
import { prepareRequest } from "./request.ts";

/** No answer that could be read: the server is not there, or something else answered in its place. */
export interface SdkFailure {
  readonly code: "network" | "unexpected_answer";
  readonly detail: string;
  readonly status?: number;
}

type Present<T> = { [K in keyof T as T[K] extends undefined ? never : K]: T[K] };
/** Params, query and body of one operation: what it declares and nothing else. */
export type CallInput<I extends OperationId> = Present<RequestInput<OperationsById[I]>>;

export type CallResult<I extends OperationId> = Result<OperationResponse<OperationsById[I]>, Problem | SdkFailure>;

/** Query is optional everywhere, and a body where the server takes an empty one. */
type Relaxed<T> = Omit<T, "query" | "body"> & Partial<Pick<T, Extract<keyof T, "query" | "body">>>;

export interface Client {
  /**
   * One call of one operation. A refusal comes back as the server's problem document, everything else that can go wrong
   * as an `SdkFailure`. Never throws, never retries: a creating call may be repeated with the same idempotency key.
   */
  call<I extends OperationId>(
    id: I,
    ...args: Record<never, never> extends Relaxed<CallInput<I>>
      ? [input?: Relaxed<CallInput<I>>, options?: CallOptions]
      : [input: Relaxed<CallInput<I>>, options?: CallOptions]
  ): Promise<CallResult<I>>;
}

/** A typed client for every operation in the contracts. */
export function createClient(options: ClientOptions): Client {
  const send = options.fetch ?? ((request: Request) => fetch(request));
  return {
    async call(id, ...[input, callOptions]) {
      const operation = operationsById[id];
      let response: Response;
      let text: string;
      try {
        response = await send(prepareRequest(operation, input ?? {}, options, callOptions ?? {}));
        text = await response.text();
      } catch (error) {
        return fail({ code: "network", detail: error instanceof Error ? error.message : "no answer" });
      }
      if (!response.ok && !carriesAnswer(id, response.status)) return fail(problemIn(response, text));
      const body = "answer" in operation && operation.answer === "text" ? text : json(text);
      const parsed = operation.response.safeParse(body);
      if (!parsed.success) return fail(unexpected(response));
      // The schema just parsed with is the one this operation's type is taken from.
      return ok(parsed.data as never);
    },
  };
}

/** Health is answered in full when it is bad, with 503. */
const carriesAnswer = (id: OperationId, status: number): boolean =>
  status === 503 && (id === "health" || id === "ready");

function problemIn(response: Response, text: string): Problem | SdkFailure {
  const problem = Problem.safeParse(json(text));
  return problem.success ? problem.data : unexpected(response);
}

const unexpected = ({ status }: Response): SdkFailure => ({
  code: "unexpected_answer",
  detail: `The answer (status ${status}) is not one of POSTD. Check the address.`,
  status,
});

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
