import type { Audience, Condition, Member, Recipients, Segment } from "./model.ts";
import type { World } from "./world.ts";

/** Whether a segment's condition holds; undefined: a kind the simulator does not know. */
function holds({ field, op, value }: Condition, member: Member): boolean | undefined {
  if (field === "static_segment") return op === "static_is" ? member.tags.has(String(value)) : undefined;
  const wanted = String(value ?? "").toLowerCase();
  const has = String(field === "EMAIL" ? member.email : (member.fields[field] ?? "")).toLowerCase();
  switch (op) {
    case "is":
      return has === wanted;
    case "not":
      return has !== wanted;
    case "contains":
      return has.includes(wanted);
    case "notcontain":
      return !has.includes(wanted);
    case "starts":
      return has.startsWith(wanted);
    case "ends":
      return has.endsWith(wanted);
    default:
      return undefined;
  }
}

const probe: Pick<Member, "email" | "fields" | "tags"> = { email: "", fields: {}, tags: new Map() };
export const isKnownCondition = (condition: Condition): boolean => holds(condition, probe as Member) !== undefined;

const fits = (member: Member, match: "any" | "all", conditions: readonly Condition[]): boolean =>
  match === "any"
    ? conditions.some((condition) => holds(condition, member) === true)
    : conditions.every((condition) => holds(condition, member) === true);

export function membersOf(world: World, audience: Audience, segment?: Segment): readonly Member[] {
  const all = world.members.all((member) => member.audience === audience && member.status === "subscribed");
  if (segment === undefined) return all;
  if (segment.type === "static") return all.filter(({ tags }) => tags.has(segment.id));
  return all.filter((member) => fits(member, segment.match, segment.conditions));
}

/** Whom a campaign goes to as things stand now. */
export function addresseesOf(
  world: World,
  { audience, saved, isSegmentGone, match = "all", conditions = [] }: Recipients,
) {
  const reached = membersOf(world, audience, isSegmentGone ? undefined : saved);
  return conditions.length === 0 ? reached : reached.filter((member) => fits(member, match, conditions));
}

/** A segment in words, as the app shows it. */
export function segmentText({ saved, conditions = [] }: Recipients): string {
  if (saved) return `<p class="!margin--lv0 display--inline">Contacts that match <strong>${saved.name}</strong></p>`;
  return conditions.map(({ field, op, value }) => `<p>${field} ${op} ${String(value)}</p>`).join("");
}
