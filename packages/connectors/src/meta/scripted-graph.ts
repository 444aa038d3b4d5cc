import {
  type ConnectorContext,
  callEffect,
  type Format,
  type HttpRequest,
  type HttpResponse,
  type NativeSchedule,
  type OutgoingPost,
  type PlatformFailure,
  type PublishedRef,
  type SignInContext,
  secret,
} from "@postd/connector-kit";
import { playFormat } from "@postd/connector-kit/conformance";
import { asId, fail, type JsonObject, ok, type Result } from "@postd/contracts";

/** A scripted answer: a JSON body (200), a status with a body, a transport failure, or a function of the call. */
export type Scripted =
  | JsonObject
  | { readonly $status: number; readonly body: JsonObject; readonly headers?: Record<string, string> }
  | { readonly $cut: "unavailable" | "outcome_unknown" }
  | ((call: SeenCall) => Scripted);

export interface SeenCall {
  /** `POST graph.facebook.com/v25.0/123/feed` */
  readonly line: string;
  /** Query, form and multipart fields as the platform would read them. */
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
}

export const graphError = (code: number, subcode?: number, more: JsonObject = {}): Scripted => ({
  $status: 400,
  body: {
    error: {
      message: `(#${code}) refused`,
      type: "OAuthException",
      code,
      ...(subcode && { error_subcode: subcode }),
      fbtrace_id: "AbC1",
      ...more,
    },
  },
});

export const clockAt = (iso: string) => {
  let now = new Date(iso);
  return {
    now: () => now,
    forward: (ms: number) => {
      now = new Date(now.getTime() + ms);
    },
  };
};

/**
 * A platform that answers from a list, for tests: each line is answered in the order given, the last answer for ever.
 * A call nobody scripted throws. `effect` is what the step under test declares.
 */
export function scriptedGraph(script: Readonly<Record<string, Scripted | readonly Scripted[]>>) {
  const calls: SeenCall[] = [];
  const used = new Map<string, number>();
  let effect: HttpResponse["effect"] = "none";
  let noteVisible = () => {};
  const http: ConnectorContext["http"] = {
    async request(request) {
      const call = await seen(request);
      calls.push(call);
      const list = script[call.line];
      if (list === undefined) throw new Error(`not scripted: ${call.line}`);
      const nth = used.get(call.line) ?? 0;
      used.set(call.line, nth + 1);
      const answers: readonly Scripted[] = Array.isArray(list) ? list : [list];
      let answer = answers[Math.min(nth, answers.length - 1)] ?? {};
      while (typeof answer === "function") answer = answer(call);
      const hasLeft = !("$cut" in answer && answer.$cut === "unavailable");
      if (hasLeft && callEffect(effect, request.effect) === "visible") noteVisible();
      return respond(answer, request.effect ?? effect);
    },
  };
  return {
    http,
    calls,
    during: (next: HttpResponse["effect"], onVisibleCall: () => void = () => {}) => {
      effect = next;
      noteVisible = onVisibleCall;
    },
  };
}

function respond(
  answer: Exclude<Scripted, (call: SeenCall) => Scripted>,
  effect: HttpResponse["effect"],
): Result<HttpResponse, PlatformFailure> {
  if ("$cut" in answer)
    return fail({
      kind: answer.$cut === "unavailable" || effect === "none" ? "unavailable" : "outcome_unknown",
      message: "cut",
    });
  const { status, body, headers } = isStatus(answer)
    ? { status: answer.$status, body: answer.body, headers: answer.headers }
    : { status: 200, body: answer, headers: undefined };
  return ok({ status, headers: headers ?? {}, text: JSON.stringify(body), json: body, effect });
}

const isStatus = (answer: object): answer is { $status: number; body: JsonObject; headers?: Record<string, string> } =>
  "$status" in answer;

const reveal = (value: unknown): string =>
  typeof value === "object" && value !== null && "reveal" in value && typeof value.reveal === "function"
    ? String(value.reveal())
    : String(value);

async function seen(request: HttpRequest): Promise<SeenCall> {
  const fields: Record<string, string> = {};
  for (const part of [request.query, request.form])
    for (const [name, value] of Object.entries(part ?? {})) if (value !== undefined) fields[name] = reveal(value);
  let bytes = 0;
  const count = async (open: () => AsyncIterable<Uint8Array>) => {
    for await (const chunk of open()) bytes += chunk.length;
  };
  for (const part of request.multipart ?? []) {
    if ("value" in part) fields[part.name] = reveal(part.value);
    else await count(() => part.body.open());
  }
  if (request.body) await count(request.body.open);
  const headers = Object.fromEntries(
    Object.entries(request.headers ?? {}).map(([name, value]) => [name, reveal(value)]),
  );
  return { line: `${request.method} ${request.url.replace("https://", "")}`, fields, headers, bytes };
}

