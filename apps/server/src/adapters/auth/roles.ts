import { type Role, roleScopes, scopes } from "@postd/contracts";
import { createAccessControl } from "better-auth/plugins/access";

/** Our table of rights in the library's form: `posts: ["read", "write"]` and so on. */
const statements: Record<string, string[]> = {};
for (const scope of scopes) {
  const [resource = "", action = ""] = scope.split(":");
  statements[resource] = [...(statements[resource] ?? []), action];
}

export const accessControl = createAccessControl(statements);

function roleOf(role: Role) {
  const rights: Record<string, string[]> = {};
  for (const scope of roleScopes[role]) {
    const [resource = "", action = ""] = scope.split(":");
    rights[resource] = [...(rights[resource] ?? []), action];
  }
  return accessControl.newRole(rights);
}

export const organizationRoles = {
  owner: roleOf("owner"),
  admin: roleOf("admin"),
  editor: roleOf("editor"),
  approver: roleOf("approver"),
  viewer: roleOf("viewer"),
};
