import { type Acts, actsOf } from "@postd/connector-kit/simulator";
import { z } from "zod";
import type { World } from "../world.ts";
import type { Account, Location } from "./model.ts";

const act = actsOf<World>();

export function found<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new RangeError(`there is no ${what}`);
  return thing;
}

/** A resource name's last id counts, so that whole names and bare ones do. */
const idIn = (name: string): string => name.split("/").at(-1) ?? "";
export const accountIn = ({ profiles }: World, name: string): Account =>
  found(profiles.accounts.get(idIn(name)), `account ${name}`);
export const locationIn = ({ profiles }: World, name: string): Location =>
  found(profiles.locations.get(idIn(name)), `location ${name}`);

const placeActs: Acts<World> = {
  addAccounts: act(
    z.strictObject({
      person: z.string(),
      names: z.array(z.string()).min(1),
      type: z.enum(["PERSONAL", "LOCATION_GROUP", "USER_GROUP", "ORGANIZATION"]).default("LOCATION_GROUP"),
      role: z.enum(["PRIMARY_OWNER", "OWNER", "MANAGER", "SITE_MANAGER"]).default("MANAGER"),
    }),
    ({ profiles }, { person, names, ...more }) => ({
      accounts: names.map((accountName) => `accounts/${profiles.addAccount(person, { accountName, ...more }).id}`),
    }),
  ),
  addLocations: act(
    z.strictObject({ account: z.string(), titles: z.array(z.string()).min(1), hasVoice: z.boolean().default(true) }),
    (world, { account, titles, hasVoice }) => {
      const at = accountIn(world, account);
      const made = titles.map((title) => world.profiles.addLocation(at, title, { hasVoice }).id);
      return { locations: made.map((id) => `accounts/${at.id}/locations/${id}`) };
    },
  ),
  setLocation: act(
    z.strictObject({
      location: z.string(),
      title: z.string().optional(),
      isChain: z.boolean().optional(),
      /** A second account it sits under. */
      alsoUnder: z.string().optional(),
    }),
    (world, { location, title, isChain, alsoUnder }) => {
      const place = locationIn(world, location);
      if (title !== undefined) place.title = title;
      if (isChain !== undefined) place.isChain = isChain;
      if (alsoUnder !== undefined) place.accounts.add(accountIn(world, alsoUnder).id);
      return { title: place.title, isChain: place.isChain, accounts: [...place.accounts] };
    },
  ),
  /** The person loses the role at an account. */
  removeMember: act(z.strictObject({ account: z.string(), person: z.string() }), (world, { account, person }) => {
    const at = accountIn(world, account);
    if (!at.members.delete(person)) throw new RangeError(`${person} has no role at ${account}`);
    at.former.add(person);
    return { members: [...at.members.keys()] };
  }),
};

const postActs: Acts<World> = {
  /** What a post's review ends with, or the next one's, whatever its words. */
  decide: act(
    z.strictObject({ verdict: z.enum(["LIVE", "REJECTED"]), post: z.string().optional() }),
    (world, input) => {
      const { posts } = world.profiles;
      if (input.post === undefined) world.profiles.nextPost = input.verdict;
      else {
        const post = found(posts.get(idIn(input.post)), `post ${input.post}`);
        post.decided = input.verdict;
        post.reviewEndsAt ??= world.env.now().getTime();
      }
      return { verdict: input.verdict };
    },
  ),
};

export const profileActs: Acts<World> = { ...placeActs, ...postActs };
