import type { Format } from "@postd/connector-kit";
import { instagramMedia } from "../limits.ts";
import { type InstagramState, startInstagram } from "./state.ts";
import { carouselSteps, singleSteps } from "./steps.ts";

/** @source platforms/meta.md section 6; a single feed video is a reel since 2023-11-09 */
export const image: Format<InstagramState> = {
  label: "Image",
  media: instagramMedia.image,
  start: startInstagram,
  steps: singleSteps,
};
export const carousel: Format<InstagramState> = {
  label: "Carousel",
  media: instagramMedia.carousel,
  start: startInstagram,
  steps: carouselSteps,
};
export const reel: Format<InstagramState> = {
  label: "Reel",
  media: instagramMedia.reel,
  start: startInstagram,
  steps: singleSteps,
};
export const story: Format<InstagramState> = {
  label: "Story",
  media: instagramMedia.story,
  start: startInstagram,
  steps: singleSteps,
};
