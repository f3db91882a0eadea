"""Makes `sunspots.txt` of assignment 08 from the data in the package statsmodels.

    pip install statsmodels==0.15.0
    python docs/data/sunspots.py

A line for each year from 1700 to 2008: the year, a tabulator, the mean number of sunspots.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

ASSIGNMENT = Path(__file__).resolve().parents[2] / "source" / "08-classify-and-forecast"
TARGET = ASSIGNMENT / "data" / "sunspots.txt"


def main() -> None:
    text = (files("statsmodels") / "datasets" / "sunspots" / "sunspots.csv").read_text(encoding="ascii")
    rows = list(csv.DictReader(text.splitlines()))
    lines = [f"{int(float(row['YEAR']))}\t{float(row['SUNACTIVITY'])}\n" for row in rows]
    TARGET.write_text("".join(lines), encoding="ascii")
    print(f"{len(lines)} years")


if __name__ == "__main__":
    main()
