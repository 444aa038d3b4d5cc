import type { Business, IgAccount, Page, Person } from "./model.ts";

/** Every task a Page role can have; publishing needs CREATE_CONTENT (meta.md §4). */
export const allTasks = ["ANALYZE", "ADVERTISE", "MODERATE", "CREATE_CONTENT", "MANAGE", "MESSAGING"] as const;

const idaHolm: Person = { id: "10229876543210011", name: "Ida Holm" };
/** Somebody without Pages and without Instagram: the "no accounts" case of §15. */
const jonasReed: Person = { id: "10229876543210022", name: "Jonas Reed" };

const northfoldGroup: Business = { id: "30411223344556677", name: "Northfold Group", personId: idaHolm.id };

const page = (given: Pick<Page, "id" | "name" | "username" | "category" | "fans"> & Partial<Page>): Page => ({
  personId: idaHolm.id,
  tasks: [...allTasks],
  roleLost: false,
  ...given,
});

const pages: readonly Page[] = [
  page({
    id: "104455667788990",
    name: "Northfold Coffee",
    username: "northfoldcoffee",
    category: "Coffee shop",
    fans: 4812,
    igId: "17841400455667788",
  }),
  page({
    id: "104455667788991",
    name: "Northfold Roastery",
    username: "northfoldroastery",
    category: "Food & beverage company",
    fans: 951,
    igId: "17841400455667799",
  }),
  // A role without CREATE_CONTENT: listed, but it cannot publish (§4).
  page({
    id: "104455667788992",
    name: "Old Test Page",
    username: "oldtestpage",
    category: "Local business",
    fans: 12,
    tasks: ["ANALYZE", "ADVERTISE"],
  }),
  // Reached only through /me/businesses (§4).
  page({
    id: "104455667788993",
    name: "Northfold Events",
    username: "northfoldevents",
    category: "Event planner",
    fans: 310,
    business: { id: northfoldGroup.id, relation: "owned" },
  }),
];

const igAccounts: readonly IgAccount[] = [
  {
    id: "17841400455667788",
    appScopedId: "24680013579112233",
    username: "northfold.coffee",
    name: "Northfold Coffee",
    accountType: "BUSINESS",
    personId: idaHolm.id,
    pageId: "104455667788990",
    followers: 12_640,
  },
  {
    id: "17841400455667799",
    appScopedId: "24680013579112244",
    username: "northfold.roastery",
    name: "Northfold Roastery",
    accountType: "BUSINESS",
    personId: idaHolm.id,
    pageId: "104455667788991",
    followers: 2210,
  },
  // No Page behind it: only Instagram Login can open it (§1).
  {
    id: "17841400455667711",
    appScopedId: "24680013579112255",
    username: "ida.brews",
    name: "Ida Brews",
    accountType: "MEDIA_CREATOR",
    personId: idaHolm.id,
    followers: 870,
  },
];

/** Whom a fresh world knows. */
export const seed = { people: [idaHolm, jonasReed], businesses: [northfoldGroup], pages, igAccounts };
