import { fail, isDeclared, type Operation, ok, type Result, type ServiceError } from "@postd/contracts";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Access, admit, callerOf } from "./access.ts";
import { actingOf, reasonOf } from "./acting-of.ts";
import type { HttpDeps } from "./deps.ts";
import type { Answer, HandlerInput, Route } from "./handler.ts";
import { idempotencyKeyOf, once } from "./idempotency.ts";
import { unstorable } from "./json-body.ts";
import { invalidInput, sendProblem } from "./problem.ts";
import type { RateCheck } from "./rate-limits.ts";

export const isMultipart = ({ headers }: FastifyRequest): boolean =>
  /^\s*multipart\/form-data/i.test(headers["content-type"] ?? "");

/** Who asked, for the request log; ids only. */
export const accessOf = new WeakMap<FastifyRequest, Access>();

/**
 * One operation as a route: caller, scope and rate before the body is read; then input by its schemas, the handler,
 * and its answer. Bodies of uploads and raw requests are read by the handler.
 */
export function registerRoute(app: FastifyInstance, { operation, handle }: Route, deps: HttpDeps, rate: RateCheck) {
  app.route({
    method: operation.method,
    url: operation.path,
    onRequest: async (request, reply) => {
      const admitted = await admit(operation, request, deps);
      const access = admitted.ok ? admitted.value : undefined;
      // A refused caller is counted by address, so that guessing keys is slow.
      const over = operation.unlimited ? undefined : await rate(request, reply, access?.principal);
      if (over) return sendProblem(reply, over);
      if (!admitted.ok) return sendProblem(reply, admitted.error);
      if (access) {
        accessOf.set(request, access);
        for (const cookie of access.setCookies) reply.header("set-cookie", cookie);
      }
      return undefined;
    },
    handler: async (request, reply) => {
      const result = await run(operation, handle, request, reply, deps);
      if (reply.sent) return reply;
      if (result.ok) return sendAnswer(reply, operation, result.value, deps);
      if (deps.config.checkResponses) assertDeclared(operation, result.error);
      return sendProblem(reply, result.error);
    },
  });
}

async function run(
  operation: Operation,
  handle: Route["handle"],
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpDeps,
): Promise<Result<Answer<unknown>, ServiceError>> {
  const parsed = parseInput(operation, request);
  if (!parsed.ok) return parsed;
  const key = idempotencyKeyOf(operation, request.headers["idempotency-key"], parsed.value.body);
  if (!key.ok) return key;
  const principal = accessOf.get(request)?.principal;
  const input: HandlerInput<Operation> = {
    ...parsed.value,
    deps,
    request,
    reply,
    idempotencyKey: key.value,
    principal() {
      if (!principal) throw new Error(`${operation.id} asked for a principal but is public`);
      return principal;
    },
    session() {
      if (principal?.kind !== "session") throw new Error(`${operation.id} asked for a session but takes keys`);
      return principal;
    },
    caller() {
      if (!principal) throw new Error(`${operation.id} asked for a caller but is public`);
      return callerOf(principal);
    },
    maybeCaller: () => (principal ? callerOf(principal) : undefined),
  };
  const { params, body } = parsed.value;
  const reason = reasonOf(request);
  if (!reason.ok) return reason;
  return deps.actAs(actingOf(request, principal, reason.value), () =>
    once(
      {
        operation,
        tenantId: principal?.tenant?.id,
        key: key.value,
        content: isMultipart(request) ? { upload: true } : { params, body },
        run: () => handle(input),
      },
      deps.idempotency,
    ),
  );
}

interface Parsed {
  readonly params: never;
  readonly query: never;
  readonly body: never;
}

function parseInput(operation: Operation, request: FastifyRequest): Result<Parsed, ServiceError> {
  const params = operation.params?.safeParse(request.params);
  // What a path names and cannot exist is not there.
  if (params && !params.success) {
    const { field, problems } = invalidInput(params.error);
    return fail({
      code: "not_found",
      detail: `Nothing here is called that: ${field} ${problems?.[0]?.message ?? "is not an id"}.`,
      ...(field === undefined ? {} : { field }),
    });
  }
  // What a platform sends is made storable instead: it cannot correct it.
  const odd = operation.bodyKind === "raw" ? undefined : unstorable(request.query, "");
  if (odd) return fail({ code: "invalid_input", ...odd });
  const query = operation.query?.safeParse(request.query);
  if (query && !query.success) return fail(invalidInput(query.error));
  const readsBody = operation.body !== undefined && !(operation.bodyKind === "upload" && isMultipart(request));
  const body = readsBody ? operation.body?.safeParse(request.body ?? {}) : undefined;
  if (body && !body.success) return fail(invalidInput(body.error));
  return ok({ params: params?.data as never, query: query?.data as never, body: body?.data as never });
}

function sendAnswer(reply: FastifyReply, operation: Operation, answer: Answer<unknown>, deps: HttpDeps): FastifyReply {
  for (const [name, value] of Object.entries(answer.headers ?? {})) reply.header(name, value);
  if (answer.replayed) reply.header("idempotency-replayed", "true");
  reply.code(answer.status ?? operation.status ?? 200);
  if (answer.stream) return reply.type(answer.stream.type).send(answer.stream.from);
  if (deps.config.checkResponses) {
    assertDeclared(operation, { status: reply.statusCode });
    operation.response.parse(answer.body);
  }
  if (operation.answer === "redirect" && answer.body === null) return reply.send();
  if (operation.answer === "text") return reply.send(answer.body);
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(answer.body));
}

/** What a client cannot read in the description is a mistake of ours. */
function assertDeclared(operation: Operation, answer: Parameters<typeof isDeclared>[1]): void {
  if (isDeclared(operation, answer)) return;
  throw new Error(`${operation.id} does not declare ${"code" in answer ? answer.code : answer.status}`);
}
