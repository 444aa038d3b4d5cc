import type { Scene } from "./scene.ts";

/** A guarantee, and the story that shows it. */
export type Case = readonly [guarantee: string, story: (scene: Scene) => Promise<void>];
