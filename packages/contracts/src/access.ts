import { z } from "zod";

/** Roles of a member in a tenant, strongest first. */
export const roles = ["owner", "admin", "editor", "approver", "viewer"] as const;
export type Role = (typeof roles)[number];

/** What a caller may do. An API key carries a list of these; a person has those of the role. */
export const scopes = [
  "posts:read",
  "posts:write",
  "posts:approve",
  "connections:read",
  "connections:write",
  "media:read",
  "media:write",
  "members:read",
  "members:write",
  "keys:read",
  "keys:write",
  "operations:read",
  "operations:write",
  "audit:read",
] as const;
export type Scope = (typeof scopes)[number];

const reading = ["posts:read", "connections:read", "media:read", "members:read", "operations:read"] as const;

/** The one table of rights. An owner differs from an admin in one rule of people: only owners make owners. */
export const roleScopes: Readonly<Record<Role, readonly Scope[]>> = {
  owner: scopes,
  admin: scopes,
  editor: [...reading, "posts:write", "media:write"],
  approver: [...reading, "posts:approve"],
  viewer: reading,
};

/** Roles that have a scope, strongest first; for messages and documentation. */
export const rolesWith = (scope: Scope): readonly Role[] => roles.filter((role) => roleScopes[role].includes(scope));

export const RoleName = z.enum(roles);
export const ScopeName = z.enum(scopes);
