import assert from "node:assert/strict";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { testClient } from "@postd/connector-kit/simulator";
import { simulators } from "../simulator.ts";
import { app } from "./world.ts";

export const apis = {
  accounts: "https://mybusinessaccountmanagement.googleapis.com/v1",
  information: "https://mybusinessbusinessinformation.googleapis.com/v1",
  v4: "https://mybusiness.googleapis.com/v4",
  performance: "https://businessprofileperformance.googleapis.com/v1",
  notifications: "https://mybusinessnotifications.googleapis.com/v1",
} as const;
export const minute = 60_000;
export const day = 86_400_000;
export const photo = (seed = 1, width = 2400, height = 1800) => sampleJpeg({ width, height, seed });

/** A client with an account of its own, and what each call of the API takes. */
export function setUp({ kind = "location", scopes }: { kind?: string; scopes?: readonly string[] } = {}) {
  const [definition] = simulators;
  assert.ok(definition);
  const client = testClient(definition, { startAt: "2026-11-20T12:00:00Z" });
  const account = client.simulator.createAccount({ kind, ...(scopes && { scopes }) });
  const location = account.id;
  const bare = location.replace(/^accounts\/\d+\//, "");
  const person = String(account.extra?.subject);
  let token = account.accessToken;
  const get = (url: string, as = token) => client.ask({ url, token: as });
  const send = (method: string, url: string, json?: unknown) =>
    client.ask({ url, method, token, ...(json !== undefined && { json }) });
  const create = (post: unknown) => send("POST", `${apis.v4}/${location}/localPosts`, post);
  const standard = (summary: string, more: object = {}) => create({ topicType: "STANDARD", summary, ...more });
  const read = async (name: string) => (await get(`${apis.v4}/${name}`)).json;
  const exchange = (form: Record<string, string>) => {
    const { client_id, client_secret } = app;
    return client.ask({ url: "https://oauth2.googleapis.com/token", form: { client_id, client_secret, ...form } });
  };
  const refresh = (refresh_token = account.refreshToken ?? "") =>
    exchange({ grant_type: "refresh_token", refresh_token });
  /** Passes time and renews the token. */
  async function later(ms: number): Promise<void> {
    client.advance(ms);
    token = (await refresh()).json.access_token;
  }
  return {
    ...client,
    client,
    account,
    location,
    bare,
    person,
    get,
    send,
    create,
    standard,
    read,
    exchange,
    refresh,
    later,
    token: () => token,
  };
}

/** Number and field of a refusal of v4. */
export const v4Error = ({
  status,
  json,
}: {
  readonly status: number;
  readonly json: { error: { details: object[] } };
}) => {
  const [detail] = json.error.details as { errorDetails?: { code: number; field: string }[]; reason?: string }[];
  const [first] = detail?.errorDetails ?? [];
  return first ? `${status} ${first.code} ${first.field}` : `${status} ${detail?.reason}`;
};
