#!/usr/bin/env bash
# Sends a table from the executors of a small Spark cluster on this machine to a mock of Meta's endpoint: see README.md.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)

if ! command -v java >/dev/null; then
    apt-get update -qq && apt-get install -y -qq openjdk-17-jre-headless >/dev/null
fi
venv=${VENV:-$root/target/spark/venv}
if [ ! -x "$venv/bin/spark-submit" ]; then
    python3 -m venv "$venv" || { apt-get install -y -qq python3-venv >/dev/null && python3 -m venv "$venv"; }
    "$venv/bin/pip" install --quiet --disable-pip-version-check pyspark==4.3.0
fi
cargo build --quiet --manifest-path "$root/Cargo.toml" --features csv,html,journal,testing --example send_orders --example mock_server
programs=$root/target/debug/examples

folder=$(mktemp -d)
port=${PORT:-8088}
export META_DATASET_ID=123456789012345 META_ACCESS_TOKEN=not-a-real-token META_GRAPH_URL=http://127.0.0.1:$port/
export PYSPARK_PYTHON=$venv/bin/python SPARK_LOCAL_IP=127.0.0.1
# Two executors run one task each, with two requests in flight: the server sees four at once.
export SEND_OPTIONS='--in-flight 2 --batch-size 100'
sold_at=$(($(date +%s) - 3600))
# A local cluster keeps the logs of its executors in Spark's own folder.
trap 'kill ${mock:-} ${job:-} 2>/dev/null || true; rm -rf "$folder" "$venv"/lib/python*/site-packages/pyspark/work' EXIT

# Runs the job against a mock server of its own, with a call that may disturb it.
run() {
    local name=$1 disturb=$2
    shift 2
    mkdir "$folder/$name"
    mkfifo "$folder/$name/open"
    "$programs/mock_server" "$port" "$folder/$name/ledger" 100 <"$folder/$name/open" >"$folder/$name/server.log" &
    mock=$!
    exec 3>"$folder/$name/open"
    until grep -q listening "$folder/$name/server.log"; do sleep 0.1; done
    "$venv/bin/spark-submit" --master 'local-cluster[2,1,1024]' --conf spark.speculation=false \
        --conf spark.ui.enabled=false --conf "spark.sql.warehouse.dir=$folder/warehouse" \
        --conf "spark.executor.extraJavaOptions=-Dorders=$folder" "$@" \
        job.py "$programs/send_orders" "$folder/$name" "$sold_at" 8 >"$folder/$name/spark.log" 2>&1 &
    job=$!
    $disturb "$folder/$name"
    status=0
    wait $job || status=$?
    exec 3>&-
    wait $mock
    tail -1 "$folder/$name/server.log"
}

nothing() { :; }

# Kills an executor as soon as the server has a fifth of the orders.
kill_executor() {
    until [ "$(wc -l <"$1/ledger")" -ge 10000 ]; do
        kill -0 $job || return 0
        sleep 0.2
    done
    kill -KILL "$(pgrep -f -- "-Dorders=$folder .*CoarseGrainedExecutorBackend" | head -1)"
    echo "an executor was killed when the server had $(wc -l <"$1/ledger") orders"
}

echo '== 120,000 rows'
run whole nothing
[ $status = 0 ] || { tail -40 "$folder/whole/spark.log"; exit 1; }
python3 gather.py "$folder/whole" "$folder/whole/ledger"

echo '== an executor is killed in the middle'
run killed kill_executor
[ $status = 0 ] || { tail -40 "$folder/killed/spark.log"; exit 1; }
python3 gather.py "$folder/killed" "$folder/killed/ledger"

echo '== a feeder is killed between two rows of order A12000, and Spark gives up'
DIE_IN=A12000 run died nothing --conf spark.task.maxFailures=1
[ $status != 0 ] || { echo 'the job did not fail'; exit 1; }
python3 gather.py "$folder/died" "$folder/died/ledger" A12000
