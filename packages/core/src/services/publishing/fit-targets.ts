import { checkPost, type MediaInfo, nameOfMedium, type OutgoingPost, type PictureFit } from "@postd/connector-kit";
import { type FieldProblem, fail, ok, type Result, type ServiceError } from "@postd/contracts";
import type { Caller, MediaService } from "../../ports/services.ts";
import { type Checking, unbroken } from "../unbroken.ts";
import type { PreparedTarget } from "./prepared-target.ts";

interface FitDeps extends Checking {
  readonly media: Pick<MediaService, "fitted">;
}

/**
 * The targets with their pictures made as each platform takes them, so that what is planned has its bytes before anything
 * is sent. Called where content becomes a job's; targets that are refused anyway stay as they are. What could not be made
 * is a problem of its target; no room for it, or a file deleted meanwhile, fails as a whole.
 */
export async function fitTargets(
  caller: Caller,
  prepared: readonly PreparedTarget[],
  deps: FitDeps,
): Promise<Result<readonly PreparedTarget[], ServiceError>> {
  const ready: PreparedTarget[] = [];
  for (const target of prepared) {
    const isRefused = target.problems.some(({ severity }) => severity === "error");
    if (isRefused || !target.fits.some(({ change }) => change)) {
      ready.push(target);
      continue;
    }
    const made = await makeFiles(caller, target, deps);
    if (!made.ok) return made;
    ready.push(made.value);
  }
  return ok(ready);
}

async function makeFiles(
  caller: Caller,
  prepared: PreparedTarget,
  deps: FitDeps,
): Promise<Result<PreparedTarget, ServiceError>> {
  const { post, fits } = prepared;
  const media: MediaInfo[] = [];
  const problems: FieldProblem[] = [];
  for (const [index, fit] of fits.entries()) {
    if (!fit.change) {
      media.push(fit.as);
      continue;
    }
    const made = await deps.media.fitted(caller, fit.as, fit.change);
    if (made.ok) media.push(named(made.value, fit, prepared));
    else if (made.error.code !== "unsupported_media") return fail({ ...made.error, field: `media.${index}` });
    else problems.push(cannotFit(index, nameOfMedium(post.media, index), made.error));
  }
  if (problems.length > 0) return ok({ ...prepared, problems: [...prepared.problems, ...problems] });
  const ready = { ...post, media };
  const files = [...prepared.files, ...media.filter(({ madeFrom }) => madeFrom)];
  return ok({ ...prepared, ...checked(prepared, ready, deps), post: ready, files });
}

/** What the source was called and says of itself goes with it. */
function named(made: MediaInfo, { as, change, notes }: PictureFit, { crops }: PreparedTarget): MediaInfo {
  const crop = crops.get(as.id);
  const { altText, fileName } = as;
  return {
    ...made,
    ...(altText === undefined ? {} : { altText }),
    ...(fileName === undefined ? {} : { fileName }),
    ...(change && {
      madeFrom: {
        id: as.id,
        change,
        ...(crop ? { crop } : {}),
        notes: notes.map(([code, message]) => ({ code, message })),
      },
    }),
  };
}

const cannotFit = (index: number, name: string, { detail, next }: ServiceError): FieldProblem => ({
  field: `media.${index}`,
  code: "media_cannot_fit",
  message: [`${name} could not be made as it is taken there. ${detail}`, next].filter(Boolean).join(" "),
  severity: "error",
});

/** What was made is checked as what it is, since bytes are known only now. */
function checked(
  { target, platform, problems }: PreparedTarget,
  post: OutgoingPost,
  { log }: FitDeps,
): Pick<PreparedTarget, "problems" | "fingerprint"> {
  const about = { platform: platform.id, connectionId: target.connectionId };
  return unbroken<Pick<PreparedTarget, "problems" | "fingerprint">>(
    log,
    about,
    () => {
      const errors = checkPost(platform, post, target.account).filter(({ severity }) => severity === "error");
      const fingerprint = errors.length > 0 ? "" : platform.publishing.fingerprint(post);
      return { problems: [...problems, ...errors], fingerprint };
    },
    () => ({
      problems: [
        ...problems,
        {
          field: "connectionId",
          code: "connector_broken",
          message: `The connector for ${platform.name} on this server broke while it checked this post, so nothing was sent there. The operator finds the reason in the log.`,
          severity: "error",
        },
      ],
      fingerprint: "",
    }),
  );
}
