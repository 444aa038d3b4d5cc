import { pullMedia as pull, type StoredMedia } from "@postd/connector-kit/simulator";
import type { World } from "./world.ts";

/**
 * Pulls a medium as Meta does: plain ASCII addresses only (meta.md §6). Undefined: not reachable, redirected, not ASCII, or
 * not of the wanted kind; §15 names an HTML page and a wrong type among the reasons of 9004/2207052.
 */
export const pullMedia = async (
  world: World,
  url: string,
  kind: "image" | "video",
): Promise<StoredMedia | undefined> => (/^[\x21-\x7e]+$/.test(url) ? pull(world.env, url, kind) : undefined);
