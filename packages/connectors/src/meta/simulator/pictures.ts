import { escapeHtml, type Route, routesOf, SimRefusal } from "@postd/connector-kit/simulator";
import { versioned } from "./oauth.ts";
import type { World } from "./world.ts";

/** A tile with the first letter, for people, Pages and accounts (meta.md §4, `picture{url}` and `profile_picture_url`). */
export const pictureRoute: Route<World> = routesOf<World>()(
  "GET",
  [...versioned("graph.facebook.com", ":id/picture"), "www.instagram.com/:id/picture"],
  {
    token: "none",
    handle({ world: { data }, params: { id = "" } }) {
      const account = data.igAccounts.find(({ username }) => username === id);
      const { name } = data.pages.get(id) ?? data.people.get(id) ?? data.igAccounts.get(id) ?? account ?? {};
      if (name === undefined) throw new SimRefusal({ status: 404, text: "No such picture" });
      const letter = escapeHtml([...name][0]?.toUpperCase() ?? "?");
      const hue = [...name].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0) % 360;
      return {
        status: 200,
        headers: { "content-type": "image/svg+xml", "x-content-type-options": "nosniff" },
        text: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 50 50"><rect width="50" height="50" fill="hsl(${hue} 45% 45%)"/><text x="25" y="34" font-size="26" text-anchor="middle" fill="#fff" font-family="sans-serif">${letter}</text></svg>`,
      };
    },
  },
);
