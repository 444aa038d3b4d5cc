import { createHash } from "node:crypto";
import type { BetterAuthOptions, DBAdapter, DBTransactionAdapter, Where } from "better-auth";

/** Stored form of a session token. Tokens are 32 random characters, so a fast hash is enough. */
export const storedSessionToken = (token: string): string =>
  `sha256_${createHash("sha256").update(token).digest("hex")}`;

type Methods = Pick<
  DBTransactionAdapter,
  "create" | "findOne" | "findMany" | "count" | "update" | "updateMany" | "delete" | "deleteMany"
>;

/**
 * The library keeps session tokens as they are; this adapter keeps only their hash. A token is hashed when it is written
 * and when it is looked for, and given back where the caller named it, so the library never notices. Rows found any
 * other way carry the hash, which opens nothing.
 */
export function hashSessionTokens<O extends BetterAuthOptions>(inner: (options: O) => DBAdapter<O>) {
  return (options: O): DBAdapter<O> => {
    const adapter = inner(options);
    return {
      ...adapter,
      ...hashing(adapter),
      transaction: (run) => adapter.transaction((tx) => run({ ...tx, ...hashing(tx) })),
    };
  };
}

function hashing(inner: Methods): Methods {
  return {
    create: async (input) => {
      const { model, data } = input;
      if (model !== "session") return inner.create(input);
      const token = tokenIn(data);
      const row = await inner.create({
        ...input,
        data: token === undefined ? data : { ...data, token: storedSessionToken(token) },
      });
      return named(row, token) as never;
    },
    findOne: async (input) => {
      if (input.model !== "session") return inner.findOne(input);
      const row = await inner.findOne({ ...input, where: hashedWhere(input.where) });
      return named(row, tokenNamed(input.where)) as never;
    },
    findMany: (input) =>
      inner.findMany(input.model === "session" && input.where ? { ...input, where: hashedWhere(input.where) } : input),
    count: (input) =>
      inner.count(input.model === "session" && input.where ? { ...input, where: hashedWhere(input.where) } : input),
    update: async (input) => {
      if (input.model !== "session") return inner.update(input);
      const token = tokenIn(input.update);
      const row = await inner.update({
        ...input,
        where: hashedWhere(input.where),
        update: token === undefined ? input.update : { ...input.update, token: storedSessionToken(token) },
      });
      return named(row, token ?? tokenNamed(input.where)) as never;
    },
    updateMany: (input) =>
      inner.updateMany(input.model === "session" ? { ...input, where: hashedWhere(input.where) } : input),
    delete: (input) => inner.delete(input.model === "session" ? { ...input, where: hashedWhere(input.where) } : input),
    deleteMany: (input) =>
      inner.deleteMany(input.model === "session" ? { ...input, where: hashedWhere(input.where) } : input),
  };
}

const hashedWhere = (where: Where[]): Where[] =>
  where.map((clause) => {
    if (clause.field !== "token") return clause;
    if (typeof clause.value === "string") return { ...clause, value: storedSessionToken(clause.value) };
    if (Array.isArray(clause.value))
      return { ...clause, value: clause.value.map((token) => storedSessionToken(String(token))) };
    return clause;
  });

const tokenNamed = (where: readonly Where[]): string | undefined => {
  const value = where.find(({ field }) => field === "token")?.value;
  return typeof value === "string" ? value : undefined;
};

const tokenIn = (data: object): string | undefined =>
  "token" in data && typeof data.token === "string" ? data.token : undefined;

const named = (row: unknown, token: string | undefined): unknown =>
  typeof row === "object" && row !== null && token !== undefined ? { ...row, token } : row;
