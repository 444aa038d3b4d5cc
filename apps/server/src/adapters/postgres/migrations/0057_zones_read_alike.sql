-- Whoever reads a workspace's time zone reads it so that one the database does not know is nobody else's trouble.
GRANT EXECUTE ON FUNCTION known_zone(text) TO postd_app, postd_system;
