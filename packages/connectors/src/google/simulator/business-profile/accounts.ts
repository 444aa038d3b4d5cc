import { z } from "zod";
import { pageOf, paging, personOf, route } from "../call.ts";
import { badRequest } from "../words.ts";
import type { Account, Location } from "./model.ts";
import { accountOf, bareLocationOf, hosts, managed } from "./places.ts";

// Fact sheet, "Accounts & locations", and the discovery documents of both APIs.

const accountJson = ({ id, accountName, type, members }: Account, person: string) => ({
  name: `accounts/${id}`,
  accountName,
  type,
  role: members.get(person),
  verificationState: "VERIFIED",
  vettedState: "NOT_VETTED",
});

/** Fields a mask may name, as the discovery document has them. */
export const locationFields = [
  "name",
  "languageCode",
  "storeCode",
  "title",
  "phoneNumbers",
  "categories",
  "storefrontAddress",
  "websiteUri",
  "regularHours",
  "specialHours",
  "serviceArea",
  "labels",
  "adWordsLocationExtensions",
  "latlng",
  "openInfo",
  "metadata",
  "profile",
  "relationshipData",
  "moreHours",
  "serviceItems",
] as const;

const locationJson = ({ id, title, hasVoice }: Location): Readonly<Record<string, unknown>> => ({
  name: `locations/${id}`,
  languageCode: "en",
  title,
  storefrontAddress: {
    regionCode: "DK",
    languageCode: "en",
    postalCode: "2200",
    locality: "Copenhagen",
    addressLines: ["Elmegade 1"],
  },
  websiteUri: "https://holm-coffee.example/",
  metadata: {
    placeId: `ChIJ${id}`,
    mapsUri: `https://maps.google.com/maps?cid=${id}`,
    newReviewUri: `https://search.google.com/local/writereview?placeid=ChIJ${id}`,
    // False is not sent. `canOperateLocalPost` is no longer populated.
    ...(hasVoice && { hasVoiceOfMerchant: true }),
  },
});

const badMask = (words: string) => badRequest("read_mask", words);

/** Only what the mask names, down to one part of a field. */
function masked(location: Location, mask: string | undefined): Record<string, unknown> {
  if (!mask) throw badMask("read_mask is required");
  const whole = locationJson(location);
  const seen: Record<string, unknown> = {};
  for (const path of mask.split(",")) {
    const [root = "", part] = path.split(".");
    if (!locationFields.some((field) => field === root)) throw badMask(`Invalid field mask provided: ${path}`);
    const value = whole[root];
    if (value === undefined) continue;
    if (part === undefined) seen[root] = value;
    else seen[root] = { ...Object(seen[root]), [part]: Reflect.get(Object(value), part) };
  }
  return seen;
}

export const accountRoutes = [
  route("GET", `${hosts.accounts}/v1/accounts`, {
    ...managed,
    query: z.strictObject({ ...paging, parentAccount: z.string().optional(), filter: z.string().optional() }),
    handle(call) {
      const person = personOf(call).id;
      const mine = call.world.profiles.accountsOf(person);
      const { items, more } = pageOf(mine, call.query, { usual: 20, most: 20 });
      return { status: 200, json: { accounts: items.map((account) => accountJson(account, person)), ...more } };
    },
  }),
  route("GET", `${hosts.accounts}/v1/accounts/:account`, {
    ...managed,
    handle: (call) => ({ status: 200, json: accountJson(accountOf(call), personOf(call).id) }),
  }),
  route("GET", `${hosts.information}/v1/accounts/:account/locations`, {
    ...managed,
    query: z.strictObject({
      ...paging,
      readMask: z.string().optional(),
      filter: z.string().optional(),
      orderBy: z.string().optional(),
    }),
    handle(call) {
      const { profiles } = call.world;
      // "-" is the caller; which account a location is under cannot be told from its list.
      const all = call.params.account === "-" ? profiles.accountsOf(personOf(call).id) : [accountOf(call)];
      const ids = new Set(all.map(({ id }) => id));
      if (!call.query.readMask) throw badMask("read_mask is required");
      const found = profiles.locations.all(({ accounts }) => [...accounts].some((id) => ids.has(id)));
      const { items, more } = pageOf(found, call.query, { usual: 10, most: 100 });
      const locations = items.map((location) => masked(location, call.query.readMask));
      return { status: 200, json: { ...(locations.length > 0 && { locations }), ...more } };
    },
  }),
  route("GET", `${hosts.information}/v1/locations/:location`, {
    ...managed,
    query: z.strictObject({ readMask: z.string().optional() }),
    handle: (call) => ({ status: 200, json: masked(bareLocationOf(call), call.query.readMask) }),
  }),
  route("GET", `${hosts.verifications}/v1/locations/:location/VoiceOfMerchantState`, {
    ...managed,
    handle(call) {
      const { hasVoice } = bareLocationOf(call);
      return {
        status: 200,
        json: hasVoice
          ? { hasVoiceOfMerchant: true, hasBusinessAuthority: true }
          : { verify: { hasPendingVerification: false } },
      };
    },
  }),
];
