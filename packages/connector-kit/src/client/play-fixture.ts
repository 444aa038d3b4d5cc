import { asId } from "@postd/contracts";
import { playFormat } from "../conformance/play-format.ts";
import type { ConnectorContext, MediaInfo } from "../context.ts";
import { bodyOf } from "../encode-request.ts";
import type { OutgoingPost, Step } from "../publish.ts";
import { secret } from "../secret.ts";

/** A file of so many bytes; only for tests. */
export const fileOf = (sizeBytes: number, name = "med_1"): MediaInfo => ({
  id: asId("media", name),
  kind: "video",
  mimeType: "video/mp4",
  sizeBytes,
  sha256: name,
});

/** Runs steps with the shipped driver at a platform of the test's own, whose calls are functions; only for tests. */
export async function played<S extends { readonly [key: string]: unknown }>(
  steps: readonly Step<S>[],
  start: S,
  post: Partial<OutgoingPost> = {},
) {
  let nowMs = Date.UTC(2026, 10, 26, 12);
  const beganMs = nowMs;
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const ctx = (onVisible: () => void): ConnectorContext => ({
    http: {
      // The one call these platforms know: something an audience sees leaves.
      async request(request) {
        onVisible();
        return {
          ok: true,
          value: { status: 200, headers: {}, text: "", json: undefined, effect: request.effect ?? "visible" },
        };
      },
    },
    clock: { now: () => new Date(nowMs) },
    log,
    app: { value: () => undefined, secret: () => undefined },
    apiVersion: "1",
    account: { externalId: "1", kind: "page", authKind: "keys", name: "Ida", extras: {} },
    credentials: { accessToken: secret("token") },
    media: {
      publicUrl: async () => "https://media.example/1",
      open: async (_id, { from, to } = { from: 0, to: 0 }) => bodyOf("x".repeat(to - from), "video/mp4"),
    },
  });
  const report = await playFormat({
    name: "place.file",
    // biome-ignore lint/suspicious/noExplicitAny: the state is the test's own.
    format: { label: "File", media: { min: 0, max: 9 }, start: () => start, steps: steps as readonly Step<any>[] },
    post: { format: "file", text: "", media: [], options: {}, ...post },
    world: {
      now: () => new Date(nowMs),
      advance: (ms) => {
        nowMs += ms;
      },
      account: () => ctx(() => {}).account,
      renew: async () => ({ kind: "auth_revoked", message: "Nothing is renewed here." }),
      context: (_step, onVisible) => ctx(onVisible),
    },
    note: (run) => run,
  });
  return { ...report, tookMs: nowMs - beganMs, runs: report.trace.map(({ step, outcome }) => `${step} ${outcome}`) };
}
