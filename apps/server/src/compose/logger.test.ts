import assert from "node:assert/strict";
import { test } from "node:test";
import { secret } from "@postd/connector-kit";
import { createLogger } from "./logger.ts";

test("cookies, keys and wrapped secrets stay out of the log, however deep a library puts them", () => {
  const lines: string[] = [];
  const log = createLogger({ logLevel: "trace", role: "all" }, { write: (line: string) => lines.push(line) });
  const headers = { cookie: "session=planted", authorization: "Bearer planted", "set-cookie": "planted" };
  log.trace({ busboyOptions: { headers } }, "options of a form parser");
  log.trace({ headers }, "headers");
  log.info({ token: "planted", call: { accessToken: "planted" }, key: secret("planted") }, "fields");
  assert.equal(lines.length, 3);
  assert.ok(!lines.join("").includes("planted"), lines.join(""));
});
