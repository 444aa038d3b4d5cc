import pg from "pg";

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

/** Server not there, going away, starting, or out of connections (PostgreSQL appendix A, classes 08, 53, 57). */
const awayCode = /^(08...|53300|57P0[1235]|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|ENOENT)$/;
/** What the driver says without a code. */
const driverLost =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** The database could not be reached, or was lost on the way: the same again may well work. */
export function isDatabaseAway(error: unknown): boolean {
  return causesOf(error).some((cause) => {
    const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
    return awayCode.test(code) || driverLost.test(cause.message);
  });
}

/** The error and what caused it, outermost first. */
function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < 10; at = at.cause) {
    causes.push(at);
    if (at instanceof AggregateError) causes.push(...at.errors.filter((one): one is Error => one instanceof Error));
  }
  return causes;
}
