import { requestedFields } from "@postd/connector-kit/simulator/graph";
import { type Operation, operation } from "./call.ts";
import { project } from "./fields.ts";
import { instagramCommentOperations } from "./instagram-comments.ts";
import { containerOperations } from "./instagram-containers.ts";
import { instagramInsightOperations } from "./instagram-insights.ts";
import { instagramMediaOperations } from "./instagram-media.ts";
import { instagramPublishOperations } from "./instagram-publish.ts";
import type { GraphNode, NodeType } from "./node.ts";
import { pageCommentOperations } from "./page-comments.ts";
import { pageFeedOperations } from "./page-feed.ts";
import { pageInsightOperations } from "./page-insights.ts";
import { pagePhotoOperations } from "./page-photos.ts";
import { pageReelOperations } from "./page-reels.ts";
import { pageStoryOperations } from "./page-stories.ts";
import { pageVideoOperations } from "./page-videos.ts";
import { postOperations } from "./post-changes.ts";
import { subscriptionOperations } from "./subscribed-apps.ts";
import { userOperations } from "./user-operations.ts";

const read = <K extends NodeType>(type: K, facts: Partial<Operation> = {}): Operation =>
  operation(type, "GET", "", facts, (call, value) =>
    // Each type comes with its value, which the compiler cannot follow through a parameter.
    project(call, { type, value } as unknown as GraphNode, requestedFields(call)),
  );

/** Reads of the nodes themselves; comments need a permission of their own. */
const reads: readonly Operation[] = [
  ...(["user", "business", "post", "photo", "video", "igUser", "igUserOnly"] as const).map((type) => read(type)),
  ...(["container", "containerOnly", "igMedia", "igMediaOnly"] as const).map((type) => read(type)),
  read("page", { scopes: [], tokens: ["user", "page"] }),
];

/** Everything the two Graph hosts answer, as data; a second entry for one edge is a mistake and throws. */
export const operations: readonly Operation[] = [
  ...reads,
  ...userOperations,
  ...pageFeedOperations,
  ...pagePhotoOperations,
  ...pageVideoOperations,
  ...pageReelOperations,
  ...pageStoryOperations,
  ...postOperations,
  ...pageCommentOperations,
  ...pageInsightOperations,
  ...subscriptionOperations,
  ...containerOperations,
  ...instagramPublishOperations,
  ...instagramMediaOperations,
  ...instagramCommentOperations,
  ...instagramInsightOperations,
];

const keyOf = (node: NodeType, method: string, edge: string): string => `${node} ${method} ${edge}`;

const byKey = new Map(
  operations.map((operation) => [keyOf(operation.node, operation.method, operation.edge), operation]),
);
if (byKey.size !== operations.length) throw new Error("two operations answer the same edge");

export const findOperation = (node: NodeType, method: string, edge: string): Operation | undefined =>
  byKey.get(keyOf(node, method, edge));
