-- Functions and their parameters, and what else has a type.

CREATE VIEW routines AS
SELECT current_database(), n.nspname, CAST(concat(p.proname, '_', p.oid) AS name), current_database(), n.nspname, p.proname,
       CASE p.prokind WHEN 'f' THEN 'FUNCTION' WHEN 'p' THEN 'PROCEDURE' END, NULL, NULL, NULL, NULL, NULL, NULL,
       CASE WHEN p.prokind = 'p' THEN NULL WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' WHEN nt.nspname = 'pg_catalog' THEN format_type(t.oid, NULL) ELSE 'USER-DEFINED' END,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       CASE WHEN nt.nspname IS NOT NULL THEN current_database() END, nt.nspname, t.typname, NULL, NULL, NULL, NULL, CASE WHEN p.prokind <> 'p' THEN 0 END,
       CASE WHEN l.lanname = 'sql' THEN 'SQL' ELSE 'EXTERNAL' END, CASE WHEN pg_has_role(p.proowner, 'USAGE') THEN p.prosrc END,
       CASE WHEN l.lanname = 'c' THEN p.prosrc END, upper(l.lanname), 'GENERAL', CASE WHEN p.provolatile = 'i' THEN 'YES' ELSE 'NO' END,
       'MODIFIES', CASE WHEN p.prokind <> 'p' THEN CASE WHEN p.proisstrict THEN 'YES' ELSE 'NO' END END, NULL, 'YES', 0, NULL, NULL,
       CASE WHEN p.prosecdef THEN 'DEFINER' ELSE 'INVOKER' END, NULL, NULL, NULL, 'NO', NULL, NULL, NULL, 'NO', NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM pg_proc p
     JOIN pg_namespace n ON n.oid = p.pronamespace
     JOIN pg_language l ON l.oid = p.prolang
     LEFT JOIN (pg_type t JOIN pg_namespace nt ON nt.oid = t.typnamespace) ON t.oid = p.prorettype AND p.prokind <> 'p'
WHERE pg_has_role(p.proowner, 'USAGE') OR has_function_privilege(p.oid, 'EXECUTE');

CREATE VIEW parameters AS
SELECT current_database(), n.nspname, CAST(concat(p.proname, '_', p.oid) AS name), g.place,
       CASE p.proargmodes[g.place] WHEN 'o' THEN 'OUT' WHEN 'b' THEN 'INOUT' WHEN 't' THEN 'OUT' ELSE 'IN' END, 'NO', 'NO', nullif(p.proargnames[g.place], ''),
       CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' WHEN nt.nspname = 'pg_catalog' THEN format_type(t.oid, NULL) ELSE 'USER-DEFINED' END,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       current_database(), nt.nspname, t.typname, NULL, NULL, NULL, NULL, g.place,
       CASE WHEN pg_has_role(p.proowner, 'USAGE') THEN pg_get_function_arg_default(p.oid, g.place) END
FROM pg_proc p
     JOIN pg_namespace n ON n.oid = p.pronamespace
     CROSS JOIN LATERAL generate_series(1, coalesce(array_length(p.proallargtypes, 1), p.pronargs)) AS g (place)
     JOIN pg_type t ON t.oid = CASE WHEN p.proallargtypes IS NULL THEN p.proargtypes[g.place - 1] ELSE p.proallargtypes[g.place] END
     JOIN pg_namespace nt ON nt.oid = t.typnamespace
WHERE pg_has_role(p.proowner, 'USAGE') OR has_function_privilege(p.oid, 'EXECUTE');

CREATE VIEW data_type_privileges AS
SELECT current_database(), x.schema, x.name, x.type, x.dtd
FROM (SELECT table_schema, table_name, 'TABLE'::text, dtd_identifier FROM information_schema.columns
      UNION ALL
      SELECT domain_schema, domain_name, 'DOMAIN'::text, dtd_identifier FROM information_schema.domains
      UNION ALL
      SELECT specific_schema, specific_name, 'ROUTINE'::text, dtd_identifier FROM information_schema.parameters
      UNION ALL
      SELECT specific_schema, specific_name, 'ROUTINE'::text, dtd_identifier FROM information_schema.routines) AS x (schema, name, type, dtd);

CREATE VIEW element_types AS
SELECT current_database(), n.nspname, x.name, x.type, x.dtd,
       CASE WHEN ne.nspname = 'pg_catalog' THEN format_type(e.oid, NULL) ELSE 'USER-DEFINED' END,
       NULL, NULL, NULL, NULL, NULL, CASE WHEN nco.nspname IS NOT NULL THEN current_database() END, nco.nspname, co.collname,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, current_database(), ne.nspname, e.typname, NULL, NULL, NULL, NULL, concat('a', x.dtd)
FROM (SELECT c.relnamespace AS schema, c.relname AS name, 'TABLE'::text AS type, a.attnum::text AS dtd, a.atttypid AS typ, a.attcollation AS coll, c.relowner AS owner,
             has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES') AS may
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL
      SELECT t.typnamespace, t.typname, 'DOMAIN'::text, '1'::text, t.typbasetype, t.typcollation, t.typowner, has_type_privilege(t.oid, 'USAGE')
      FROM pg_type t WHERE t.typtype = 'd'
      UNION ALL
      SELECT p.pronamespace, CAST(concat(p.proname, '_', p.oid) AS name), 'ROUTINE'::text, g.place::text,
             CASE WHEN p.proallargtypes IS NULL THEN p.proargtypes[g.place - 1] ELSE p.proallargtypes[g.place] END, 0, p.proowner, has_function_privilege(p.oid, 'EXECUTE')
      FROM pg_proc p CROSS JOIN LATERAL generate_series(1, coalesce(array_length(p.proallargtypes, 1), p.pronargs)) AS g (place)
      UNION ALL
      SELECT p.pronamespace, CAST(concat(p.proname, '_', p.oid) AS name), 'ROUTINE'::text, '0'::text, p.prorettype, 0, p.proowner, has_function_privilege(p.oid, 'EXECUTE')
      FROM pg_proc p) x
     JOIN pg_namespace n ON n.oid = x.schema
     JOIN pg_type t ON t.oid = x.typ
     JOIN pg_type e ON e.oid = t.typelem AND t.typlen = -1
     JOIN pg_namespace ne ON ne.oid = e.typnamespace
     LEFT JOIN (pg_collation co JOIN pg_namespace nco ON nco.oid = co.collnamespace) ON co.oid = x.coll AND NOT (nco.nspname = 'pg_catalog' AND co.collname = 'default')
WHERE pg_has_role(x.owner, 'USAGE') OR x.may;

CREATE VIEW user_defined_types AS
SELECT current_database(), n.nspname, c.relname, 'STRUCTURED', 'YES', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.typrelid = c.oid
WHERE c.relkind = 'c' AND (pg_has_role(t.typowner, 'USAGE') OR has_type_privilege(t.oid, 'USAGE'));
