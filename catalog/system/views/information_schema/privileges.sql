-- Roles and what was granted to them.

CREATE VIEW enabled_roles AS
SELECT a.rolname FROM pg_authid a WHERE pg_has_role(a.oid, 'USAGE');

CREATE VIEW applicable_roles AS
SELECT a.rolname, b.rolname, CASE WHEN m.admin_option THEN 'YES' ELSE 'NO' END
FROM (SELECT member, roleid, admin_option FROM pg_auth_members
      UNION
      SELECT d.datdba, r.oid, false FROM pg_database d, pg_authid r WHERE d.datname = current_database() AND r.rolname = 'pg_database_owner') m
     JOIN pg_authid a ON a.oid = m.member JOIN pg_authid b ON b.oid = m.roleid
WHERE pg_has_role(a.oid, 'USAGE');

CREATE VIEW administrable_role_authorizations AS
SELECT * FROM applicable_roles WHERE is_grantable = 'YES';

CREATE VIEW table_privileges AS
SELECT g.rolname, coalesce(r.rolname, 'PUBLIC'), current_database(), n.nspname, c.relname, x.privilege_type,
       CASE WHEN pg_has_role(x.grantee, c.relowner, 'USAGE') OR x.is_grantable THEN 'YES' ELSE 'NO' END,
       CASE WHEN x.privilege_type = 'SELECT' THEN 'YES' ELSE 'NO' END
FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
     JOIN pg_authid g ON g.oid = x.grantor
     LEFT JOIN pg_authid r ON r.oid = x.grantee
WHERE c.relkind IN ('r', 'v', 'f', 'p') AND (x.grantee = 0 OR r.oid IS NOT NULL)
  AND x.privilege_type IN ('INSERT', 'SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER')
  AND (pg_has_role(g.oid, 'USAGE') OR pg_has_role(r.oid, 'USAGE') OR x.grantee = 0);

CREATE VIEW role_table_grants AS
SELECT * FROM table_privileges
WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles) OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

CREATE VIEW column_privileges AS
SELECT g.rolname, coalesce(r.rolname, 'PUBLIC'), current_database(), n.nspname, x.relname, x.attname, x.privilege_type,
       CASE WHEN pg_has_role(x.grantee, x.relowner, 'USAGE') OR x.is_grantable THEN 'YES' ELSE 'NO' END
FROM (SELECT c.relname, c.relnamespace, c.relowner, a.attname, e.grantor, e.grantee, e.privilege_type, e.is_grantable
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) e
      WHERE c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped
      UNION
      SELECT c.relname, c.relnamespace, c.relowner, a.attname, e.grantor, e.grantee, e.privilege_type, e.is_grantable
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid CROSS JOIN LATERAL aclexplode(coalesce(a.attacl, acldefault('c', c.relowner))) e
      WHERE c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped) x
     JOIN pg_namespace n ON n.oid = x.relnamespace
     JOIN pg_authid g ON g.oid = x.grantor
     LEFT JOIN pg_authid r ON r.oid = x.grantee
WHERE (x.grantee = 0 OR r.oid IS NOT NULL) AND x.privilege_type IN ('INSERT', 'SELECT', 'UPDATE', 'REFERENCES')
  AND (pg_has_role(g.oid, 'USAGE') OR pg_has_role(r.oid, 'USAGE') OR x.grantee = 0);

CREATE VIEW role_column_grants AS
SELECT * FROM column_privileges
WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles) OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

CREATE VIEW routine_privileges AS
SELECT g.rolname, coalesce(r.rolname, 'PUBLIC'), current_database(), n.nspname, CAST(concat(p.proname, '_', p.oid) AS name), current_database(), n.nspname, p.proname,
       'EXECUTE', CASE WHEN pg_has_role(x.grantee, p.proowner, 'USAGE') OR x.is_grantable THEN 'YES' ELSE 'NO' END
FROM pg_proc p
     JOIN pg_namespace n ON n.oid = p.pronamespace
     CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
     JOIN pg_authid g ON g.oid = x.grantor
     LEFT JOIN pg_authid r ON r.oid = x.grantee
WHERE (x.grantee = 0 OR r.oid IS NOT NULL) AND x.privilege_type = 'EXECUTE'
  AND (pg_has_role(g.oid, 'USAGE') OR pg_has_role(r.oid, 'USAGE') OR x.grantee = 0);

CREATE VIEW role_routine_grants AS
SELECT * FROM routine_privileges
WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles) OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

CREATE VIEW udt_privileges AS
SELECT g.rolname, coalesce(r.rolname, 'PUBLIC'), current_database(), n.nspname, t.typname, 'TYPE USAGE',
       CASE WHEN pg_has_role(x.grantee, t.typowner, 'USAGE') OR x.is_grantable THEN 'YES' ELSE 'NO' END
FROM pg_type t
     JOIN pg_namespace n ON n.oid = t.typnamespace
     CROSS JOIN LATERAL aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) x
     JOIN pg_authid g ON g.oid = x.grantor
     LEFT JOIN pg_authid r ON r.oid = x.grantee
WHERE t.typtype = 'c' AND (x.grantee = 0 OR r.oid IS NOT NULL) AND x.privilege_type = 'USAGE'
  AND (pg_has_role(g.oid, 'USAGE') OR pg_has_role(r.oid, 'USAGE') OR x.grantee = 0);

CREATE VIEW role_udt_grants AS
SELECT * FROM udt_privileges
WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles) OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

CREATE VIEW usage_privileges AS
SELECT o.rolname, 'PUBLIC', current_database(), n.nspname, c.collname, 'COLLATION', 'USAGE', 'NO'
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace JOIN pg_authid o ON o.oid = c.collowner
WHERE c.collencoding IN (-1, 6)
UNION ALL
SELECT g.rolname, coalesce(r.rolname, 'PUBLIC'), current_database(), n.nspname, t.typname, 'DOMAIN', 'USAGE',
       CASE WHEN pg_has_role(x.grantee, t.typowner, 'USAGE') OR x.is_grantable THEN 'YES' ELSE 'NO' END
FROM pg_type t
     JOIN pg_namespace n ON n.oid = t.typnamespace
     CROSS JOIN LATERAL aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) x
     JOIN pg_authid g ON g.oid = x.grantor
     LEFT JOIN pg_authid r ON r.oid = x.grantee
WHERE t.typtype = 'd' AND (x.grantee = 0 OR r.oid IS NOT NULL) AND x.privilege_type = 'USAGE'
  AND (pg_has_role(g.oid, 'USAGE') OR pg_has_role(r.oid, 'USAGE') OR x.grantee = 0)
UNION ALL
SELECT g.rolname, coalesce(r.rolname, 'PUBLIC'), current_database(), n.nspname, c.relname, 'SEQUENCE', 'USAGE',
       CASE WHEN pg_has_role(x.grantee, c.relowner, 'USAGE') OR x.is_grantable THEN 'YES' ELSE 'NO' END
FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
     JOIN pg_authid g ON g.oid = x.grantor
     LEFT JOIN pg_authid r ON r.oid = x.grantee
WHERE c.relkind = 'S' AND (x.grantee = 0 OR r.oid IS NOT NULL) AND x.privilege_type = 'USAGE'
  AND (pg_has_role(g.oid, 'USAGE') OR pg_has_role(r.oid, 'USAGE') OR x.grantee = 0);

CREATE VIEW role_usage_grants AS
SELECT * FROM usage_privileges
WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles) OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);
