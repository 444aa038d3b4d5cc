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
