import type { MediaInfo, OutgoingPost, PictureCrop, PictureFit, PublishingPlatform } from "@postd/connector-kit";
import type { FieldProblem } from "@postd/contracts";
import type { ContentRecord, TargetRecord } from "../../ports/publishing-store.ts";

/** One target with the post it would get and everything wrong with it. */
export interface PreparedTarget {
  readonly target: TargetRecord;
  readonly platform: PublishingPlatform;
  readonly post: OutgoingPost;
  readonly fingerprint: string;
  readonly nativeSchedule: boolean;
  readonly problems: readonly FieldProblem[];
  /** Files it names that are there, those of its options included. */
  readonly files: readonly MediaInfo[];
  /** What is done to each of the post's media before it goes out, and what people are told of that. */
  readonly fits: readonly PictureFit[];
  readonly fitNotes: readonly FieldProblem[];
  /** Parts of pictures the author chose. */
  readonly crops: ReadonlyMap<string, PictureCrop>;
}

export interface Draft {
  readonly content: ContentRecord;
  readonly versions: Readonly<Record<string, Partial<ContentRecord>>>;
  readonly targets: readonly {
    readonly connectionId: string;
    readonly nativeSchedule?: boolean;
    readonly destination?: string;
  }[];
  /** When it shall go out; absent: at once, or not said yet. */
  readonly scheduledFor?: Date | undefined;
}

/** One target and what of the draft is meant for it. */
export interface Given {
  readonly draft: Draft;
  readonly target: TargetRecord;
  readonly platform: PublishingPlatform;
  readonly media: ReadonlyMap<string, MediaInfo>;
  readonly wanted: Draft["targets"][number];
}
