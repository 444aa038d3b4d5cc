import type { Call, Route, SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { api, grantOf, route, takeLimit } from "./call.ts";
import { isOver } from "./caps.ts";
import { fail } from "./progress.ts";
import { ok, refuse } from "./words.ts";
import type { Publish, World } from "./world.ts";

// Fact sheet, section 5, "Status" and "Cancel".

const Named = z.strictObject({ publish_id: z.string() });
const either = [["video.publish", "video.upload"]] as const;

/** The publish a call names, where it belongs to who calls. */
function ownPublish(call: Call<World, z.output<typeof Named>>): Publish {
  const publish = call.world.publishes.get(call.body.publish_id);
  if (publish === undefined) throw refuse("invalid_publish_id", "The publish_id does not exist.");
  const { app, subject } = grantOf(call);
  if (publish.grant.app !== app || publish.person.id !== subject)
    throw refuse(
      "token_not_authorized_for_specified_publish_id",
      "The access_token does not have authorization for the specified publish_id.",
    );
  return publish;
}

/** Ids of posts everybody can see. */
const publicIds = ({ posts }: World, publish: Publish): readonly string[] =>
  posts.all((post) => post.publish === publish && post.isTold).map(({ id }) => id);

function downloadedBytes({ media, wholeAt, createdAt }: Publish, now: number): number {
  const all = media.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (wholeAt === undefined || now >= wholeAt) return all;
  return Math.floor((all * (now - createdAt)) / Math.max(wholeAt - createdAt, 1));
}

/** Ids are int64 numbers, larger than most readers of JSON keep, so the body is written by hand. */
function statusAnswer(world: World, publish: Publish, now: number): SimResponse {
  const { status, failReason, isPull } = publish;
  const bytes = isPull
    ? { downloaded_bytes: downloadedBytes(publish, now) }
    : { uploaded_bytes: world.uploads.get(publish.id)?.receivedBytes ?? 0 };
  const { json } = ok({
    status,
    ...(failReason && { fail_reason: failReason }),
    ...bytes,
    publicaly_available_post_id: [],
  });
  const text = JSON.stringify(json).replace(
    '"publicaly_available_post_id":[]',
    `"publicaly_available_post_id":[${publicIds(world, publish).join(",")}]`,
  );
  return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, text };
}

export const statusRoutes: readonly Route<World>[] = [
  route("POST", api("post/publish/status/fetch"), {
    scopes: either,
    body: Named,
    handle(call) {
      takeLimit(call, "status");
      return statusAnswer(call.world, ownPublish(call), call.now.getTime());
    },
  }),
  route("POST", api("post/publish/cancel"), {
    scopes: either,
    body: Named,
    handle(call) {
      const { world, now } = call;
      takeLimit(call, "display");
      const publish = ownPublish(call);
      const isComing = !isOver(publish) && (publish.wholeAt === undefined || now.getTime() < publish.wholeAt);
      if (!isComing || !(publish.isPull || world.settings.cancelsUploads))
        throw refuse("publish_not_cancellable", "The publish is not cancellable any more.");
      fail(world, publish, "publish_cancelled", now.getTime());
      return ok();
    },
  }),
];
