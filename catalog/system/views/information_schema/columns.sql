-- Columns, and the types they have (manual, 37.17 and others).

CREATE VIEW columns AS
SELECT current_database(), nc.nspname, c.relname, a.attname, a.attnum,
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
       CASE WHEN a.attnotnull OR a.typtype = 'd' AND a.typnotnull THEN 'NO' ELSE 'YES' END,
       CASE WHEN y.typelem <> 0 AND y.typlen = -1 THEN 'ARRAY' WHEN ny.nspname = 'pg_catalog' THEN format_type(y.oid, NULL) ELSE 'USER-DEFINED' END,
       CASE WHEN y.oid IN (1042, 1043) AND a.mod <> -1 THEN a.mod - 4 WHEN y.oid IN (1560, 1562) AND a.mod <> -1 THEN a.mod END,
       CASE WHEN y.oid IN (25, 1042, 1043) THEN CASE WHEN a.mod = -1 THEN 1073741824 ELSE (a.mod - 4) * pg_encoding_max_length(6) END END,
       CASE y.oid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53
                  WHEN 1700 THEN CASE WHEN a.mod <> -1 THEN ((a.mod - 4) >> 16) & 65535 END END,
       CASE WHEN y.oid IN (20, 21, 23, 700, 701) THEN 2 WHEN y.oid = 1700 THEN 10 END,
       CASE WHEN y.oid IN (20, 21, 23) THEN 0 WHEN y.oid = 1700 AND a.mod <> -1 THEN (a.mod - 4) & 65535 END,
       CASE WHEN y.oid = 1082 THEN 0 WHEN y.oid IN (1083, 1114, 1184, 1266) THEN CASE WHEN a.mod < 0 THEN 6 ELSE a.mod END
            WHEN y.oid = 1186 THEN CASE WHEN a.mod < 0 OR a.mod & 65535 = 65535 THEN 6 ELSE a.mod & 65535 END END,
       CASE WHEN y.oid = 1186 THEN upper(nullif(ltrim(substr(format_type(1186, a.mod), 9), ' ()0123456789'), '')) END,
       NULL, NULL, NULL, NULL,
       CASE WHEN nco.nspname IS NOT NULL THEN current_database() END, nco.nspname, co.collname,
       CASE WHEN a.typtype = 'd' THEN current_database() END, CASE WHEN a.typtype = 'd' THEN nt.nspname END, CASE WHEN a.typtype = 'd' THEN a.typname END,
       current_database(), ny.nspname, y.typname, NULL, NULL, NULL, NULL, a.attnum, 'NO',
       CASE WHEN a.attidentity IN ('a', 'd') THEN 'YES' ELSE 'NO' END,
       CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END,
       q.seqstart, q.seqincrement, q.seqmax, q.seqmin, CASE WHEN q.seqcycle THEN 'YES' ELSE 'NO' END,
       CASE WHEN a.attgenerated <> '' THEN 'ALWAYS' ELSE 'NEVER' END,
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
       CASE WHEN c.relkind IN ('r', 'p') OR c.relkind IN ('v', 'f') AND pg_column_is_updatable(c.oid, a.attnum, false) THEN 'YES' ELSE 'NO' END
FROM (SELECT a.*, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS mod, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END AS base,
             t.typtype, t.typnotnull, t.typname, t.typnamespace
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid) a
     JOIN pg_class c ON c.oid = a.attrelid
     JOIN pg_namespace nc ON nc.oid = c.relnamespace
     JOIN pg_namespace nt ON nt.oid = a.typnamespace
     JOIN pg_type y ON y.oid = a.base
     JOIN pg_namespace ny ON ny.oid = y.typnamespace
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     LEFT JOIN (pg_collation co JOIN pg_namespace nco ON nco.oid = co.collnamespace) ON co.oid = a.attcollation AND NOT (nco.nspname = 'pg_catalog' AND co.collname = 'default')
     LEFT JOIN pg_sequence q
       ON q.seqrelid = CASE WHEN a.attidentity <> '' THEN to_regclass(pg_get_serial_sequence(concat(quote_ident(nc.nspname), '.', quote_ident(c.relname)), a.attname)) END
