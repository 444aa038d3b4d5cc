import { page as pageOf } from "./answers.ts";
import { type Answer, type Call, type Operation, operationOn, success } from "./call.ts";
import { project, requestedFields } from "./fields.ts";
import { invalidParameter } from "./graph-error.ts";
import { childrenOf } from "./instagram-fields.ts";
import type { IgAccount, IgMedia } from "./model.ts";
import { storyIsLive } from "./page-stories.ts";
import { bool, instantMs } from "./params.ts";

const hiddenWhileYoungerMs = 3_600_000;

const typeOn = (call: Call) => (call.host === "graph.instagram.com" ? "igMediaOnly" : "igMedia");

function list(call: Call, account: IgAccount, which: (media: IgMedia) => boolean): Answer {
  const since = instantMs(call.params, "since", call.nowMs) ?? 0;
  const until = instantMs(call.params, "until", call.nowMs) ?? Number.POSITIVE_INFINITY;
  const isHiding = call.world.env.fault("hideFromLists", call.request) !== undefined;
  const found = [...call.world.data.igMedia.values()].filter(
    (media) =>
      media.igId === account.id &&
      !media.deleted &&
      media.parentId === undefined &&
      which(media) &&
      media.liveAt >= since &&
      media.liveAt <= until &&
      (!isHiding || media.liveAt <= call.nowMs - hiddenWhileYoungerMs),
  );
  return pageOf(call, found.reverse(), (media) =>
    project(call, { type: typeOn(call), value: media }, requestedFields(call)),
  );
}

const hosts = [
  {
    account: "igUser",
    media: "igMedia",
    tokens: ["page", "user"],
    basic: "instagram_basic",
    comments: "instagram_manage_comments",
  },
  {
    account: "igUserOnly",
    media: "igMediaOnly",
    tokens: ["instagram"],
    basic: "instagram_business_basic",
    comments: "instagram_business_manage_comments",
  },
] as const;

/** Reads of accounts and media on both hosts, comment switch, deletion (meta.md §6, §8). */
export const instagramMediaOperations: readonly Operation[] = [
  ...hosts.flatMap((host) => [
    operationOn(host.account, {
      method: "GET",
      edge: "",
      params: [],
      scopes: [host.basic],
      tokens: host.tokens,
      run: (call, account) => project(call, { type: host.account, value: account }, requestedFields(call)),
    }),
    operationOn(host.account, {
      method: "GET",
      edge: "media",
      params: ["since", "until"],
      scopes: [host.basic],
      tokens: host.tokens,
      run: (call, account) => list(call, account, (media) => media.productType !== "STORY"),
    }),
    operationOn(host.account, {
      method: "GET",
      edge: "stories",
      params: [],
      scopes: [host.basic],
      tokens: host.tokens,
      run: (call, account) =>
        list(call, account, (media) => media.productType === "STORY" && storyIsLive(call.world, media)),
    }),
    operationOn(host.media, {
      method: "GET",
      edge: "",
      params: [],
      scopes: [host.basic],
      tokens: host.tokens,
      run: (call, media) => project(call, { type: host.media, value: media }, requestedFields(call)),
    }),
    operationOn(host.media, {
      method: "GET",
      edge: "children",
      params: [],
      scopes: [host.basic],
      tokens: host.tokens,
      run: (call, media) =>
        pageOf(call, childrenOf(call, media), (child) =>
          project(call, { type: typeOn(call), value: child }, requestedFields(call)),
        ),
    }),
    operationOn(host.media, {
      method: "POST",
      edge: "",
      // The caption is not editable; only comments can be switched (§8).
      params: ["comment_enabled"],
      scopes: [host.basic, host.comments],
      tokens: host.tokens,
      run(call, media) {
        const isEnabled = bool(call.params, "comment_enabled");
        if (isEnabled === undefined) throw invalidParameter("The parameter comment_enabled is required");
        media.commentEnabled = isEnabled;
        return success;
      },
    }),
  ]),
  // DELETE since 2025-12-03 with Facebook Login only (§8): there is no such operation on graph.instagram.com.
  operationOn("igMedia", {
    method: "DELETE",
    edge: "",
    params: [],
    scopes: ["instagram_basic", "instagram_manage_contents"],
    tokens: ["page", "user"],
    run(call, media) {
      media.deleted = true;
      for (const id of media.childIds) {
        const child = call.world.data.igMedia.get(id);
        if (child) child.deleted = true;
      }
      return success;
    },
  }),
];
