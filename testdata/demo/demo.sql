\set ON_ERROR_STOP on
\timing on
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, city text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, total int NOT NULL, CHECK (total >= 0));
INSERT INTO customers WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
  SELECT i, 'customer ' || i, (ARRAY['Lima', 'Oslo', 'Pune', 'Rome'])[1 + i % 4] FROM n;
INSERT INTO orders WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
  SELECT i, 1 + i * 7919 % 2000, i * 31 % 500 FROM n;
CREATE INDEX orders_customer ON orders (customer_id);
SELECT c.city, count(*) AS orders, sum(o.total) AS revenue FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.city ORDER BY revenue DESC;
SELECT id, total FROM orders WHERE customer_id = 42 ORDER BY total DESC LIMIT 5;
INSERT INTO orders VALUES (1, 1, 5) ON CONFLICT (id) DO UPDATE SET total = orders.total + excluded.total RETURNING *;
