import { Buffer } from "node:buffer";
import { fail, ok, type Result } from "@postd/contracts";
import type {
  AccountRef,
  AppCredentials,
  AuthContext,
  ConnectorContext,
  ConnectorLog,
  Credentials,
  SignInContext,
  SignInRef,
} from "../context.ts";
import { bodyOf, callEffect, decodeAnswer, encodeRequest } from "../encode-request.ts";
import type { PlatformFailure } from "../failure.ts";
import type { ConnectorHttp, Effect, HttpRequest, HttpResponse } from "../http.ts";
import type { LinkPicture, LinkPreview, LinkReader } from "../link-preview.ts";
import type { Platform } from "../platform.ts";
import type { Provider } from "../provider.ts";
import { type Secret, secret } from "../secret.ts";
import {
  type MountedSimulator,
  mountInProcess,
  type SimAnswer,
  type SimEnv,
  type SimulatorDefinition,
} from "../simulator/index.ts";
import type { SampleMedia } from "./sample-media.ts";

/** A connected account, with credentials as they are now: a refresh replaces them. */
export interface Connected {
  readonly account: AccountRef;
  /** The sign-in that opened it; absent: the account itself signed in, and told nothing besides. */
  readonly signIn?: SignInRef;
  credentials: Credentials;
}

/** What happens to an effect call: its answer is lost before or after the platform applied it, or replaced. */
export type Meddling = {
  /** Which effect call of the run; 0, the default, is the first. */
  readonly call?: number;
} & (
  | { readonly kind: "cut"; readonly when: "before" | "after" }
  | { readonly kind: "body"; readonly text: string }
  /** No byte of it leaves, and the connector is told so. */
  | { readonly kind: "unsent" }
);

/** One platform, its connector and everything in between, in memory and on a clock that is moved by hand. */
export interface World {
  readonly provider: Provider;
  readonly platform: Platform;
  readonly sim: MountedSimulator;
  readonly clock: { now(): Date };
  advance(ms: number): void;
  readonly log: ConnectorLog;
  /** Everything that was logged, failed or stored, for the search for secrets. */
  readonly seen: string[];
  /** Requests the platform sent to addresses of ours; each was answered with 200. */
  readonly delivered: ({ readonly url: string } & Parameters<SimEnv["deliver"]>[1])[];
  /** Makes a medium available to connectors and to a simulator that pulls. */
  add(media: SampleMedia): void;
  /** What posts to `anyPlace` go to. */
  place?: string | undefined;
  /** Pages and pictures of the public web, by address; an address that is not here cannot be reached. */
  readonly web: Map<string, LinkPreview | LinkPicture>;
  authContext(authKind: string): AuthContext;
  /** What the app of a sign-in signs requests to us with. */
  signingKeys(authKind: string): readonly Secret[];
  context(connected: Connected, effect: Effect, spy?: CallSpy): ConnectorContext;
  /** For renewing and withdrawing what the account was signed in with. */
  signInContext(connected: Connected, effect: Effect): SignInContext;
  /** Strings that must not show up in `seen`. */
  readonly secrets: Set<string>;
}

/** Watches and meddles with the calls of one run of a step. */
export interface CallSpy {
  effectCalls: number;
  /** Told before each visible call: its bytes may have left. */
  onVisibleCall?: (() => void) | undefined;
  meddle?: Meddling | undefined;
  /** Changes every answer. */
  tamper?: ((answer: HttpResponse) => HttpResponse) | undefined;
}

/** What is tried: one platform of a provider. */
export interface Subject {
  readonly provider: Provider;
  readonly platform: Platform;
}

const MEDIA_HOST = "https://media.postd.test";

