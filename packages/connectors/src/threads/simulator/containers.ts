import {
  bool,
  fieldValues,
  invalidParameter,
  readBack,
  requestedFields,
  textList,
} from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation } from "./call.ts";
import { pullFor } from "./container-media.ts";
import { containerParams, readDraft } from "./container-rules.ts";
import { statusOf } from "./container-status.ts";
import type { Container, Person } from "./model.ts";
import { publishNow } from "./publish.ts";
import { mediaNotFound } from "./words.ts";

/** POST /{user}/threads: makes an invisible container, or at once a post of a text that says `auto_publish_text`. */
async function create(call: Call, person: Person): Promise<Answer> {
  const { world, params, nowMs } = call;
  const { draft, isChild } = readDraft(call);
  const childIds = draft.kind === "CAROUSEL" ? childrenOf(call) : [];
  const pulled = await pullFor(call, draft.kind);
  const isLost = world.losesNext > 0;
  const { imageProcessingMs, videoProcessingMs, spreadMs } = world.settings;
  const workMs = { TEXT: 0, IMAGE: imageProcessingMs, VIDEO: videoProcessingMs, CAROUSEL: imageProcessingMs }[
    draft.kind
  ];
  const container: Container = {
    id: world.newId(),
    personId: person.id,
    draft,
    isChild,
    childIds,
    createdAt: nowMs,
    ...pulled,
    readyAt: nowMs + call.workMs(workMs),
    spreadAt: nowMs + spreadMs,
    isLost,
    isUsed: false,
    isPublished: false,
  };
  if (bool(params, "auto_publish_text")) return publishNow(call, person, container);
  if (isLost) world.losesNext -= 1;
  world.containers.put(container);
  for (const id of childIds) {
    const child = world.containers.get(id);
    if (child) child.isUsed = true;
  }
  return readBack({ id: container.id }, () => {
    const fields = requestedFields(call);
    return fields && containerAnswer(call, container);
  });
}

/** 2 to 20 containers of the same person, each of them finished. */
function childrenOf({ params, world, person }: Call): readonly string[] {
  const ids = textList(params, "children") ?? [];
  if (ids.length < 2 || ids.length > 20) throw invalidParameter("A carousel must have 2 to 20 children");
  for (const id of ids) {
    const child = world.containers.get(id);
    if (child === undefined || child.personId !== person.id || !child.isChild)
      throw invalidParameter(`The child ${id} is no carousel item`);
    if (statusOf(world, child) !== "FINISHED") throw mediaNotFound();
  }
  return ids;
}

type Read = (call: Call, container: Container) => unknown;
export const containerFields: Readonly<Record<string, Read>> = {
  id: (_, { id }) => id,
  status: ({ world }, container) => statusOf(world, container),
  error_message: ({ world }, container) => (statusOf(world, container) === "ERROR" ? container.error : undefined),
};

const containerAnswer = (call: Call, container: Container): Answer => ({
  id: container.id,
  ...fieldValues(
    { type: "ThreadsMediaContainer", table: containerFields, defaults: ["id", "status"] },
    requestedFields(call),
    (read) => read(call, container),
  ),
});

export const containerOperations: readonly Operation[] = [
  operation("user", "POST", "threads", { scopes: ["threads_content_publish"], params: containerParams }, create),
  operation("container", "GET", "", {}, containerAnswer),
];
