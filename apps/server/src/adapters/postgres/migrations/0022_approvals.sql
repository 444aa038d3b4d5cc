-- Whose word a post needs: what was asked for once goes out on an approver's word only, and a workspace may want that of all.
ALTER TABLE "tenants" ADD COLUMN "requires_approval" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "changed_by" text;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "approval_asked" boolean DEFAULT false NOT NULL;--> statement-breakpoint
UPDATE posts SET approval_asked = true WHERE status IN ('awaiting_approval', 'rejected') OR decided_by IS NOT NULL;
