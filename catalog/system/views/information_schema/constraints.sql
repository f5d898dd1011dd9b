-- Constraints. A column that must not be null is a check constraint here too.

CREATE VIEW check_constraints AS
SELECT current_database(), n.nspname, k.conname, substring(pg_get_constraintdef(k.oid), 7)
FROM pg_constraint k LEFT JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid
WHERE k.contype = 'c' AND pg_has_role(coalesce(c.relowner, t.typowner), 'USAGE')
UNION ALL
SELECT current_database(), n.nspname, CAST(concat(n.oid, '_', c.oid, '_', a.attnum, '_not_null') AS name), concat(a.attname, ' IS NOT NULL')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE');

CREATE VIEW table_constraints AS
SELECT current_database(), nk.nspname, k.conname, current_database(), n.nspname, c.relname,
       CASE k.contype WHEN 'c' THEN 'CHECK' WHEN 'f' THEN 'FOREIGN KEY' WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' END,
       CASE WHEN k.condeferrable THEN 'YES' ELSE 'NO' END, CASE WHEN k.condeferred THEN 'YES' ELSE 'NO' END, 'YES',
       CASE WHEN k.contype = 'u' THEN CASE WHEN (SELECT i.indnullsnotdistinct FROM pg_index i WHERE i.indexrelid = k.conindid) THEN 'NO' ELSE 'YES' END END
FROM pg_constraint k JOIN pg_namespace nk ON nk.oid = k.connamespace JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype NOT IN ('t', 'x') AND c.relkind IN ('r', 'p') AND NOT pg_is_other_temp_schema(n.oid)
  AND (pg_has_role(c.relowner, 'USAGE') OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'))
UNION ALL
SELECT current_database(), n.nspname, CAST(concat(n.oid, '_', c.oid, '_', a.attnum, '_not_null') AS name), current_database(), n.nspname, c.relname,
       'CHECK', 'NO', 'NO', 'YES', NULL
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT pg_is_other_temp_schema(n.oid)
  AND (pg_has_role(c.relowner, 'USAGE') OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'));

CREATE VIEW key_column_usage AS
SELECT current_database(), nk.nspname, k.conname, current_database(), n.nspname, c.relname, a.attname, g.place,
       CASE WHEN k.contype = 'f' THEN array_position((SELECT u.conkey FROM pg_constraint u WHERE u.conindid = k.conindid AND u.contype IN ('p', 'u') LIMIT 1), k.confkey[g.place]) END
FROM pg_constraint k
     JOIN pg_namespace nk ON nk.oid = k.connamespace
     JOIN pg_class c ON c.oid = k.conrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL generate_series(1, array_length(k.conkey, 1)) AS g (place)
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[g.place] AND NOT a.attisdropped
WHERE k.contype IN ('p', 'u', 'f') AND c.relkind IN ('r', 'p') AND NOT pg_is_other_temp_schema(n.oid)
  AND (pg_has_role(c.relowner, 'USAGE') OR has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW constraint_column_usage AS
SELECT DISTINCT current_database(), n.nspname, c.relname, a.attname, current_database(), nk.nspname, k.conname
FROM pg_constraint k
     JOIN pg_namespace nk ON nk.oid = k.connamespace
     JOIN pg_class c ON c.oid = CASE WHEN k.contype = 'f' THEN k.confrelid ELSE k.conrelid END
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (CASE WHEN k.contype = 'f' THEN k.confkey ELSE k.conkey END)
WHERE k.contype IN ('c', 'p', 'u', 'f') AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE');

CREATE VIEW constraint_table_usage AS
SELECT current_database(), n.nspname, c.relname, current_database(), nk.nspname, k.conname
FROM pg_constraint k
     JOIN pg_namespace nk ON nk.oid = k.connamespace
     JOIN pg_class c ON c.oid = CASE WHEN k.contype = 'f' THEN k.confrelid ELSE k.conrelid END
     JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('p', 'u', 'f') AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE');

CREATE VIEW referential_constraints AS
SELECT current_database(), nk.nspname, k.conname, CASE WHEN nu.nspname IS NULL THEN NULL ELSE current_database() END, nu.nspname, u.conname,
       CASE k.confmatchtype WHEN 'f' THEN 'FULL' WHEN 'p' THEN 'PARTIAL' WHEN 's' THEN 'NONE' END,
       CASE k.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END,
       CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END
FROM pg_constraint k
     JOIN pg_namespace nk ON nk.oid = k.connamespace
     JOIN pg_class c ON c.oid = k.conrelid
     LEFT JOIN (pg_constraint u JOIN pg_namespace nu ON nu.oid = u.connamespace) ON u.conindid = k.conindid AND u.conrelid = k.confrelid AND u.contype IN ('p', 'u')
WHERE k.contype = 'f' AND c.relkind IN ('r', 'p')
  AND (pg_has_role(c.relowner, 'USAGE') OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'));

CREATE VIEW check_constraint_routine_usage AS
SELECT current_database(), nk.nspname, k.conname, current_database(), np.nspname, CAST(concat(p.proname, '_', p.oid) AS name)
FROM pg_constraint k
     JOIN pg_namespace nk ON nk.oid = k.connamespace
     JOIN pg_depend d ON d.classid = 2606 AND d.objid = k.oid AND d.refclassid = 1255
     JOIN pg_proc p ON p.oid = d.refobjid
     JOIN pg_namespace np ON np.oid = p.pronamespace
WHERE k.contype = 'c' AND pg_has_role(p.proowner, 'USAGE');