const quiet = { debug: () => {}, info: () => {}, warn: () => {} };

/** A context around a scripted platform: Page 123, or Instagram account 789. */
export function contextOf(
  graph: ReturnType<typeof scriptedGraph>,
  more: {
    readonly account?: Partial<ConnectorContext["account"]>;
    readonly clock?: ConnectorContext["clock"];
    readonly app?: Record<string, string>;
  } = {},
): ConnectorContext & SignInContext {
  const app: Record<string, string | undefined> = more.app ?? { app_id: "app1" };
  return {
    http: graph.http,
    clock: more.clock ?? clockAt("2026-11-20T10:00:00Z"),
    log: quiet,
    app: {
      value: (field) => app[field],
      secret: (field) => {
        const value = app[field];
        return value === undefined ? undefined : secret(value);
      },
    },
    apiVersion: "v25.0",
    signIn: { subject: "1", extras: {} },
    account: {
      externalId: "123",
      kind: "page",
      authKind: "facebook_login",
      name: "Test Page",
      extras: {},
      ...more.account,
    },
    credentials: { accessToken: secret("page-token") },
    media: {
      open: async (_id, range = { from: 0, to: 10 }) => ({
        sizeBytes: range.to - range.from,
        contentType: "image/jpeg",
        async *open() {
          yield new Uint8Array(range.to - range.from);
        },
      }),
      publicUrl: async (id) => `https://media.example/${id}?sig=s`,
    },
  };
}

export const medium = (more: Partial<OutgoingPost["media"][number]> = {}): OutgoingPost["media"][number] => ({
  id: asId("media", "med_00000001"),
  kind: "image",
  mimeType: "image/jpeg",
  sizeBytes: 10,
  sha256: "00",
  ...more,
});

export const postOf = (more: Partial<OutgoingPost> = {}): OutgoingPost => ({
  format: "text",
  text: "Hello",
  media: [],
  options: {},
  ...more,
});

export interface Played {
  readonly published: PublishedRef | undefined;
  readonly state: JsonObject;
  readonly failure?: PlatformFailure;
  /** The step that failed. */
  readonly at?: string;
  readonly steps: readonly string[];
  readonly waits: readonly number[];
}

/**
 * Publishes with the driver the pipeline uses, up to the first failure (`goesOn`: past it, as the pipeline does). The
 * context's clock stands still meanwhile.
 */
export async function play(
  graph: ReturnType<typeof scriptedGraph>,
  ctx: ConnectorContext,
  format: Format,
  post: OutgoingPost,
  more: {
    readonly publishAt?: Date;
    readonly state?: JsonObject;
    readonly stopBefore?: string;
    readonly goesOn?: true;
  } = {},
): Promise<Played> {
  let nowMs = ctx.clock.now().getTime();
  const report = await playFormat({
    name: format.label,
    format,
    schedule: more.publishAt && anyTime(post.format),
    post,
    publishAt: more.publishAt,
    state: more.state,
    stopBefore: more.stopBefore,
    onFailure: more.goesOn ? "settle" : "stop",
    world: {
      now: () => new Date(nowMs),
      advance(ms) {
        nowMs += ms;
      },
      account: () => ctx.account,
      renew: async () => ({ kind: "auth_revoked", message: "Nothing is renewed here." }),
      context({ effect }, noteVisible) {
        graph.during(effect, noteVisible);
        return ctx;
      },
    },
    note: (run) => run,
  });
  const last = report.trace.at(-1);
  return {
    published: report.published,
    state: report.state,
    ...(report.failure && last && { failure: report.failure, at: last.step }),
    steps: report.trace.map(({ step }) => step),
    waits: report.trace.flatMap(({ waitMs }) => waitMs ?? []),
  };
}

/** A platform that takes every time; what it does at that time is the simulator's tests' to ask. */
const anyTime = (format: string): NativeSchedule => {
  const unasked = () => Promise.reject(new Error("a planned post was asked about"));
  return {
    minLeadMs: 0,
    maxLeadMs: Number.POSITIVE_INFINITY,
    formats: [format],
    verify: unasked,
    cancel: unasked,
    move: unasked,
  };
};

/** Asks a step's probe from a state. */
export async function probeOf(
  graph: ReturnType<typeof scriptedGraph>,
  ctx: ConnectorContext,
  format: Format,
  name: string,
  input: { readonly post: OutgoingPost; readonly state: JsonObject; readonly intentAt: Date },
) {
  const step = format.steps.find((it) => it.name === name);
  if (!step?.probe) throw new Error(`no probe: ${name}`);
  graph.during("none");
  return step.probe({ ...input, prepared: null }, ctx);
}
