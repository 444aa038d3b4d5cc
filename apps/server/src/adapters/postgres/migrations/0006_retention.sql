-- What the system role needs to remove what has served its time. It still reads nothing an author wrote and no secret.
CREATE POLICY system_rows ON oauth_grants TO postd_system USING (true);
GRANT SELECT (id, expires_at), DELETE ON oauth_grants TO postd_system;
-- Only secrets of pending sign-ins and of grants; those of connections stay out of reach.
CREATE POLICY system_rows ON encrypted_secrets TO postd_system USING (owner_id LIKE 'state\_%' OR owner_id LIKE 'gra\_%');
GRANT SELECT (owner_id), DELETE ON encrypted_secrets TO postd_system;
CREATE POLICY system_rows ON idempotency_records TO postd_system USING (true);
GRANT SELECT (resource_id, created_at), DELETE ON idempotency_records TO postd_system;
CREATE POLICY system_rows ON posts FOR SELECT TO postd_system USING (true);
GRANT SELECT (id, deleted_at) ON posts TO postd_system;
CREATE POLICY system_rows ON media_assets FOR SELECT TO postd_system USING (true);
GRANT SELECT (blob_key, deleted_at) ON media_assets TO postd_system;
GRANT DELETE ON webhook_inbox TO postd_system;
