-- A row for every try of a publish job that went wrong, for dashboards that look for it under this name.
CREATE VIEW publish_job_errors WITH (security_invoker = true) AS
SELECT a.tenant_id, a.job_id, j.post_id, j.connection_id, j.platform, j.state, a.id AS attempt_id, a.step,
  a.answered_at AS at, coalesce(a.failure ->> 'kind', a.outcome) AS kind,
  coalesce(a.failure ->> 'message', a.note) AS message,
  coalesce(a.failure ->> 'kind', a.outcome) IN ('rate_limited', 'unavailable') AS retryable,
  (a.failure ->> 'httpStatus')::integer AS http_status, a.failure ->> 'platformCode' AS platform_code,
  a.failure ->> 'requestId' AS request_id, a.failure AS raw, j.tries, j.simulated
FROM publish_attempts a JOIN publish_jobs j ON j.id = a.job_id
WHERE a.outcome IN ('failed', 'unknown', 'lost');
--> statement-breakpoint
COMMENT ON VIEW publish_job_errors IS 'Every try of a publish job that went wrong, as long as tries are kept.';
COMMENT ON COLUMN publish_job_errors.tenant_id IS 'Workspace.';
COMMENT ON COLUMN publish_job_errors.job_id IS 'Publish job.';
COMMENT ON COLUMN publish_job_errors.post_id IS 'Post it belongs to.';
COMMENT ON COLUMN publish_job_errors.connection_id IS 'Account it was for.';
COMMENT ON COLUMN publish_job_errors.platform IS 'Platform id.';
COMMENT ON COLUMN publish_job_errors.state IS 'Where the job stands now.';
COMMENT ON COLUMN publish_job_errors.attempt_id IS 'The try.';
COMMENT ON COLUMN publish_job_errors.step IS 'Step of the connector.';
COMMENT ON COLUMN publish_job_errors.at IS 'When the answer came, or when its absence was noticed.';
COMMENT ON COLUMN publish_job_errors.kind IS 'Kind of failure (auth_expired, rate_limited, content_rejected ...); lost: no answer was ever recorded.';
COMMENT ON COLUMN publish_job_errors.message IS 'One plain sentence; never a token or a body.';
COMMENT ON COLUMN publish_job_errors.retryable IS 'POSTD tries the same again by itself.';
COMMENT ON COLUMN publish_job_errors.http_status IS 'Status of the platform''s answer, where there was one.';
COMMENT ON COLUMN publish_job_errors.platform_code IS 'The platform''s own code, where it gave one.';
COMMENT ON COLUMN publish_job_errors.request_id IS 'The platform''s id of the request, for its support.';
COMMENT ON COLUMN publish_job_errors.raw IS 'What is kept of the failure, without secrets.';
COMMENT ON COLUMN publish_job_errors.tries IS 'Tries of the step the job is at now.';
COMMENT ON COLUMN publish_job_errors.simulated IS 'The account is simulated.';
--> statement-breakpoint
GRANT SELECT ON publish_job_errors TO postd_app;
