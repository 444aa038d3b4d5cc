import { type Actor, errorCodes, type FieldProblem, type Problem, type ServiceError } from "@postd/contracts";
import type { FastifyReply } from "fastify";
import type { z } from "zod";

/** What a code means in a few words, without the case at hand. */
const titles: Readonly<Record<ServiceError["code"], string>> = {
  invalid_input: "The request is not right",
  idempotency_keys_differ: "Two different idempotency keys",
  unauthenticated: "Not signed in",
  forbidden: "Not allowed",
  not_found: "Not found",
  method_not_allowed: "Not a method of this address",
  too_slow: "The request took too long to arrive",
  conflict: "In conflict with what exists",
  idempotency_conflict: "Idempotency key used for another request",
  state_conflict: "Not possible in this state",
  expired: "Too late",
  payload_too_large: "Too large",
  unsupported_media: "Not a kind that is accepted",
  post_has_problems: "The post has problems",
  account_needs_attention: "The account needs a person",
  rate_limited: "Too many requests",
  internal: "Something broke on our side",
  platform_refused: "The platform said no",
  platform_unavailable: "The platform cannot be reached",
  platform_planned: "Planned, not there yet",
  not_configured: "Not set up",
  unavailable: "Not available right now",
};

/** Turns an error code into status and problem document: the one place that does. */
export function problemOf(error: ServiceError, requestId: string): Problem {
  const { status, actor } = errorCodes[error.code];
  return {
    type: `urn:postd:problem:${error.code}`,
    title: titles[error.code],
    status,
    code: error.code,
    detail: error.detail,
    actor: error.actor ?? (actor satisfies Actor),
    ...(error.next === undefined ? {} : { next: error.next }),
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.problems === undefined ? {} : { problems: [...error.problems] }),
    requestId,
  };
}

export function sendProblem(reply: FastifyReply, error: ServiceError): FastifyReply {
  const problem = problemOf(error, reply.request.id);
  if (error.retryAfterMs !== undefined) reply.header("retry-after", String(Math.ceil(error.retryAfterMs / 1_000)));
  if (problem.status === 401) reply.header("www-authenticate", 'Bearer realm="postd"');
  return reply.code(problem.status).type("application/problem+json").send(JSON.stringify(problem));
}

/** Carries a refusal out of a place that cannot return one, such as a body parser or a stream. */
export class Refusal extends Error {
  readonly refusal: ServiceError;
  constructor(refusal: ServiceError) {
    super(refusal.code);
    this.name = "Refusal";
    this.refusal = refusal;
  }
}

/** Every wrong field at once; a union is explained by the branch that came nearest. */
export function invalidInput(error: z.ZodError): ServiceError {
  const problems = error.issues.flatMap((issue) => fieldProblems(issue, []));
  const [first] = problems;
  const detail = first ? `${first.field}: ${first.message}` : "The request does not have the expected form.";
  const more = problems.length - 1;
  return {
    code: "invalid_input",
    detail: more > 0 ? `${detail} (and ${more} more)` : detail,
    next: "Correct the named fields; /docs shows what every operation takes.",
    ...(first === undefined ? {} : { field: first.field }),
    problems: problems.slice(0, 50),
  };
}

function fieldProblems(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[]): FieldProblem[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => problemAt([...path, key], "unknown_field", "is not a field of this request"));
  if (issue.code === "invalid_union") {
    const branches = issue.errors.map((errors) => errors.flatMap((nested) => fieldProblems(nested, path)));
    const nearest = branches.filter((branch) => branch.length > 0).sort((a, b) => a.length - b.length)[0];
    if (nearest) return nearest;
  }
  return [problemAt(path, issue.code, issue.message)];
}

const problemAt = (path: readonly PropertyKey[], code: string, message: string): FieldProblem => ({
  field: path.length === 0 ? "body" : path.map(String).join(".").slice(0, 200),
  code,
  message,
  severity: "error",
});
