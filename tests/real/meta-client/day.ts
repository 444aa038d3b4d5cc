import { talking } from "./comments.ts";
import { instagram } from "./instagram.ts";
import { counting } from "./numbers.ts";
import { posting } from "./posts.ts";
import type { DayStep } from "./shapes.ts";
import { filming } from "./videos.ts";
import { closing } from "./whole.ts";

/** A publisher's day, in order: later steps use what earlier ones brought. */
export const day: readonly DayStep[] = [...posting, ...filming, ...talking, ...counting, ...instagram, ...closing];
