import assert from "node:assert/strict";
import { testClient } from "@postd/connector-kit/simulator";
import { simulators } from "../simulator.ts";

export const html =
  '<html><head><style>p{}</style></head><body><p>Fresh &amp; washed</p><p><a href="https://northfold.example/beans">Beans</a></p></body></html>';

/** A client with an account of its own, and what each call of the API takes. */
export function setUp({ kind = "paid" }: { readonly kind?: string } = {}) {
  const [definition] = simulators;
  assert.ok(definition);
  const client = testClient(definition, { startAt: "2026-11-26T12:03:00Z" });
  const account = client.simulator.createAccount({ kind });
  const token = account.accessToken;
  const base = `https://${account.extra?.dc}.api.mailchimp.com/3.0/`;
  const list = String(account.extra?.listId);
  const get = (path: string) => client.ask({ url: base + path, token });
  const send = (method: string, path: string, json?: unknown) =>
    client.ask({ url: base + path, token, method, ...(json !== undefined && { json }) });
  const post = (path: string, json?: unknown) => send("POST", path, json);
  const settings = { subject_line: "Fresh beans", from_name: "Northfold", reply_to: "ida@northfold.example" };
  /** A campaign with content and counted recipients; answers its id. */
  async function draft(more: Record<string, unknown> = {}): Promise<string> {
    const made = await post("campaigns", { type: "regular", recipients: { list_id: list }, settings, ...more });
    assert.equal(made.status, 200, made.text);
    const filled = await send("PUT", `campaigns/${made.json.id}/content`, { html });
    assert.equal(filled.status, 200, filled.text);
    client.advance(8_000);
    return made.json.id;
  }
  /** A campaign that is out. */
  async function sent(more: Record<string, unknown> = {}): Promise<string> {
    const id = await draft(more);
    const answer = await post(`campaigns/${id}/actions/send`);
    assert.equal(answer.status, 204, answer.text);
    client.advance(30_000);
    return id;
  }
  return { ...client, client, account, token, base, list, settings, get, send, post, draft, sent };
}
