import type {
  Business,
  Comment,
  Container,
  FbPhoto,
  FbPost,
  FbVideo,
  IgAccount,
  IgMedia,
  Page,
  Person,
} from "./model.ts";
import type { World } from "./world.ts";

/** What a numeric id can stand for. `igUser...Only` and `igMediaOnly` are the same things on graph.instagram.com. */
export interface NodeValues {
  user: Person;
  business: Business;
  page: Page;
  post: FbPost;
  photo: FbPhoto;
  video: FbVideo;
  comment: Comment;
  igUser: IgAccount;
  igUserOnly: IgAccount;
  container: Container;
  containerOnly: Container;
  igMedia: IgMedia;
  igMediaOnly: IgMedia;
  igComment: Comment;
  igCommentOnly: Comment;
}
export type NodeType = keyof NodeValues;
export type GraphNode = { [K in NodeType]: { readonly type: K; readonly value: NodeValues[K] } }[NodeType];

export function isNode<K extends NodeType>(
  node: GraphNode,
  type: K,
): node is GraphNode & { readonly type: K; readonly value: NodeValues[K] } {
  return node.type === type;
}

/** The node an id names on graph.facebook.com. */
export function facebookNode(world: World, id: string): GraphNode | undefined {
  const { data } = world;
  const user = data.people.get(id);
  if (user) return { type: "user", value: user };
  const business = data.businesses.get(id);
  if (business) return { type: "business", value: business };
  const page = data.pages.get(id);
  if (page) return { type: "page", value: page };
  const post = data.posts.get(id);
  if (post) return { type: "post", value: post };
  const photo = data.photos.get(id);
  if (photo) return { type: "photo", value: photo };
  const video = data.videos.get(id);
  if (video) return { type: "video", value: video };
  const comment = data.comments.get(id);
  if (comment?.network === "facebook") return { type: "comment", value: comment };
  return instagramNode(world, id, "facebook");
}

/** The Instagram node an id names, under the type its host gives it (§1: two hosts, two sets of rules). */
export function instagramNode(world: World, id: string, login: "facebook" | "instagram"): GraphNode | undefined {
  const { data } = world;
  const viaFacebook = login === "facebook";
  const account = data.igAccounts.get(id);
  // Without a linked Page the account does not exist for Facebook Login (§1).
  if (account && viaFacebook) return account.pageId === undefined ? undefined : { type: "igUser", value: account };
  if (account) return { type: "igUserOnly", value: account };
  const container = data.containers.get(id);
  if (container) return { type: viaFacebook ? "container" : "containerOnly", value: container };
  const media = data.igMedia.get(id);
  if (media) return { type: viaFacebook ? "igMedia" : "igMediaOnly", value: media };
  const comment = data.comments.get(id);
  if (comment?.network === "instagram") return { type: viaFacebook ? "igComment" : "igCommentOnly", value: comment };
  return undefined;
}

/** The node an id names on one of the Graph hosts. */
export const nodeOn = (world: World, host: string, id: string): GraphNode | undefined =>
  host === "graph.instagram.com" ? instagramNode(world, id, "instagram") : facebookNode(world, id);

/** The Page or Instagram account a node belongs to; undefined for people and businesses. */
export function ownerOf({ data }: World, node: GraphNode): string | undefined {
  switch (node.type) {
    case "user":
    case "business":
      return undefined;
    case "page":
    case "igUser":
    case "igUserOnly":
      return node.value.id;
    case "post":
    case "photo":
    case "video":
      return node.value.pageId;
    case "comment":
    case "igComment":
    case "igCommentOnly": {
      const { objectId } = node.value;
      const { posts, photos, videos, igMedia } = data;
      return (
        (posts.get(objectId) ?? photos.get(objectId) ?? videos.get(objectId))?.pageId ?? igMedia.get(objectId)?.igId
      );
    }
    default:
      return node.value.igId;
  }
}
