import { isDeepStrictEqual } from "node:util";
import {
  canPublish,
  checkMentions,
  checkOptionMedia,
  checkPost,
  checkPull,
  fitPost,
  type MediaInfo,
  noFormatFits,
  type OutgoingPost,
  optionMedia,
  type PublishingPlatform,
  placeWords,
} from "@postd/connector-kit";
import type { FieldProblem, Result, ServiceError } from "@postd/contracts";
import type { ContentRecord, JobRecord, TargetRecord, TenantPublishing } from "../../ports/publishing-store.ts";
import type { PullPlaces } from "../../ports/pull-places.ts";
import { type Checking, unbroken } from "../unbroken.ts";
import { isAnswer, prepareAnswer } from "./answers.ts";
import { filesInWords, outgoing } from "./content.ts";
import { optionMediaIds } from "./option-media.ts";
import { checkThumb, noFile } from "./post-files.ts";
import type { Draft, Given, PreparedTarget } from "./prepared-target.ts";
import { no } from "./refusals.ts";

/**
 * Resolves versions, media and formats for every target and checks each against its platform. Unknown ids are not_found.
 * Of a post that has `jobs` an account may be disconnected meanwhile, and what is live names files that may be deleted.
 */
export async function prepareTargets(
  draft: Draft,
  store: TenantPublishing,
  { registry, log, pulls }: Checking,
  jobs: readonly JobRecord[] = [],
): Promise<Result<readonly PreparedTarget[], ServiceError>> {
  const ids = draft.targets.map(({ connectionId }) => connectionId);
  const doubled = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  if (doubled >= 0)
    return no(
      "invalid_input",
      `targets.${doubled}.connectionId`,
      "This account is named twice.",
      "Name each account once.",
    );
  const targets = new Map((await store.targets(ids)).map((target) => [target.connectionId as string, target]));
  const inOptions = optionMediaIds(draft, targets.values(), { registry, log });
  const inWords = [draft.content, ...Object.values(draft.versions)].flatMap(filesInWords);
  const found = await store.media([...new Set([...mediaIdsOf(draft), ...inOptions, ...inWords])]);
  const media = new Map(found.map((item) => [item.id as string, item]));
  const shown = (connectionId?: string) =>
    jobs
      .filter((job) => job.externalPostId !== undefined && (!connectionId || job.connectionId === connectionId))
      .flatMap(({ post }) => post.media);
  const lost = mediaIdsOf(draft).find((id) => !media.has(id) && !shown().some((item) => sourceOf(item) === id));
  if (lost) return noFile(lost);
  const lostInWords = inWords.find((id) => !media.has(id));
  if (lostInWords) return noFile(lostInWords, "link.thumbMediaId");
  const stray = Object.keys(draft.versions).find(
    (key) => !ids.includes(key) && ![...targets.values()].some(({ platform }) => platform === key),
  );
  if (stray)
    return no(
      "invalid_input",
      `versions.${stray}`,
      `No target of this post is ${stray}.`,
      "Name a target's connection id or platform.",
    );

  const prepared: PreparedTarget[] = [];
  for (const [index, wanted] of draft.targets.entries()) {
    const { connectionId } = wanted;
    const target = targets.get(connectionId);
    const platform = target && registry.get(target.platform);
    const isKnown = jobs.some((job) => job.connectionId === connectionId && job.state !== "canceled");
    if (!target || !platform || (target.disconnected && !isKnown))
      return no(
        "not_found",
        `targets.${index}.connectionId`,
        `There is no connected account ${connectionId}.`,
        "List accounts with GET /api/connections.",
      );
    if (!canPublish(platform))
      return no(
        "invalid_input",
        `targets.${index}.connectionId`,
        `${platform.name} is no place to post to.`,
        "Choose an account of a platform that has formats, see GET /api/platforms.",
      );
    const content = contentFor(draft, target);
    const has = new Map([
      ...shown(connectionId).map((item) => [sourceOf(item), item] as const),
      ...media,
      ...shown(connectionId).flatMap((item) => (isAsShown(item, content) ? [[sourceOf(item), item] as const] : [])),
    ]);
    const missing = content.mediaIds.find((id) => !has.has(id));
    if (missing) return noFile(missing);
    const given = { draft, target, platform, media: has, wanted };
    const one = unbroken(
      log,
      { platform: platform.id, connectionId },
      () => prepare(given),
      () => brokenTarget(given),
    );
    const problems = [...one.problems, ...(await pullProblems(one, pulls))];
    prepared.push({ ...one, problems, files: one.files.filter(({ id }) => media.has(id)) });
  }
  return { ok: true, value: prepared };
}

/** A simulated platform fetches from where it is run. */
async function pullProblems(
  { platform, post, target }: PreparedTarget,
  places: PullPlaces | undefined,
): Promise<readonly FieldProblem[]> {
  const { pulls } = platform.publishing;
  if (!places || !pulls?.when(post) || target.simulated) return [];
  const verified = await places.appField(target, { app: pulls.app, field: pulls.verified });
  return checkPull(platform, post, { address: places.address, verified });
}

/** The author's own file. */
const sourceOf = ({ id, madeFrom }: MediaInfo): string => madeFrom?.id ?? id;

