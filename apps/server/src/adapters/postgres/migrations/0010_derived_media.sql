-- Files are stored as they go out. Rows from before say nothing in these columns and stay valid: their files are as they came.
ALTER TABLE "media_assets" ADD COLUMN "video" jsonb;--> statement-breakpoint
ALTER TABLE "media_assets" ADD COLUMN "original_key" text;--> statement-breakpoint
ALTER TABLE "media_assets" ADD COLUMN "original_bytes" bigint;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "keep_originals" boolean DEFAULT false NOT NULL;--> statement-breakpoint
GRANT SELECT (original_key) ON media_assets TO postd_system;
