import type {
  AccountLimits,
  ConnectorContext,
  Destination,
  Effect,
  Platform,
  PlatformResult,
} from "@postd/connector-kit";
import type { AccountLimitsView, DestinationView } from "@postd/contracts";
import { fail, ok, type Result, type ServiceError } from "@postd/contracts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import { unknownPlatform } from "../unknown-platform.ts";
import { askPlatform } from "./ask-platform.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { serviceErrorOf } from "./explain.ts";
import { toldLine, toldPicture } from "./told.ts";

/** More than a person can choose from; a query finds the others. */
const mostDestinations = 500;

export interface Places {
  readonly label?: string;
  readonly required: boolean;
  readonly items: readonly DestinationView[];
  readonly simulated: boolean;
}

/** Places below an account, as the platform lists them now; a platform without such places has none. */
export async function listDestinations(
  deps: ConnectionsDeps,
  record: ConnectionRecord,
  query: string | undefined,
): Promise<Result<Places, ServiceError>> {
  const platform = deps.registry.get(record.platform);
  if (!platform) return fail(unknownPlatform(deps.registry, record.platform));
  const { simulated } = record;
  const destinations = platform.publishing?.destinations;
  if (!destinations) return ok({ required: false, items: [], simulated });
  const { label, required } = destinations;
  const listed = await askAs(deps, platform, record, "destinations", (ctx) => destinations.list(query, ctx));
  if (!listed.ok) return listed;
  return ok({ label, required, items: listed.value.slice(0, mostDestinations).map(destinationView), simulated });
}

/** What the account may do that differs from its platform's description; empty where the platform does not tell. */
export async function readLimits(
  deps: ConnectionsDeps,
  record: ConnectionRecord,
): Promise<Result<{ readonly limits: AccountLimitsView; readonly simulated: boolean }, ServiceError>> {
  const platform = deps.registry.get(record.platform);
  if (!platform) return fail(unknownPlatform(deps.registry, record.platform));
  const { simulated } = record;
  const accountLimits = platform.publishing?.accountLimits;
  if (!accountLimits) return ok({ limits: {}, simulated });
  const limits = await askAs(deps, platform, record, "limits", accountLimits);
  return limits.ok ? ok({ limits: limitsView(limits.value), simulated }) : limits;
}

/** A sign-in that turns out to be over is marked as such, as by any other call. */
export async function askAs<T>(
  deps: ConnectionsDeps,
  platform: Platform,
  { id, tenantId }: ConnectionRecord,
  call: string,
  ask: (ctx: ConnectorContext) => PlatformResult<T>,
  effect: Effect = "none",
): Promise<Result<T, ServiceError>> {
  const { open, answer } = await askPlatform(deps, { id, tenantId }, call, ask, effect);
  if (answer.ok) return answer;
  const failure = answer.error;
  if (open)
    await deps.access.markBroken({ tenantId, connectionId: id, credentialVersion: open.credentialVersion, failure });
  return fail(serviceErrorOf(failure, platform));
}

function destinationView({ id, name, kind, pictureUrl }: Destination): DestinationView {
  const picture = toldPicture(pictureUrl);
  return {
    id,
    name: toldLine(name, 200) || id,
    ...(kind === undefined ? {} : { kind: toldLine(kind, 100) }),
    ...(picture === undefined ? {} : { pictureUrl: picture }),
  };
}

function limitsView({ author, postsLeft, image, video, options, ...plain }: AccountLimits): AccountLimitsView {
  const until = postsLeft?.until;
  const picture = toldPicture(author?.pictureUrl);
  const handle = author?.handle === undefined ? "" : toldLine(author.handle, 200);
  return {
    ...plain,
    ...(author
      ? {
          author: {
            name: toldLine(author.name, 200),
            ...(handle === "" ? {} : { handle }),
            ...(picture === undefined ? {} : { pictureUrl: picture }),
          },
        }
      : {}),
    ...(image ? { image: { ...image } } : {}),
    ...(video ? { video: { ...video } } : {}),
    ...(postsLeft ? { postsLeft: { count: postsLeft.count, ...(until ? { until: until.toISOString() } : {}) } } : {}),
    ...(options
      ? {
          options: Object.fromEntries(
            Object.entries(options).map(([name, choices]) => [name, choices.map((it) => ({ ...it }))]),
          ),
        }
      : {}),
  };
}