/** What was made for a live post stays as it is shown, unless its author chooses another part. */
const isAsShown = ({ madeFrom }: MediaInfo, { crops = {} }: ContentRecord): boolean =>
  madeFrom !== undefined && isDeepStrictEqual(madeFrom.crop, crops[madeFrom.id]);

const contentFor = (draft: Draft, target: TargetRecord): ContentRecord => ({
  ...draft.content,
  ...draft.versions[target.platform],
  ...draft.versions[target.connectionId],
});

/** Nothing is known of this target but that its connector broke: it is refused, and the others are told of all the same. */
function brokenTarget({ draft, target, platform, wanted }: Given): PreparedTarget {
  const { text, options } = contentFor(draft, target);
  const message = `The connector for ${platform.name} on this server broke while it checked this post, so nothing was sent there. The operator finds the reason in the log. Leave this account out, or try again when it is mended.`;
  return {
    target,
    platform,
    post: { format: "none", text, media: [], options },
    fingerprint: "",
    nativeSchedule: wanted.nativeSchedule ?? false,
    problems: [{ field: "connectionId", code: "connector_broken", message, severity: "error" }],
    files: [],
    fits: [],
    fitNotes: [],
    crops: new Map(),
  };
}

function prepare(given: Given): PreparedTarget {
  const { draft, target, platform, media, wanted } = given;
  if (isAnswer(draft.content)) return prepareAnswer(given);
  const { nativeSchedule = false, destination } = wanted;
  const { publishing } = platform;
  const content = contentFor(draft, target);
  const items = content.mediaIds.flatMap((id) => media.get(id) ?? []);
  const written = outgoing(content, items);
  const parts = placeWords(platform, written);
  const format = formatNamed(publishing, content.format) ?? publishing.defaultFormat(parts, target.account);
  const place = destination === undefined ? {} : { destination };
  const crops = new Map(Object.entries(content.crops ?? {}));
  const fitted = fitPost(platform, { ...parts, ...place, format: format ?? "none" }, crops);
  const { post } = fitted;
  const problems: FieldProblem[] = [
    ...fitted.problems,
    ...(format ? checkPost(platform, post, target.account) : noFormatFits(platform, items, target.account)),
    ...checkMentions(platform, written),
    ...checkOptionMedia(platform, post.options, media),
    ...checkThumb(platform, post, media),
  ];
  const named = [...optionMedia(publishing.options, post.options).map(({ id }) => id), ...filesInWords(content)];
  const fingerprint = problems.some(({ severity }) => severity === "error") ? "" : publishing.fingerprint(post);
  return {
    target,
    platform,
    post,
    fingerprint,
    nativeSchedule,
    problems: [...problems, ...scheduleProblems({ draft, target, platform }, post, nativeSchedule)],
    files: [...items, ...named.flatMap((id) => media.get(id) ?? [])],
    fits: fitted.fits,
    fitNotes: fitted.problems,
    crops,
  };
}

/** Everyday words for a post of no particular kind. */
const anyFormat = ["post", "update"];

/** A format by its id or by an everyday word for it; undefined: the platform chooses by what is there. */
function formatNamed({ formats, aliases = {} }: PublishingPlatform["publishing"], format: string | undefined) {
  if (format === undefined || Object.hasOwn(formats, format)) return format;
  if (Object.hasOwn(aliases, format)) return aliases[format];
  return anyFormat.includes(format) ? undefined : format;
}

function scheduleProblems(
  { draft, target, platform }: Pick<Given, "draft" | "target" | "platform">,
  post: OutgoingPost,
  nativeSchedule: boolean,
): readonly FieldProblem[] {
  if (!nativeSchedule) return [];
  const { schedule } = platform.publishing;
  if (schedule?.formats.includes(post.format))
    return (draft.scheduledFor && schedule.check?.(draft.scheduledFor, target.account)) ?? [];
  return [
    {
      field: "nativeSchedule",
      code: "no_native_schedule",
      message: `${platform.name} cannot hold the clock for this format. Leave nativeSchedule out; POSTD sends it on time.`,
      severity: "error",
    },
  ];
}

function mediaIdsOf(draft: Draft): string[] {
  return [
    ...new Set([
      ...draft.content.mediaIds,
      ...Object.values(draft.versions).flatMap((version) => version.mediaIds ?? []),
    ]),
  ];
}

/** Whether an account is simulated is fixed when it is connected, so a post may keep it with its target. */
export const simulatedMark = (prepared: PreparedTarget | undefined): { readonly simulated?: true } =>
  prepared?.target.simulated ? { simulated: true } : {};

/** All targets' problems under the field names of the request. */
export function problemsOf(
  prepared: readonly PreparedTarget[],
  fieldOf: (index: number, field: string) => string = (index, field) => `targets.${index}.${field}`,
): readonly FieldProblem[] {
  return prepared.flatMap(({ problems }, index) =>
    problems.map((problem) => ({ ...problem, field: fieldOf(index, problem.field) })),
  );
}

/** The refusal of a post with problems; undefined when nothing blocks it. */
export function refusalOf(
  problems: readonly FieldProblem[],
): { readonly ok: false; readonly error: ServiceError } | undefined {
  const first = problems.find(({ severity }) => severity === "error");
  return (
    first && {
      ok: false,
      error: {
        code: "post_has_problems",
        detail: first.message,
        next: "Mend what is listed and send it again.",
        problems,
      },
    }
  );
}
