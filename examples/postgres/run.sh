#!/usr/bin/env bash
# Starts a PostgreSQL server of its own and a mock of Meta's endpoint, and shows both ways to send: see README.md.
set -euo pipefail
cd "$(dirname "$0")"

if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && ! command -v initdb >/dev/null; then
    apt-get update -qq && apt-get install -y -qq postgresql >/dev/null
fi
if ! command -v initdb >/dev/null; then
    PATH=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1):$PATH
fi
cargo build --quiet --locked --target-dir ../../target
programs=../../target/debug

# The server runs without a network, in a folder that is gone afterwards, and never as root.
folder=$(mktemp -d)
chmod 755 "$folder"
as_user=()
if [ "$(id -u)" = 0 ]; then
    chown nobody "$folder"
    as_user=(setpriv --reuid=nobody --regid=nogroup --clear-groups env "PATH=$PATH")
fi
stop() {
    kill ${mock:-} 2>/dev/null || true
    "${as_user[@]}" pg_ctl -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
"${as_user[@]}" initdb -D "$folder/data" -U shop --auth=trust -E UTF8 --locale=C.UTF-8 >/dev/null
"${as_user[@]}" pg_ctl -D "$folder/data" -w -l "$folder/data/log" \
    -o "-k $folder -c listen_addresses='' -c fsync=off" start >/dev/null
export PGHOST=$folder PGUSER=shop PGDATABASE=postgres
export DATABASE="host=$folder user=shop dbname=postgres"
sql() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }
sql -f schema.sql

# A mock of Meta's endpoint writes each event that it accepts to a ledger.
mkfifo "$folder/open"
"$programs/mock_server" "${PORT:-8087}" "$folder/ledger" <"$folder/open" >"$folder/mock.log" &
mock=$!
exec 3>"$folder/open"
until grep -q listening "$folder/mock.log"; do sleep 0.1; done
export META_GRAPH_URL=http://127.0.0.1:${PORT:-8087}/

echo '== the orders of a query'
TIMEFORMAT='%R seconds'
time "$programs/postgres" history

echo '== the outbox: a worker is killed when it has sent a batch and not yet deleted it'
PAUSE_BEFORE_DELETE=60 "$programs/postgres" outbox >"$folder/killed.log" &
killed=$!
until grep -q 'not deleted' "$folder/killed.log"; do sleep 0.1; done
kill -KILL $killed
wait $killed 2>/dev/null || true
echo "in the outbox: $(sql -At -c 'SELECT count(*) FROM outbox')"
echo '== two workers at once send what is there'
"$programs/postgres" outbox >"$folder/one.log" &
one=$!
"$programs/postgres" outbox >"$folder/other.log"
wait $one
echo "batches of each: $(grep -c Events "$folder/one.log") and $(grep -c Events "$folder/other.log")"

echo '== the account: ledger of the mock server and tables'
sql -c 'CREATE TABLE ledger (line jsonb)'
sql -c "\\copy ledger FROM '$folder/ledger' WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')"
sql <<'SQL'
CREATE VIEW accepted AS
SELECT line #>> '{event,event_id}' AS event_id, line #>> '{event,custom_data,order_id}' AS order_id,
    (line #>> '{event,custom_data,value}')::numeric AS value
FROM ledger;
CREATE VIEW once AS SELECT DISTINCT * FROM accepted;
SELECT left(order_id, 1) = 'B' AS outbox, count(*) AS events, count(DISTINCT event_id) AS event_ids
FROM accepted GROUP BY 1 ORDER BY 1;
SELECT (SELECT count(*) FROM once WHERE order_id LIKE 'A%') AS orders_accepted,
    (SELECT count(DISTINCT order_id) FROM order_line) AS orders_in_table,
    (SELECT sum(value) FROM once WHERE order_id LIKE 'A%') AS total_accepted,
    (SELECT sum(quantity * price) FROM order_line) AS total_in_table;
DO $$
BEGIN
    ASSERT (SELECT count(*) FROM outbox) = 0, 'the outbox is not empty';
    ASSERT (SELECT count(*) FROM once) = (SELECT count(DISTINCT event_id) FROM accepted), 'an event id has two contents';
    ASSERT (SELECT count(*) FROM once WHERE order_id LIKE 'B%') = 10000, 'a sale is missing';
    ASSERT (SELECT count(*) FROM accepted WHERE order_id LIKE 'B%') = 11000, 'one batch of 1,000 was sent twice';
    ASSERT (SELECT count(*) FROM once WHERE order_id LIKE 'A%') = (SELECT count(DISTINCT order_id) FROM order_line),
        'an order is missing';
    ASSERT (SELECT sum(value) FROM once WHERE order_id LIKE 'A%') = (SELECT sum(quantity * price) FROM order_line),
        'the total differs';
END
$$;
SQL
echo 'Every sale is there once by its event id, and the total is exact to the cent.'
