import { samplePng } from "@postd/connector-kit/media-samples";
import { type SimulatorDefinition, testClient } from "@postd/connector-kit/simulator";
import { simulators } from "../simulator.ts";

export const api = "https://api.linkedin.com";
export const enc = encodeURIComponent;

/** The simulator in process with one account, and the calls of the versioned API in short. */
export function setUp(kind: "member" | "page" = "member", scopes?: readonly string[]) {
  const client = testClient(simulators[0] as SimulatorDefinition, { startAt: "2026-11-26T12:00:00Z" });
  const account = client.simulator.createAccount({ kind, ...(scopes && { scopes }) });
  const token = account.accessToken;
  const headers = { "linkedin-version": "202609", "x-restli-protocol-version": "2.0.0" };
  const get = (path: string) => client.ask({ url: `${api}/${path}`, token, headers });
  const send = (path: string, json: unknown, more: Record<string, string> = {}) =>
    client.ask({ url: `${api}/${path}`, token, json, headers: { ...headers, ...more } });
  const remove = (path: string) => client.ask({ url: `${api}/${path}`, token, headers, method: "DELETE" });
  const post = (fields: Record<string, unknown> = {}) =>
    send("rest/posts", {
      author: account.id,
      commentary: "Fresh beans",
      visibility: "PUBLIC",
      distribution: { feedDistribution: "MAIN_FEED", targetEntities: [], thirdPartyDistributionChannels: [] },
      lifecycleState: "PUBLISHED",
      ...fields,
    });
  const put = (url: string, bytes: Uint8Array) => client.ask({ url, method: "PUT", bytes, token });
  async function image(bytes = samplePng({ width: 2, height: 2 })): Promise<string> {
    const { value } = (
      await send("rest/images?action=initializeUpload", { initializeUploadRequest: { owner: account.id } })
    ).json;
    const { status } = await put(value.uploadUrl, bytes);
    if (status !== 201) throw new Error(`the upload was answered ${status}`);
    return value.image;
  }
  return { ...client, client, account, token, get, send, remove, post, put, image };
}
