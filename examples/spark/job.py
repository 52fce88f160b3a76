"""Sends the orders of a table from every executor of a cluster: one send_orders for each partition."""

import csv
import json
import os
import signal
import subprocess
import sys

from pyspark import TaskContext
from pyspark.sql import SparkSession, functions as f

COLUMNS = ["order_id", "email", "timestamp", "product_id", "quantity", "price", "currency"]
END_MARK = "#END"


def main(program, reports, sold_at, partitions):
    spark = SparkSession.builder.getOrCreate()
    lines = sold_lines(spark, int(sold_at))

    # All rows of an order come to one partition, and stand together in it.
    lines = lines.repartition(int(partitions), "order_id").sortWithinPartitions("order_id")
    counts = dict(lines.groupBy(f.spark_partition_id()).count().collect())
    # What has to arrive, by the engine's own exact decimals.
    totals = lines.groupBy("order_id").agg(f.sum(f.expr("quantity * price"))).collect()
    with open(f"{reports}/expected.json", "w") as file:
        orders = {order_id: str(total) for order_id, total in totals}
        json.dump({"rows": sum(counts.values()), "orders": orders}, file)

    lines.foreachPartition(lambda rows: send(rows, counts, program, reports))


def sold_lines(spark, sold_at):
    """120,000 lines of 48,000 orders, in no order. A real job reads a table here."""
    return spark.range(120_000).orderBy(f.hash("id")).select(
        f.expr("concat('A', id * 2 div 5)").alias("order_id"),
        f.expr("concat('customer', id * 2 div 5 % 20000, '@example.com')").alias("email"),
        f.expr(f"{sold_at} - id * 2 div 5").alias("timestamp"),
        f.expr("concat('SKU-', id % 977)").alias("product_id"),
        f.expr("1 + id % 3").alias("quantity"),
        f.expr("CAST(0.10 AS DECIMAL(12, 2)) * CAST(1 + id % 997 AS DECIMAL(10, 0))").alias("price"),
        f.lit("USD").alias("currency"),
    )


def send(rows, counts, program, reports):
    """Pipes the rows of a partition into send_orders. The end mark says that no row is missing.

    When an executor dies, its rows end here as if there were no more: only their number shows it.
    """
    task = TaskContext.get()
    name = f"{reports}/part-{task.partitionId():05}-{task.taskAttemptId():05}"
    command = [program, "-", "--sorted", "--end-mark", END_MARK, "--report", f"{name}.json"]
    command += os.environ.get("SEND_OPTIONS", "").split()
    with (
        open(f"{name}.log", "w") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True) as sending,
    ):
        write = csv.writer(sending.stdin, lineterminator="\n").writerow
        write(COLUMNS)
        written = 0
        for row in rows:
            write([row[column] for column in COLUMNS])
            written += 1
            die_in(row["order_id"], sending.stdin)
        if written == counts.get(task.partitionId(), 0):
            sending.stdin.write(END_MARK + "\n")
        sending.stdin.close()
        # 1 means that some rows were not accepted, and the report says why: the same rows would not be tomorrow.
        if sending.wait() not in (0, 1):
            raise RuntimeError(f"send_orders ended with {sending.returncode}: see {name}.log")


def die_in(order_id, pipe):
    """For the demonstration: the feeder is killed behind the first row of this order."""
    if order_id == os.environ.get("DIE_IN"):
        pipe.flush()
        os.kill(os.getpid(), signal.SIGKILL)


main(*sys.argv[1:])
