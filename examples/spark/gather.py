"""Gathers the reports of all partitions into one account, and compares it with the ledger of the mock server.

    gather.py REPORTS LEDGER          every order has to be there once, with the exact total
    gather.py REPORTS LEDGER ORDER    nothing of this order may be there, and every order that is there is whole
"""

import json
import re
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path


def main(reports, ledger, absent=None):
    expected = json.loads(Path(reports, "expected.json").read_text())
    last, incomplete = last_attempts(reports)
    rows, events = Counter(), Counter()
    for report in last.values():
        rows.update(report["rows"])
        events.update(report["events"])
    print(f"partitions sent whole: {len(last)}; attempts that broke off: {len(incomplete)}")
    print(f"rows: {shown(rows)}")
    print(f"events: {shown(events)}")

    seen, times = accepted(ledger)
    totals = {event["custom_data"]["order_id"]: event["custom_data"]["value"] for event in seen.values()}
    expected_totals = {order_id: Decimal(total) for order_id, total in expected["orders"].items()}
    print(f"ledger: {times.total()} events, {len(seen)} event ids, {sum(n > 1 for n in times.values())} of them twice or more")
    print(f"total: {sum(totals.values())} of {sum(expected_totals.values())}")
    check(len(totals) == len(seen), "an order has two event ids")
    check(all(total == expected_totals[order_id] for order_id, total in totals.items()), "an order is not whole")
    if absent:
        check(absent not in totals, f"order {absent} is there")
        check(any(is_held_back(report) for report in incomplete), "no report says that an order was held back")
        print(f"Nothing of order {absent} was sent, and every order that was sent is whole.")
        return
    check(rows["read"] == expected["rows"] == rows["accepted"], "a row was not accepted")
    check(rows["read"] == sum(count for outcome, count in rows.items() if outcome != "read"), "the counts do not add up")
    check(events["accepted"] == len(seen) and totals == expected_totals, "an order is missing")
    print("Every order is there once by its event id, and the total is exact.")


def last_attempts(reports):
    """Of each partition the report of its last whole attempt: a task that an engine starts again sends all of it again."""
    last, incomplete = {}, []
    for file in sorted(Path(reports).glob("part-*.json"), key=lambda file: [int(n) for n in re.findall(r"\d+", file.name)]):
        report = json.loads(file.read_text())
        if report["failed"] or report["stopped"]:
            incomplete.append(report)
        else:
            last[file.name.rsplit("-", 1)[0]] = report
    return last, incomplete


def accepted(ledger):
    """The events by their ids, and how often each was accepted. Meta counts each once."""
    seen, times = {}, Counter()
    for line in Path(ledger).read_text().splitlines():
        event = json.loads(line, parse_float=Decimal, parse_int=Decimal)["event"]
        first = seen.setdefault(event["event_id"], event)
        check(first == event, "an event id has two contents")
        times[event["event_id"]] += 1
    return seen, times


def is_held_back(report):
    return any(diagnostic["code"] == "order_incomplete" for diagnostic in report["diagnostics"])


def shown(counts):
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)


def check(holds, problem):
    if not holds:
        sys.exit(f"gather.py: {problem}")


main(*sys.argv[1:])
