import pg from "pg";
import { storable } from "./storable.ts";

/** One statement with its values, `$1` and so on in the text. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** Texts beyond this many per connection are parsed anew each time, so that odd ones do not pile up at the server. */
const namedMax = 300;
/** Names of statements the server knows, by connection and text. */
const namesOf = new WeakMap<object, Map<string, string>>();
let made = 0;

/**
 * Sends statements in one message and waits once. Together they are one transaction: PostgreSQL begins it with the first,
 * commits it at the end of the message, and rolls it back on the first error (protocol, "Pipelining": no commit before
 * Sync). Each text is parsed and planned once per connection, and again where a migration has changed its columns.
 * Answers one result per statement.
 */
export async function runBatch(pool: pg.Pool, statements: readonly Statement[]): Promise<readonly pg.QueryResult[]> {
  const client = await pool.connect();
  try {
    const results = await sendTo(client, statements).catch((error: unknown) => {
      // All of it was undone, and the names of its statements are forgotten.
      if (isOutdatedPlan(error)) return sendTo(client, statements);
      throw error;
    });
    client.release();
    return results;
  } catch (error) {
    // What the server refused leaves the connection as it was; anything else leaves it in an unknown state.
    client.release(!(error instanceof pg.DatabaseError));
    throw error;
  }
}

function sendTo(client: pg.PoolClient, statements: readonly Statement[]): Promise<readonly pg.QueryResult[]> {
  return new Promise((resolve, reject) => {
    const callback = (error: Error | null, answered: readonly pg.QueryResult[] | pg.QueryResult) =>
      error ? reject(error) : resolve([answered].flat());
    client.query(Object.assign(batchQuery(statements), { callback }));
  });
}

/** The only refusal of a plan that is known; the server has one code for many (feature_not_supported). */
const isOutdatedPlan = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && error.code === "0A000" && error.routine === "RevalidateCachedQuery";

/** What the published types leave out. */
type DriverQuery = pg.Query & { handleError(error: Error, connection: pg.Connection): void };

/** The driver's own query, with several statements written where it would write one. */
function batchQuery(statements: readonly Statement[]): pg.Query {
  const query = new pg.Query("") as DriverQuery;
  const fresh: string[] = [];
  query.submit = (connection) => {
    const names = namesOf.get(connection) ?? new Map<string, string>();
    namesOf.set(connection, names);
    connection.stream.cork();
    try {
      for (const statement of statements) send(connection, statement, names, fresh);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  };
  const handleError = query.handleError.bind(query);
  query.handleError = (error, connection) => {
    // The server skipped what came after the error, so it may not know these; they get new names.
    const names = namesOf.get(connection);
    for (const text of isOutdatedPlan(error) ? statements.map(({ sql }) => sql) : fresh) names?.delete(text);
    handleError(error, connection);
  };
  return query;
}

function send(
  connection: pg.Connection,
  { sql, params }: Statement,
  names: Map<string, string>,
  fresh: string[],
): void {
  let name = names.get(sql);
  if (name === undefined) {
    made += 1;
    name = names.size < namedMax ? `postd_${made}` : "";
    connection.parse({ text: sql, name, types: [] }, true);
    if (name !== "") {
      names.set(sql, name);
      fresh.push(sql);
    }
  }
  connection.bind({ statement: name, values: params.map(wire) }, true);
  connection.describe({ type: "P", name: "" }, true);
  connection.execute({}, true);
}

/** A value as PostgreSQL reads it: text, or bytes. */
function wire(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return storable(value);
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  throw new Error("a value of a statement must be text, a number, a boolean, a date or bytes");
}
