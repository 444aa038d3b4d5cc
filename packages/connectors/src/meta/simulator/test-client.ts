import { sampleJpeg, sampleMp4, samplePng } from "@postd/connector-kit/media-samples";
import { mountInProcess, type SimAnswer, type SimRequest, type SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { simulators } from "../simulator.ts";

/** What a call came to: status, headers and the parsed body. */
export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read deep into answers whose shape is what they assert.
  readonly body: any;
}

const definition = simulators[0];

/** A mounted simulator on a clock tests move, with made-up media to pull. */
export function testClient(startAt = "2026-11-20T12:00:00Z") {
  if (definition === undefined) throw new Error("the Meta simulator is missing");
  let nowMs = Date.parse(startAt);
  const files = new Map<string, { bytes: Uint8Array; contentType: string }>();
  const delivered: { url: string; headers: Readonly<Record<string, string>>; body: string }[] = [];
  const mounted = mountInProcess(definition, {
    clock: { now: () => new Date(nowMs) },
    fetchMedia: async (url) => files.get(url),
    deliver: async (url, request) => {
      delivered.push({ url, ...request });
      return 200;
    },
  });

  async function send(input: {
    method: string;
    url: string;
    headers?: Record<string, string>;
    body?: Uint8Array | string;
  }): Promise<SimAnswer> {
    const url = new URL(input.url);
    const request: SimRequest = {
      method: input.method,
      host: url.host,
      path: url.pathname,
      query: url.searchParams,
      headers: input.headers ?? {},
      rawBody: typeof input.body === "string" ? new TextEncoder().encode(input.body) : (input.body ?? new Uint8Array()),
    };
    return mounted.handle(request);
  }

  const told = (answer: SimAnswer): Told => {
    if (typeof answer === "string") return { status: 0, headers: {}, body: answer };
    return { status: answer.status, headers: answer.headers ?? {}, body: bodyOf(answer) };
  };

  return {
    mounted,
    simulator: mounted.simulator,
    delivered,
    files,
    send: async (input: Parameters<typeof send>[0]) => told(await send(input)),
    advance(ms: number) {
      nowMs += ms;
    },
    now: () => nowMs,
    /** GET of a URL; the token goes into the query. */
    async get(url: string, token?: string) {
      const target = new URL(url);
      if (token !== undefined) target.searchParams.set("access_token", token);
      return told(await send({ method: "GET", url: target.href }));
    },
    /** POST of a form with the token in the header. */
    async post(url: string, token: string, form: Readonly<Record<string, string>> = {}) {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-www-form-urlencoded" };
      return told(await send({ method: "POST", url, headers, body: new URLSearchParams(form).toString() }));
    },
    async remove(url: string, token: string) {
      return told(await send({ method: "DELETE", url, headers: { authorization: `Bearer ${token}` } }));
    },
    async multipart(
      url: string,
      token: string,
      fields: Readonly<Record<string, string>>,
      files: Readonly<Record<string, Blob>>,
    ) {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      for (const [name, file] of Object.entries(files)) form.set(name, file, "file");
      const encoded = new Response(form);
      const headers = { authorization: `Bearer ${token}`, "content-type": encoded.headers.get("content-type") ?? "" };
      return told(await send({ method: "POST", url, headers, body: new Uint8Array(await encoded.arrayBuffer()) }));
    },
    act: (action: string, input: Parameters<NonNullable<typeof mounted.simulator.act>>[1] = {}) => {
      if (mounted.simulator.act === undefined) throw new Error("the simulator has no acts");
      return mounted.simulator.act(action, input);
    },
    /** Puts a medium where the simulator can pull it; answers its URL. */
    host(name: string, bytes: Uint8Array, contentType: string) {
      const url = `https://media.example/${name}`;
      files.set(url, { bytes, contentType });
      return url;
    },
  };
}

function bodyOf(answer: SimResponse): unknown {
  return answer.json === undefined ? (answer.text ?? answer.bytes) : JSON.parse(JSON.stringify(answer.json));
}

/** A picture of the given size; `salt` makes its hash its own. */
export const jpeg = (width: number, height: number, salt = 0): Uint8Array =>
  sampleJpeg({ width, height, seed: salt + 1 });

export const png = (width: number, height: number): Uint8Array => samplePng({ width, height });

export const mp4 = (durationMs: number): Uint8Array => sampleMp4({ width: 720, height: 1280, durationMs });

export const fb = (path: string): string => `https://graph.facebook.com/v25.0/${path}`;
export const ig = (path: string): string => `https://graph.instagram.com/v25.0/${path}`;

/** The error of an answer as code/subcode. */
export const errorOf = (told: Told): string => {
  const parsed = z
    .object({ error: z.object({ code: z.number(), error_subcode: z.number().optional(), fbtrace_id: z.string() }) })
    .safeParse(told.body);
  return parsed.success
    ? `${parsed.data.error.code}/${parsed.data.error.error_subcode ?? "-"}`
    : `${told.status} ${JSON.stringify(told.body)}`;
};

/** Text form of an account's extra value. */
export const extraOf = (account: { readonly extra?: Readonly<Record<string, unknown>> }, name: string): string =>
  String(account.extra?.[name] ?? "");
