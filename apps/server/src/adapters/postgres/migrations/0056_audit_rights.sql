-- What the recorder of changes is made of is for the server's roles alone, as all our functions are.
REVOKE ALL ON FUNCTION acting(), without_names(text, jsonb) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION acting(), without_names(text, jsonb) TO postd_app, postd_system;
