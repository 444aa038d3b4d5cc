import {
  bool,
  instantMs,
  invalidParameter,
  page as pageOf,
  requestedFields,
} from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, onBothHosts, operation, success, typeHere } from "./call.ts";
import { project } from "./fields.ts";
import { childrenOf } from "./instagram-fields.ts";
import type { IgAccount, IgMedia } from "./model.ts";
import { storyIsLive } from "./page-stories.ts";

function list(call: Call, account: IgAccount, which: (media: IgMedia) => boolean): Answer {
  const since = instantMs(call.params, "since", call.nowMs) ?? 0;
  const until = instantMs(call.params, "until", call.nowMs) ?? Number.POSITIVE_INFINITY;
  const found = call.world.data.igMedia.all((media) => {
    const isAsked = which(media) && media.liveAt >= since && media.liveAt <= until;
    return isAsked && media.igId === account.id && media.parentId === undefined;
  });
  const seen = call.listed(found.toReversed(), (media) => media.liveAt);
  return pageOf(call, seen, (media) =>
    project(call, { type: typeHere(call, "igMedia"), value: media }, requestedFields(call)),
  );
}

/** Reads of accounts and media on both hosts, comment switch, deletion (meta.md §6, §8). */
export const instagramMediaOperations: readonly Operation[] = [
  ...onBothHosts("igUser", "GET", "media", { params: ["since", "until"] }, (call, account) =>
    list(call, account, (media) => media.productType !== "STORY"),
  ),
  ...onBothHosts("igUser", "GET", "stories", {}, (call, account) =>
    list(call, account, (media) => media.productType === "STORY" && storyIsLive(call.world, media)),
  ),
  ...onBothHosts("igMedia", "GET", "children", {}, (call, media) =>
    pageOf(call, childrenOf(call, media), (child) =>
      project(call, { type: typeHere(call, "igMedia"), value: child }, requestedFields(call)),
    ),
  ),
  // The caption is not editable; only comments can be switched (§8).
  ...onBothHosts(
    "igMedia",
    "POST",
    "",
    { scopes: ["instagram_manage_comments"], params: ["comment_enabled"] },
    (call, media) => {
      const isEnabled = bool(call.params, "comment_enabled");
      if (isEnabled === undefined) throw invalidParameter("The parameter comment_enabled is required");
      media.commentEnabled = isEnabled;
      return success;
    },
  ),
  // DELETE since 2025-12-03 with Facebook Login only (§8): there is no such operation on graph.instagram.com.
  operation(
    "igMedia",
    "DELETE",
    "",
    { scopes: ["instagram_basic", "instagram_manage_contents"] },
    ({ world }, media) => {
      for (const id of [media.id, ...media.childIds]) world.data.igMedia.remove(id);
      return success;
    },
  ),
];
