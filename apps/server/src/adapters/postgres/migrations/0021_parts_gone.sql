-- Parts of a live post were taken down while others are left, whatever a person asked of it since.
ALTER TABLE "publish_jobs" ADD COLUMN "parts_gone" boolean DEFAULT false NOT NULL;