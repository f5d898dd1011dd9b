-- What sessions hold: settings, statements, locks.

CREATE VIEW pg_settings AS
SELECT * FROM pg_show_all_settings();

CREATE VIEW pg_cursors AS
SELECT * FROM pg_cursor();

CREATE VIEW pg_prepared_statements AS
SELECT * FROM pg_prepared_statement();

CREATE VIEW pg_locks AS
SELECT * FROM pg_lock_status();

CREATE VIEW pg_config AS
SELECT * FROM pg_config();

CREATE VIEW pg_timezone_names AS
SELECT * FROM pg_timezone_names();

CREATE VIEW pg_timezone_abbrevs AS
SELECT * FROM pg_timezone_abbrevs();

CREATE VIEW pg_available_extensions AS
SELECT a.name, a.default_version, x.extversion AS installed_version, a.comment
FROM pg_available_extensions() a LEFT JOIN pg_extension x ON x.extname = a.name;

CREATE VIEW pg_available_extension_versions AS
SELECT a.name, a.version, x.extname IS NOT NULL AS installed, a.superuser, a.trusted, a.relocatable, a.schema, a.requires, a.comment
FROM pg_available_extension_versions() a LEFT JOIN pg_extension x ON x.extname = a.name AND x.extversion = a.version;
