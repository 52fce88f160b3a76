-- A made-up shop: lines of orders, and an outbox with one row for each sale that its tills announce.

CREATE TABLE customer (
    id bigint PRIMARY KEY,
    email text,
    phone text
);

CREATE TABLE order_line (
    id bigint PRIMARY KEY,
    order_id text NOT NULL,
    customer_id bigint NOT NULL REFERENCES customer,
    sold_at timestamptz NOT NULL,
    product_id text NOT NULL,
    quantity integer NOT NULL,
    price numeric(12, 4) NOT NULL
);

-- A till writes its sale and this row in one transaction.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id text NOT NULL,
    email text NOT NULL,
    sold_at timestamptz NOT NULL,
    total numeric(12, 2) NOT NULL,
    currency char(3) NOT NULL,
    -- What is wrong with it. Such a row waits for somebody to look at it.
    problem text
);

INSERT INTO customer
SELECT n, 'customer' || n || '@example.com', NULLIF('+49 30 ' || 1000000 + n, '+49 30 1000007')
FROM generate_series(1, 20000) AS n;

-- 200,000 lines of 80,000 orders, two and a half each. 0.10 and 0.2050 are no floats.
INSERT INTO order_line
SELECT n, 'A' || n * 2 / 5, 1 + n * 2 / 5 % 20000, now() - interval '1 minute' * (1 + n * 2 / 5 % 5000),
    'SKU-' || n % 977, 1 + n % 3, 0.10 * (1 + n % 997)
FROM generate_series(0, 199999) AS n;

INSERT INTO outbox (order_id, email, sold_at, total, currency)
SELECT 'B' || n, 'customer' || 1 + n % 20000 || '@example.com', now() - interval '1 second' * (1 + n), 0.10 * (1 + n % 997), 'EUR'
FROM generate_series(0, 9999) AS n;
