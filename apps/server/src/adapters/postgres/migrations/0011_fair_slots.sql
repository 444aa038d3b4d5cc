-- Jobs that workers are at, told apart from all others without reading them.
CREATE INDEX "publish_jobs_leased" ON "publish_jobs" USING btree ("lease_until") WHERE lease_until is not null;
