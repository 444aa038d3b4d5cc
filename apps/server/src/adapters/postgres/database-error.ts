import pg from "pg";

/** The error and what caused it, outermost first. */
export function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let at = error; at !== undefined && at !== null && causes.length < 10; ) {
    causes.push(at);
    if (at instanceof AggregateError) causes.push(...at.errors);
    at = at instanceof Error ? at.cause : undefined;
  }
  return causes;
}

/**
 * Lost, refused or full connections, a server that starts, stops, fails over or has run out of something, a statement
 * that lost a race or its time (PostgreSQL appendix A).
 */
const passingState = /^(08...|53...|57P0[1-5]|57014|58...|40001|40P01|55P03|25006|28000|28P01|3D000)$/;
const networkTrouble =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ENOENT)$/;
const networkCall = /^(connect|read|write|getaddrinfo)$/;
/** What the driver says without a code. */
const driverLost =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/** Whether the database is away or busy: the same statement may work later, and nothing is wrong with it. */
export const isPassing = (error: unknown): boolean =>
  causesOf(error).some((cause) => {
    if (!(cause instanceof Error)) return false;
    const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
    // A server that ends or refuses the whole connection, whatever for.
    if (cause instanceof pg.DatabaseError && /^(FATAL|PANIC)$/.test(cause.severity ?? "")) return true;
    if (passingState.test(code)) return true;
    const syscall = "syscall" in cause && typeof cause.syscall === "string" ? cause.syscall : "connect";
    // A file that is missing has the same code as a socket that is.
    if (networkTrouble.test(code)) return code === "ENOENT" ? syscall === "connect" : networkCall.test(syscall);
    return driverLost.test(cause.message);
  });

/**
 * The SQLSTATE of a failed statement, also when the query builder wrapped it; undefined for other errors, or when
 * `constraint` is named and another one was violated.
 */
export function databaseErrorCode(error: unknown, constraint?: string): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (at instanceof pg.DatabaseError)
      return constraint === undefined || at.constraint === constraint ? at.code : undefined;
  return undefined;
}

/** unique_violation of one constraint: somebody else was first. */
export const isTaken = (error: unknown, constraint: string): boolean =>
  databaseErrorCode(error, constraint) === "23505";

/** The DETAIL of a failed statement with this SQLSTATE; undefined for other errors. */
export function databaseErrorDetail(error: unknown, code: string): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (at instanceof pg.DatabaseError && at.code === code) return at.detail;
  return undefined;
}
