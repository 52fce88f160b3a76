"""Writes ../data/clock_changes.txt: every change of the clock of some zones in 2025 to 2027.

The table is what Python's zoneinfo knows, and so independent of the crate. It is written once, and again when the
crate takes a newer release of the time zone database: `python3 tests/known/clock_changes.py`.
"""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

CHANGING = """
Africa/Cairo Africa/Casablanca America/Asuncion America/Havana America/Los_Angeles America/New_York America/Nuuk
America/Santiago America/St_Johns Antarctica/Troll Asia/Beirut Asia/Gaza Asia/Jerusalem Atlantic/Azores
Australia/Adelaide Australia/Lord_Howe Australia/Sydney Europe/Athens Europe/Berlin Europe/Chisinau Europe/Dublin
Europe/Lisbon Europe/London Pacific/Auckland Pacific/Chatham Pacific/Norfolk
""".split()
STEADY = """
Africa/Johannesburg America/Mexico_City America/Sao_Paulo Asia/Kathmandu Asia/Kolkata Asia/Tokyo Australia/Brisbane
Europe/Istanbul
""".split()
FIRST, END = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (2025, 2028))


def offset(zone, moment):
    return moment.astimezone(zone).utcoffset()


def changes(zone):
    """Each moment at which the offset changes, with the offsets before and after it."""
    hour = FIRST
    while hour < END:
        following = hour + timedelta(hours=1)
        before, after = offset(zone, hour), offset(zone, following)
        if before != after:
            low, high = hour, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
            yield high, before, after
        hour = following


def written(delta):
    minutes = int(delta.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def main():
    release = Path("/usr/share/zoneinfo/tzdata.zi").read_text().splitlines()[0].removeprefix("# version ")
    lines = [
        f"# Made by tests/known/clock_changes.py from release {release} of the time zone database.",
        "# zone, first moment with the new offset, offset before, offset after",
    ]
    for name in sorted(CHANGING + STEADY):
        zone = ZoneInfo(name)
        found = list(changes(zone))
        if not found:
            always = written(offset(zone, FIRST))
            lines.append(f"{name} never {always} {always}")
        for moment, before, after in found:
            lines.append(f"{name} {moment:%Y-%m-%dT%H:%M:%SZ} {written(before)} {written(after)}")
    path = Path(__file__).parent.parent / "data" / "clock_changes.txt"
    path.write_text("\n".join(lines) + "\n")


main()