export function createWorld(
  { provider, platform }: Subject,
  definition: SimulatorDefinition,
  appCredentials: Readonly<Record<string, Readonly<Record<string, string>>>> = definition.appCredentials,
): World {
  let nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);
  const clock = { now: () => new Date(nowMs) };
  const media = new Map<string, SampleMedia>();
  const web: World["web"] = new Map();
  const delivered: World["delivered"] = [];
  const seen: string[] = [];
  const secrets = new Set<string>();
  const signature = "signature-that-must-stay-secret";
  secrets.add(signature);
  const sim = mountInProcess(definition, {
    clock,
    // Whoever is asked to prove that an address of ours is ours answers as the server would.
    async ask(url) {
      const query = Object.fromEntries(new URL(url).searchParams);
      const request = { method: "GET", query, headers: {}, rawBody: new Uint8Array() };
      const keys = provider.apps.flatMap(({ id, fields }) =>
        fields.filter(({ signs }) => signs).flatMap(({ name }) => secretOf(appCredentials[id]?.[name])),
      );
      const input = { request, keys, now: clock.now(), publicUrl: new URL(url).origin };
      const [authKind = ""] = provider.signIns.map(({ id }) => id);
      const answer = await provider.webhooks?.verify(input, auth(authKind, "none", { effectCalls: 0 }));
      return answer?.kind === "handshake" ? { status: answer.status, text: answer.body } : undefined;
    },
    async deliver(url, request) {
      delivered.push({ url, ...request });
      return 200;
    },
    async fetchMedia(url) {
      const found = media.get(new URL(url).pathname.slice(1));
      return found && { bytes: found.bytes, contentType: found.info.mimeType };
    },
  });
  const note = (fields: Readonly<Record<string, unknown>>, message: string) =>
    void seen.push(JSON.stringify([fields, message]));
  const log: ConnectorLog = { debug: note, info: note, warn: note };
  const http = (effect: Effect, spy: CallSpy): ConnectorHttp => ({
    request: async (request) => {
      const answer = await inProcess({ sim, provider, request, effect, spy });
      if (!answer.ok) seen.push(JSON.stringify(answer.error));
      return answer;
    },
  });
  const auth = (authKind: string, effect: Effect, spy: CallSpy): AuthContext => ({
    http: http(effect, spy),
    clock,
    log,
    app: appFor(provider, authKind, appCredentials, secrets),
    apiVersion: provider.apiVersion.current,
  });
  return {
    provider,
    platform,
    sim,
    clock,
    log,
    seen,
    secrets,
    web,
    delivered,
    advance(ms) {
      nowMs += ms;
    },
    add: (sample) => void media.set(sample.info.id, sample),
    signingKeys: (authKind) => {
      const app = appFor(provider, authKind, appCredentials, secrets);
      const fields = provider.apps.flatMap((set) => set.fields.filter(({ signs }) => signs));
      return fields.flatMap(({ name }) => app.secret(name) ?? []);
    },
    authContext: (authKind) => auth(authKind, "none", { effectCalls: 0 }),
    signInContext({ account, credentials, signIn = { subject: account.externalId, extras: {} } }, effect) {
      rememberSecrets(credentials, secrets);
      return { ...auth(account.authKind, effect, { effectCalls: 0 }), credentials, signIn };
    },
    context(connected, effect, spy = { effectCalls: 0 }) {
      rememberSecrets(connected.credentials, secrets);
      return {
        ...auth(connected.account.authKind, effect, spy),
        account: connected.account,
        credentials: connected.credentials,
        links: linksTo(web),
        media: {
          async open(id, range) {
            const found = media.get(id);
            if (!found) throw new Error(`no medium ${id} in this test`);
            return bodyOf(range ? found.bytes.subarray(range.from, range.to) : found.bytes, found.info.mimeType);
          },
          publicUrl: async (id) => `${MEDIA_HOST}/${id}?sig=${signature}`,
        },
      };
    },
  };
}

function linksTo(web: World["web"]): LinkReader {
  const gone = fail({ code: "unavailable" as const, message: "The page could not be reached." });
  return {
    async read(url) {
      const found = web.get(url);
      return found && "title" in found ? ok(found) : gone;
    },
    async image(url, { maxBytes }) {
      const found = web.get(url);
      if (!found || !("bytes" in found)) return gone;
      return found.bytes.length > maxBytes
        ? fail({ code: "too_large", message: "The picture is too large." })
        : ok(found);
    },
  };
}

