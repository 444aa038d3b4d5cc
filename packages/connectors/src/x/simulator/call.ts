import {
  type Call,
  type Route,
  type RouteOptions,
  routesOf,
  type SimAnswer,
  type SimLimit,
  SimRefusal,
} from "@postd/connector-kit/simulator";
import type { z } from "zod";
import { noCredits, refuse, refuseCode, tooMany, unixOf } from "./words.ts";
import type { Person, World } from "./world.ts";

/** Fact sheet, section 12: `user` and `app` in 15 minutes, `day` of the app in 24 hours. */
const limits = {
  create: { user: 100, day: 10_000 },
  remove: { user: 50 },
  me: { user: 75 },
  posts: { user: 5000, app: 3500 },
  post: { user: 900, app: 450 },
  hide: { user: 50 },
  search: { user: 300, app: 450 },
  upload: { user: 500, day: 50_000 },
  status: { user: 1000, day: 100_000 },
  initialize: { user: 1875, day: 180_000 },
  append: { user: 1875, day: 180_000 },
  finalize: { user: 1875, day: 180_000 },
  metadata: { user: 500, day: 50_000 },
  webhooks: { app: 450 },
  activity: { app: 500 },
} as const satisfies Readonly<Record<string, { readonly user?: number; readonly app?: number; readonly day?: number }>>;
type LimitName = keyof typeof limits;

const [quarterSeconds, daySeconds] = [900, 86_400];
const plainRoute = routesOf<World>();

interface Rules {
  /** Whose token it takes: a person's, the app's own, or either. */
  readonly callers?: "user" | "app" | "both";
  readonly limit?: LimitName;
}

/** A route of `https://api.x.com/2/`: who may call, the app's wallet, limits and their headers. */
export function route<B extends z.ZodType = z.ZodUnknown, Q extends z.ZodType = z.ZodUnknown>(
  method: Route<World>["method"],
  path: string,
  options: RouteOptions<World, B, Q> & Rules,
): Route<World> {
  const { callers = "user", limit, handle, ...rest } = options;
  return plainRoute<B, Q>(method, `api.x.com/2/${path}`, {
    ...rest,
    async handle(call) {
      refuseCaller(call, callers);
      const { headers, refusal } = limit === undefined ? { headers: {} } : takeLimit(call, limit);
      if (refusal) throw refusal;
      try {
        return withHeaders(await handle(call), headers);
      } catch (error) {
        if (error instanceof SimRefusal) throw new SimRefusal(addHeaders(error.response, headers));
        throw error;
      }
    },
  });
}

type Headers = Readonly<Record<string, string>>;
const addHeaders = (answer: SimRefusal["response"], headers: Headers) => ({
  ...answer,
  headers: { ...headers, ...answer.headers },
});
const withHeaders = (answer: SimAnswer, headers: Headers): SimAnswer =>
  typeof answer === "string" ? answer : addHeaders(answer, headers);

type Called = Pick<Call<World>, "caller" | "world" | "now">;

/** The consent the call is made with. */
export function grantOf({ caller }: Pick<Call<World>, "caller">) {
  if (caller.token === undefined) throw new Error("every token here is the kit's");
  return caller.token.grant;
}
export const isApp = (call: Pick<Call<World>, "caller">): boolean => grantOf(call).data.isApp === true;

export function personOf({ caller, world }: Pick<Called, "caller" | "world">): Person {
  const person = world.people.get(caller.subject);
  if (person === undefined) throw new Error(`nobody is called ${caller.subject}`);
  return person;
}

function refuseCaller(call: Called, callers: NonNullable<Rules["callers"]>): void {
  const kind = isApp(call) ? "app" : "user";
  if (callers !== "both" && callers !== kind) {
    const name = kind === "app" ? "OAuth 2.0 Application-Only" : "OAuth 2.0 User Context";
    const detail = `Authenticating with ${name} is forbidden for this endpoint.`;
    throw refuse(403, detail, "unsupported-authentication", { title: "Unsupported Authentication" });
  }
  if (call.world.settings.credits === "none") throw noCredits(call.world);
  const state = kind === "app" ? "active" : personOf(call).state;
  if (state === "suspended") throw refuseCode(403, 64, "Your account is suspended and is not permitted to do this.");
  if (state === "locked") throw refuseCode(403, 326, "This account is temporarily locked.");
}

function takeLimit(call: Called, name: LimitName): { readonly headers: Headers; readonly refusal?: SimRefusal } {
  const { world } = call;
  const { settings } = world;
  const { subject, app } = grantOf(call);
  const { user, app: ofApp, day }: { user?: number; app?: number; day?: number } = limits[name];
  const take = (of: string, points: number, seconds: number, key: string) =>
    world.limits.take([{ name: `${name}:${of}`, points, seconds } satisfies SimLimit], key);
  const quarterPoints = isApp(call) ? (ofApp ?? user) : user;
  const quarter = quarterPoints && take("quarter", quarterPoints, quarterSeconds, `${app}:${subject}`);
  const appDay = day && take("app day", day, daySeconds, app);
  const userDay = name === "create" && take("user day", settings.postsPerUserDay, daySeconds, `${app}:${subject}`);
  const all = [quarter, appDay, userDay].filter((state) => typeof state === "object");
  const told = (prefix: string, state: (typeof all)[number]) => ({
    [`${prefix}-limit`]: String(state.limit.points),
    [`${prefix}-remaining`]: String(state.left),
    [`${prefix}-reset`]: String(unixOf(state.endsAt)),
  });
  const headers = {
    ...(quarter && told("x-rate-limit", quarter)),
    ...(settings.dayHeaders && appDay && told("x-app-limit-24hour", appDay)),
    ...(settings.dayHeaders && userDay && told("x-user-limit-24hour", userDay)),
  };
  const isOver = settings.limitsRequests && all.some(({ retryAfterSeconds }) => retryAfterSeconds !== undefined);
  return { headers, ...(isOver && { refusal: new SimRefusal(tooMany(settings.limitWords, headers)) }) };
}
