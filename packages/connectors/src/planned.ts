import type { FacetName, PlannedPlatform } from "@postd/connector-kit";

const all: readonly FacetName[] = ["signIn", "publishing", "numbers", "webhooks", "health"];
const without = (...less: readonly FacetName[]) => all.filter((name) => !less.includes(name));

/**
 * The rest of the plan. A connector of the same id takes a line's place by itself. What is not to come is not there for
 * programs at the platform, or is no use of POSTD's: views of a channel message, posts at a library of pictures.
 */
export const plannedPlatforms: readonly PlannedPlatform[] = [
  { id: "airtable", name: "Airtable", comes: without("publishing", "numbers") },
  { id: "canva", name: "Canva", comes: ["signIn", "health"] },
  { id: "cloudinary", name: "Cloudinary", comes: without("publishing", "numbers") },
  { id: "devto", name: "DEV", comes: without("webhooks") },
  { id: "discord", name: "Discord", comes: without("numbers", "webhooks") },
  { id: "google_analytics", name: "Google Analytics", comes: without("publishing", "webhooks") },
  { id: "hashnode", name: "Hashnode", comes: without("webhooks") },
  { id: "hubspot", name: "HubSpot", comes: without("publishing", "numbers") },
  { id: "mastodon", name: "Mastodon", comes: without("webhooks") },
  {
    id: "medium",
    name: "Medium",
    comes: ["signIn", "publishing", "health"],
    impossible: [
      {
        what: "Accounts without an older token",
        why: "Medium has given out no new integration tokens since 2025-01-01 and lets no new app sign people in; tokens made before keep working.",
        checkedOn: "2026-11-20",
      },
    ],
  },
  { id: "notion", name: "Notion", comes: without("numbers") },
  { id: "pinterest", name: "Pinterest", comes: without("webhooks") },
  { id: "reddit", name: "Reddit", comes: without("webhooks") },
  { id: "salesforce", name: "Salesforce", comes: ["signIn", "health"] },
  { id: "shopify", name: "Shopify", comes: all },
  { id: "slack", name: "Slack", comes: all },
  {
    id: "substack",
    name: "Substack",
    comes: ["health"],
    impossible: [
      {
        what: "Publishing",
        why: "Substack has no API that publishes: what it offers programs only reads, and its web pages' own calls need a person's cookie.",
        checkedOn: "2026-11-20",
      },
    ],
  },
  { id: "telegram", name: "Telegram", comes: without("numbers") },
  { id: "whatsapp", name: "WhatsApp", comes: all },
  { id: "wordpress", name: "WordPress", comes: without("numbers", "webhooks") },
  { id: "youtube", name: "YouTube", comes: all },
];
