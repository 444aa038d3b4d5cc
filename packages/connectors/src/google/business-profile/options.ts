import type { OutgoingPost, PostProblem } from "@postd/connector-kit";
import { z } from "zod";
import { TITLE_MAX } from "./limits.ts";
import { phoneNumberIn } from "./phone.ts";

/** GET_OFFER is no longer taken; offers have a button by themselves. */
const buttons = ["BOOK", "ORDER", "SHOP", "LEARN_MORE", "SIGN_UP", "CALL"] as const;
const categories = [
  "COVER",
  "PROFILE",
  "LOGO",
  "EXTERIOR",
  "INTERIOR",
  "PRODUCT",
  "AT_WORK",
  "FOOD_AND_DRINK",
  "MENU",
  "COMMON_AREA",
  "ROOMS",
  "TEAMS",
  "ADDITIONAL",
] as const;

const url = () => z.url({ protocol: /^https?$/ }).max(2_000);
/** Google tells no limit; this is only more than anybody writes. */
const words = () => z.string().min(1).max(5_000);
const day = (title: string) =>
  z.iso.date().optional().meta({ title, description: "As the location's own calendar says it: 2026-12-24." });
const clock = (title: string) =>
  z.iso
    .time({ precision: -1 })
    .optional()
    .meta({ title, description: "As the location's own clock says it, whatever the time zone: 19:00." });

/** @source platforms/google-business-profile.md "Publishing" */
export const BusinessOptions = z.strictObject({
  button: z.enum(buttons).optional().meta({
    title: "Button",
    description: "Not with offers, which have one of their own. CALL rings the profile's own number.",
  }),
  buttonUrl: url().optional().meta({ title: "Button's address", description: "Of every button but CALL." }),
  title: z
    .string()
    .trim()
    .min(1)
    .max(TITLE_MAX)
    .optional()
    .meta({ title: "Title", description: "Of an event or an offer." }),
  startDate: day("First day"),
  startTime: clock("Begins at"),
  endDate: day("Last day"),
  endTime: clock("Ends at"),
  couponCode: words().optional().meta({ title: "Coupon code" }),
  redeemUrl: url().optional().meta({ title: "Address to redeem the offer online" }),
  terms: words().optional().meta({ title: "Terms and conditions" }),
  language: z
    .string()
    .regex(/^[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8})*$/)
    .optional()
    .meta({ title: "Language", description: "Of the words, such as da or pt-BR." }),
  category: z.enum(categories).optional().meta({
    title: "What the photo shows",
    description: "Where it stands in the profile's gallery; there is one COVER and one PROFILE. Absent: ADDITIONAL.",
  }),
});
export type BusinessOptions = z.output<typeof BusinessOptions>;
export const optionsOf = ({ options }: Pick<OutgoingPost, "options">): BusinessOptions =>
  BusinessOptions.safeParse(options).data ?? {};

const posts = ["standard", "event", "offer"];
const dated = ["event", "offer"];
export const optionFormats = {
  button: ["standard", "event"],
  buttonUrl: ["standard", "event"],
  title: dated,
  startDate: dated,
  startTime: dated,
  endDate: dated,
  endTime: dated,
  couponCode: ["offer"],
  redeemUrl: ["offer"],
  terms: ["offer"],
  language: posts,
  category: ["location_photo"],
} as const satisfies Record<keyof BusinessOptions, readonly string[]>;

const problem = (
  field: string,
  code: string,
  message: string,
  severity: PostProblem["severity"] = "error",
): PostProblem => ({ field, code, message, severity });

/** Rules beyond limits, media and the options' own shape. Pure. */
export function validate(post: OutgoingPost): readonly PostProblem[] {
  const options = optionsOf(post);
  return [
    ...buttonProblems(post, options),
    ...(dated.includes(post.format) ? scheduleProblems(options) : []),
    ...phoneProblems(post),
  ];
}

function buttonProblems({ format, link }: OutgoingPost, { button, buttonUrl }: BusinessOptions): PostProblem[] {
  if (!optionFormats.button.some((one) => one === format)) return [];
  if (
    link &&
    button !== undefined &&
    (button === "CALL" ? buttonUrl === undefined : buttonUrl && buttonUrl !== link.url)
  ) {
    const message = `A post at Google has one button, and ${button} is chosen for it, so the link is left out here.`;
    return [problem("link", "link_left_out", message, "warning")];
  }
  const at = (code: string, message: string) => [problem("options.buttonUrl", code, message)];
  if (button === "CALL" && buttonUrl !== undefined)
    return at(
      "call_without_address",
      "The CALL button rings the profile's own number and takes no address. Remove it.",
    );
  if (button !== undefined && button !== "CALL" && buttonUrl === undefined && !link)
    return at("button_address_missing", `The button ${button} needs an address to lead to. Give one.`);
  if (button === undefined && buttonUrl !== undefined)
    return at(
      "button_missing",
      "This address belongs to a button, and none is chosen. Choose one, or remove the address.",
    );
  return [];
}

const parts = {
  title: "a title",
  startDate: "a first day",
  startTime: "a time it begins",
  endDate: "a last day",
  endTime: "a time it ends",
} as const;

/** Google wants all of it, and nobody makes up a date. */
function scheduleProblems(options: BusinessOptions): PostProblem[] {
  const missing = (Object.keys(parts) as (keyof typeof parts)[]).filter((name) => options[name] === undefined);
  if (missing.length > 0)
    return missing.map((name) =>
      problem(`options.${name}`, "required", `Events and offers at Google need ${parts[name]}. Give it.`),
    );
  const { startDate, startTime, endDate, endTime } = options;
  return `${endDate}T${endTime}` >= `${startDate}T${startTime}`
    ? []
    : [problem("options.endDate", "ends_before_it_begins", "It ends before it begins. Change one of the two.")];
}

/** @source platforms/google-business-profile.md "Media & text constraints" */
function phoneProblems({ text }: OutgoingPost): PostProblem[] {
  const found = phoneNumberIn(text);
  if (found === undefined) return [];
  const message = `"${found}" reads like a telephone number, and Google mostly rejects posts with one. Take it out and choose the button CALL, which rings the profile's own number.`;
  return [problem("text", "phone_number", message, "warning")];
}
