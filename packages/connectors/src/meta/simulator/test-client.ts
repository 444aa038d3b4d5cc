import { sampleJpeg, sampleMp4, samplePng } from "@postd/connector-kit/media-samples";
import { type Answered, testClient as kitClient, type SimulatorDefinition } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { simulators } from "../simulator.ts";

/** The simulator in process, with Graph's calls in short: the token in the query of a GET, in the header of a change. */
export function testClient() {
  const client = kitClient(simulators[0] as SimulatorDefinition);
  const { ask } = client;
  return Object.assign(client, {
    get(url: string, token?: string): Promise<Answered> {
      const target = new URL(url);
      if (token !== undefined) target.searchParams.set("access_token", token);
      return ask({ url: target.href });
    },
    post: (url: string, token: string, form: Readonly<Record<string, string>> = {}) => ask({ url, token, form }),
    remove: (url: string, token: string) => ask({ method: "DELETE", url, token }),
  });
}

/** A picture of the given size; `salt` makes its hash its own. */
export const jpeg = (width: number, height: number, salt = 0): Uint8Array =>
  sampleJpeg({ width, height, seed: salt + 1 });

export const png = (width: number, height: number): Uint8Array => samplePng({ width, height });

export const mp4 = (durationMs: number): Uint8Array => sampleMp4({ width: 720, height: 1280, durationMs });

export const fb = (path: string): string => `https://graph.facebook.com/v25.0/${path}`;
export const ig = (path: string): string => `https://graph.instagram.com/v25.0/${path}`;

const GraphError = z.object({
  error: z.object({ code: z.number(), error_subcode: z.number().optional(), fbtrace_id: z.string() }),
});

/** The error of an answer as code/subcode. */
export const errorOf = ({ status, text, json }: Answered): string => {
  const { error } = GraphError.safeParse(json).data ?? {};
  return error ? `${error.code}/${error.error_subcode ?? "-"}` : `${status} ${text}`;
};

/** Text form of an account's extra value. */
export const extraOf = (account: { readonly extra?: Readonly<Record<string, unknown>> }, name: string): string =>
  String(account.extra?.[name] ?? "");
