/**
 * Test reporter for tools/run-file.ts: one JSON line per finished test, nothing else. What a test prints by itself goes to
 * its own output.
 */
import type { TestEvent } from "node:test/reporters";

/** What the runner itself says at the end, counted by the lanes in their own way. */
const runnersOwn = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type === "test:pass")
      yield line({ ...state(event.data), name: event.data.name, type: event.data.details.type });
    if (event.type === "test:diagnostic" && !runnersOwn.test(event.data.message))
      yield line({ state: "note", name: event.data.message });
    if (event.type !== "test:fail") continue;
    const { name, details } = event.data;
    yield line({ state: "failed", name, type: details.type, why: explain(details.error) });
  }
}

function state(data: { skip?: string | boolean; todo?: string | boolean }): { state: string; why?: string } {
  const why = data.skip ?? data.todo;
  if (why === undefined || why === false) return { state: "passed" };
  return { state: "skipped", ...(typeof why === "string" ? { why } : {}) };
}

function explain(error: Error): string {
  const cause =
    error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause ?? error.message);
  return cause.split("\n").slice(0, 25).join("\n");
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
