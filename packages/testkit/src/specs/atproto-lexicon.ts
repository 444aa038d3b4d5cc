import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  jsonToLex,
  type LexiconDoc,
  Lexicons,
  type LexXrpcProcedure,
  type LexXrpcQuery,
  parseLexiconDoc,
} from "@atproto/lexicon";

/** One call as it went over the wire; `input` and `output` are parsed JSON, undefined where there was none. */
export interface Exchange {
  readonly nsid: string;
  readonly query: URLSearchParams;
  readonly input?: unknown;
  readonly output?: unknown;
  /** Set when the call was refused: `{error, message}` of any name is a valid refusal. */
  readonly refused?: boolean;
}

/** Reads every lexicon below `<specsDir>/atproto/lexicons`. Throws when there is none. */
export function loadLexicons(specsDir: string): Lexicons {
  const root = join(specsDir, "atproto", "lexicons");
  const docs = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry): LexiconDoc => parseLexiconDoc(JSON.parse(readFileSync(join(entry.parentPath, entry.name), "utf8"))))
    // Permission sets are no schemas; the validator has no use for them.
    .filter(({ defs }) => (defs.main?.type as string | undefined) !== "permission-set");
  if (docs.length === 0) throw new Error(`no lexicons below ${root}`);
  return new Lexicons(docs);
}

/** What is wrong with an exchange by the official schemas; empty when nothing is. */
export function lexiconProblems(lexicons: Lexicons, exchange: Exchange): readonly string[] {
  const definition = lexicons.getDef(exchange.nsid);
  if (definition?.type !== "query" && definition?.type !== "procedure")
    return [`${exchange.nsid} has no query or procedure among the lexicons`];
  const problems: string[] = [];
  const collect = (what: string, check: () => unknown) => {
    try {
      check();
    } catch (error) {
      problems.push(`${exchange.nsid} ${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  collect("params", () => lexicons.assertValidXrpcParams(exchange.nsid, typedParams(definition, exchange.query)));
  if (definition.type === "procedure" && definition.input?.schema !== undefined) {
    collect("input", () => lexicons.assertValidXrpcInput(exchange.nsid, jsonToLex(exchange.input as never)));
    const record = recordOf(exchange.input);
    if (record !== undefined)
      collect("record", () => lexicons.assertValidRecord(record.$type, jsonToLex(record as never)));
  }
  if (exchange.refused === true) {
    if (!isRefusal(exchange.output)) problems.push(`${exchange.nsid} refusal is not {error, message}`);
  } else if (definition.output?.schema !== undefined) {
    collect("output", () => lexicons.assertValidXrpcOutput(exchange.nsid, jsonToLex(exchange.output as never)));
  }
  return problems;
}

/** Query strings have no types; the lexicon says which parameters are numbers, truth values and lists. */
function typedParams(definition: LexXrpcQuery | LexXrpcProcedure, query: URLSearchParams): Record<string, unknown> {
  const properties = definition.parameters?.properties ?? {};
  const names = [...new Set(query.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const type = properties[name]?.type;
      const text = query.get(name);
      if (type === "array") return [name, query.getAll(name)];
      if (type === "integer") return [name, Number(text)];
      return [name, type === "boolean" ? text === "true" : text];
    }),
  );
}

/** The record inside a create or put; its own lexicon is checked too, because the method's says only "unknown". */
function recordOf(input: unknown): { readonly $type: string } | undefined {
  const record = typeof input === "object" && input !== null && "record" in input ? input.record : undefined;
  return typeof record === "object" && record !== null && "$type" in record && typeof record.$type === "string"
    ? { ...record, $type: record.$type }
    : undefined;
}

const isRefusal = (output: unknown): boolean =>
  typeof output === "object" &&
  output !== null &&
  "error" in output &&
  typeof output.error === "string" &&
  "message" in output &&
  typeof output.message === "string";
