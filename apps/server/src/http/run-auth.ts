import { createHash } from "node:crypto";
import { fail, ok, type Result, type ServiceError } from "@postd/contracts";
import type { SignInTry } from "@postd/core";
import type { FastifyRequest } from "fastify";
import ipaddr from "ipaddr.js";
import { headersOf } from "./access.ts";
import { refusalOf } from "./auth-answers.ts";
import type { AuthInput, AuthOperation } from "./auth-operations.ts";
import type { HttpDeps } from "./deps.ts";
import { createGate } from "./gate.ts";
import { invalidInput } from "./problem.ts";

/** Where sign-in operations stand below. */
export const authBase = "/api/auth";
export const clientAddressHeader = "x-postd-client-address";
/** Hashing a password takes one of the process's few threads for tens of milliseconds, and anybody may ask for it. */
const hashing = createGate({ running: 2, waiting: 50 });

/**
 * One request to the sign-in library: checked input, throttles and rules first, then the library. Whatever is refused
 * is named in the log by request, client address and a hash of the account; never with the address or a password.
 */
export async function runAuth(
  deps: HttpDeps,
  request: FastifyRequest,
  { operation, url, body }: { readonly operation: AuthOperation; readonly url: URL; readonly body: unknown },
): Promise<Result<Response, ServiceError>> {
  const parsed = operation.body?.safeParse(body ?? {});
  if (parsed && !parsed.success) return fail(invalidInput(parsed.error));
  const input: AuthInput = parsed?.data ?? {};
  const wish = operation.kind && tryOf(operation.kind, request, input);
  const refuse = (error: ServiceError): Result<never, ServiceError> => {
    if (wish && error.code !== "internal" && error.code !== "unavailable")
      deps.log.warn(
        {
          requestId: request.id,
          clientAddress: request.ip,
          what: wish.kind,
          reason: error.code,
          ...(input.email === undefined ? {} : { account: accountMark(input.email) }),
        },
        "a sign-in was refused",
      );
    return fail(error);
  };
  const admitted = wish && (await deps.services.signIn.admit(wish));
  if (admitted && !admitted.ok) return refuse(admitted.error);
  if (wish?.kind === "confirm_address") {
    const confirmed = await confirmAddress(deps, input);
    return confirmed.ok ? ok(Response.json({ status: true })) : refuse(confirmed.error);
  }
  const ask = () => deps.auth.handle(libraryRequest(request, url, operation, input));
  const answer = operation.method === "POST" ? await hashing(ask) : await ask();
  if (answer.status >= 400) return refuse(refusalOf(answer, await answer.text()));
  if (wish) await deps.services.signIn.passed(wish);
  return ok(answer);
}

function libraryRequest(request: FastifyRequest, url: URL, operation: AuthOperation, input: AuthInput): Request {
  const headers = headersOf(request);
  for (const name of ["content-length", "transfer-encoding", "connection", "host"]) headers.delete(name);
  // The library reads the client's address from one header, which only this line writes.
  headers.set(clientAddressHeader, request.ip);
  if (operation.method === "GET") return new Request(url, { headers });
  headers.set("content-type", "application/json");
  return new Request(new URL(`${authBase}${operation.path}`, url), {
    method: "POST",
    headers,
    body: JSON.stringify({ ...input, ...operation.always }),
  });
}

function tryOf(kind: SignInTry["kind"], request: FastifyRequest, input: AuthInput): SignInTry {
  const { email, name } = input;
  const newPassword = kind === "sign_up" ? input.password : input.newPassword;
  const account = email ?? (kind === "confirm_address" ? input.token : sessionCookie(request));
  return {
    kind,
    clientAddress: networkOf(request.ip),
    ...(account === undefined ? {} : { account }),
    ...(newPassword === undefined ? {} : { newPassword }),
    ...(email === undefined ? {} : { hints: [email, ...email.split("@"), ...(name?.split(/\s+/) ?? []), name ?? ""] }),
    ...(input.link === undefined ? {} : { link: input.link }),
  };
}

/** The session, or the sign-in that waits for its second factor. */
const sessionCookie = ({ cookies }: FastifyRequest): string | undefined =>
  Object.entries(cookies).find(([name]) => /postd\.(session_token|two_factor)$/.test(name))?.[1];

/** One household or server has a whole /64 of IPv6, so all of it counts as one. */
function networkOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.isIPv4MappedAddress()
    ? parsed.toIPv4Address().toString()
    : ipaddr.IPv6.networkAddressFromCIDR(`${address.split("%", 1)[0]}/64`).toString();
}

/** Tells accounts apart in the log without naming them; docs/guides/operate.md says how to find one. */
const accountMark = (email: string): string => createHash("sha256").update(email).digest("hex").slice(0, 16);

/**
 * The link proves the mailbox, the password that this person made the account: else whoever opens a mail they did not
 * ask for would hand their address to a stranger's account.
 */
async function confirmAddress(deps: HttpDeps, { token = "", password = "" }: AuthInput) {
  const { signIn } = deps.services;
  const userId = await signIn.confirmationOf(token);
  if (userId && !(await deps.auth.passwordFits(userId, password)))
    return fail<ServiceError>({
      code: "unauthenticated",
      field: "password",
      detail: "This is not the password that was chosen when the account was made.",
      next: "If you did not make it, ask for a new password: that makes it yours.",
    });
  if (userId && (await signIn.confirmAddress(token))) return ok(undefined);
  return fail<ServiceError>({
    code: "expired",
    field: "token",
    detail: "This link was used, replaced by a newer one, or has ended.",
    next: "Sign in with your password; a new link is mailed then if it is needed.",
  });
}