WHERE NOT pg_is_other_temp_schema(nc.oid) AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p')
  AND (pg_has_role(c.relowner, 'USAGE') OR has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW column_udt_usage AS
SELECT current_database(), ny.nspname, y.typname, current_database(), nc.nspname, c.relname, a.attname
FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid
     JOIN pg_namespace nc ON nc.oid = c.relnamespace
     JOIN pg_type t ON t.oid = a.atttypid
     JOIN pg_type y ON y.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
     JOIN pg_namespace ny ON ny.oid = y.typnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p') AND pg_has_role(y.typowner, 'USAGE');

CREATE VIEW column_domain_usage AS
SELECT current_database(), nt.nspname, t.typname, current_database(), nc.nspname, c.relname, a.attname
FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid
     JOIN pg_namespace nc ON nc.oid = c.relnamespace
     JOIN pg_type t ON t.oid = a.atttypid
     JOIN pg_namespace nt ON nt.oid = t.typnamespace
WHERE t.typtype = 'd' AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p') AND pg_has_role(t.typowner, 'USAGE');

CREATE VIEW column_column_usage AS
SELECT DISTINCT current_database(), n.nspname, c.relname, s.attname, g.attname
FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute g ON g.attrelid = c.oid AND g.attgenerated <> ''
     JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = g.attnum
     JOIN pg_depend d ON d.classid = 2604 AND d.objid = f.oid AND d.refclassid = 1259 AND d.refobjid = c.oid
     JOIN pg_attribute s ON s.attrelid = c.oid AND s.attnum = d.refobjsubid AND s.attnum <> g.attnum
WHERE pg_has_role(c.relowner, 'USAGE');

CREATE VIEW domains AS
SELECT current_database(), nt.nspname, t.typname,
       CASE WHEN y.typelem <> 0 AND y.typlen = -1 THEN 'ARRAY' WHEN ny.nspname = 'pg_catalog' THEN format_type(y.oid, NULL) ELSE 'USER-DEFINED' END,
       x.length,
       CASE WHEN y.oid IN (25, 1042, 1043) THEN CASE WHEN t.typtypmod = -1 THEN 1073741824 ELSE x.length * pg_encoding_max_length(6) END END,
       NULL, NULL, NULL,
       CASE WHEN nco.nspname IS NOT NULL THEN current_database() END, nco.nspname, co.collname,
       CASE y.oid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53
                  WHEN 1700 THEN CASE WHEN t.typtypmod <> -1 THEN ((t.typtypmod - 4) >> 16) & 65535 END END,
       CASE WHEN y.oid IN (20, 21, 23, 700, 701) THEN 2 WHEN y.oid = 1700 THEN 10 END,
       CASE WHEN y.oid IN (20, 21, 23) THEN 0 WHEN y.oid = 1700 AND t.typtypmod <> -1 THEN (t.typtypmod - 4) & 65535 END,
       CASE WHEN y.oid = 1082 THEN 0 WHEN y.oid IN (1083, 1114, 1184, 1266) THEN CASE WHEN t.typtypmod < 0 THEN 6 ELSE t.typtypmod END
            WHEN y.oid = 1186 THEN CASE WHEN t.typtypmod < 0 OR t.typtypmod & 65535 = 65535 THEN 6 ELSE t.typtypmod & 65535 END END,
       CASE WHEN y.oid = 1186 THEN upper(nullif(ltrim(substr(format_type(1186, t.typtypmod), 9), ' ()0123456789'), '')) END,
       NULL, t.typdefault, current_database(), ny.nspname, y.typname, NULL, NULL, NULL, NULL, 1
FROM pg_type t
     JOIN pg_namespace nt ON nt.oid = t.typnamespace
     JOIN pg_type y ON y.oid = t.typbasetype
     JOIN pg_namespace ny ON ny.oid = y.typnamespace
     CROSS JOIN LATERAL (SELECT CASE WHEN y.oid IN (1042, 1043) AND t.typtypmod <> -1 THEN t.typtypmod - 4
                                     WHEN y.oid IN (1560, 1562) AND t.typtypmod <> -1 THEN t.typtypmod END AS length) x
     LEFT JOIN (pg_collation co JOIN pg_namespace nco ON nco.oid = co.collnamespace) ON co.oid = t.typcollation AND NOT (nco.nspname = 'pg_catalog' AND co.collname = 'default')
WHERE t.typtype = 'd' AND (pg_has_role(t.typowner, 'USAGE') OR has_type_privilege(t.oid, 'USAGE'));

CREATE VIEW domain_constraints AS
SELECT current_database(), nk.nspname, k.conname, current_database(), n.nspname, t.typname,
       CASE WHEN k.condeferrable THEN 'YES' ELSE 'NO' END, CASE WHEN k.condeferred THEN 'YES' ELSE 'NO' END
FROM pg_constraint k JOIN pg_namespace nk ON nk.oid = k.connamespace JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd' AND (pg_has_role(t.typowner, 'USAGE') OR has_type_privilege(t.oid, 'USAGE'));

CREATE VIEW domain_udt_usage AS
SELECT current_database(), ny.nspname, y.typname, current_database(), n.nspname, t.typname
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type y ON y.oid = t.typbasetype JOIN pg_namespace ny ON ny.oid = y.typnamespace
WHERE t.typtype = 'd' AND pg_has_role(y.typowner, 'USAGE');
