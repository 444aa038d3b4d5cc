-- Pictures made of others, as platforms take them. Nothing older is one, so nothing is filled in.
ALTER TABLE "media_assets" ADD COLUMN "derived_from" text;--> statement-breakpoint
ALTER TABLE "media_assets" ADD COLUMN "source_sha256" text;--> statement-breakpoint
ALTER TABLE "media_assets" ADD COLUMN "operation" text;--> statement-breakpoint
-- The same change of the same bytes is kept once.
CREATE UNIQUE INDEX "media_assets_derived" ON "media_assets" ("tenant_id","source_sha256",md5("operation")) WHERE source_sha256 is not null AND deleted_at is null;--> statement-breakpoint
CREATE INDEX "media_assets_source" ON "media_assets" ("tenant_id","derived_from") WHERE derived_from is not null;