function rememberSecrets(credentials: Credentials, secrets: Set<string>): void {
  secrets.add(credentials.accessToken.reveal());
  if (credentials.refreshToken) secrets.add(credentials.refreshToken.reveal());
  // An address among them (an account's own server) is kept there for convenience and is no secret.
  for (const value of Object.values(credentials.extra ?? {}).map((extra) => extra.reveal()))
    if (!URL.canParse(value)) secrets.add(value);
}

function appFor(
  provider: Provider,
  authKind: string,
  credentials: Readonly<Record<string, Readonly<Record<string, string>>>>,
  secrets: Set<string>,
): AppCredentials {
  const signIn = provider.signIns.find(({ id }) => id === authKind);
  const setId = signIn?.kind === "oauth2" ? signIn.app : undefined;
  const fields = setId === undefined ? {} : (credentials[setId] ?? {});
  const declared = provider.apps.find(({ id }) => id === setId)?.fields ?? [];
  for (const field of declared) {
    const value = fields[field.name];
    if (field.secret && value) secrets.add(value);
  }
  return {
    value: (name) => fields[name],
    secret: (name) => {
      const value = fields[name];
      return value === undefined ? undefined : secret(value);
    },
  };
}

interface InProcessCall {
  readonly sim: MountedSimulator;
  readonly provider: Provider;
  readonly request: HttpRequest;
  readonly effect: Effect;
  readonly spy: CallSpy;
}

/** Does what egress does, without a network: the same bytes, the same kinds of failure. */
async function inProcess(call: InProcessCall): Promise<Result<HttpResponse, PlatformFailure>> {
  const { sim, provider, request, spy } = call;
  const effect = callEffect(call.effect, request.effect);
  const wire = encodeRequest(request);
  if (!provider.customHosts && !provider.hosts.some((pattern) => matches(pattern, wire.url.hostname)))
    throw new Error(`${provider.id} calls ${wire.url.hostname}, which it does not declare`);
  const isMeant = effect !== "none" && spy.effectCalls === (spy.meddle?.call ?? 0);
  const meddle = isMeant ? spy.meddle : undefined;
  if (effect !== "none") spy.effectCalls += 1;
  if (meddle?.kind === "unsent")
    return fail({ kind: "unavailable", message: "Nothing was sent.", cause: "ECONNREFUSED" });
  if (effect === "visible") spy.onVisibleCall?.();
  const lost = (cause: string) =>
    fail(
      effect === "none"
        ? { kind: "unavailable" as const, message: "The answer was lost.", cause }
        : { kind: "outcome_unknown" as const, message: "The answer was lost.", cause },
    );
  const chunks: Uint8Array[] = [];
  for await (const chunk of wire.body?.open() ?? []) chunks.push(chunk);
  if (meddle?.kind === "cut" && meddle.when === "before") return lost("ECONNRESET");
  const answer = await sim.handle({
    method: wire.method,
    host: wire.url.host,
    path: wire.url.pathname,
    query: wire.url.searchParams,
    rawQuery: wire.url.search.slice(1),
    headers: wire.headers,
    rawBody: Buffer.concat(chunks),
  });
  if (answer === "drop" || answer === "hold") return lost(answer === "drop" ? "ECONNRESET" : "timeout");
  if (meddle?.kind === "cut") return lost("ECONNRESET");
  const decoded = decodeAnswer({
    status: answer.status,
    headers: lowerCase(answer.headers ?? {}),
    bytes: meddle?.kind === "body" && answer.status < 300 ? Buffer.from(meddle.text) : bytesOf(answer),
    effect,
  });
  return ok(spy.tamper ? spy.tamper(decoded) : decoded);
}

const secretOf = (text: string | undefined): Secret[] => (text === undefined ? [] : [secret(text)]);

function matches(pattern: string, host: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern;
}

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function bytesOf(answer: Exclude<SimAnswer, string>): Uint8Array {
  if (answer.bytes) return answer.bytes;
  if (answer.text !== undefined) return Buffer.from(answer.text);
  return answer.json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(answer.json));
}
