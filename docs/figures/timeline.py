"""Draw the plans of docs/teaching/plan.toml as time lines: python docs/figures/timeline.py [--check]

One bar for each assignment, from its release to its deadline; marks for sessions; a dashed line where a
deadline lets another assignment out. `--check` only says whether docs/images/timeline-*.svg are fresh.
"""

from __future__ import annotations

import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle
from style import BACKGROUND, GREY, INK, PALE, PIXEL, ROLES, described, settings

ROOT = Path(__file__).resolve().parents[2]
PLANS = tomllib.loads((ROOT / "docs" / "teaching" / "plan.toml").read_text("utf-8"))["plan"]
PICTURES = ROOT / "docs" / "images"
GIVES_AWAY = {"03": ["01"], "04": ["02"], "05": ["03", "04"], "06": ["05"], "07": ["05"], "08": ["03", "05"]}
"""Assignment -> those whose deadline has to be over when it is released."""
WIDTH, ROW, LEFT, TOP = 1000, 40, 130, 92
SIZE = 15 * PIXEL


def draw(plan: dict[str, Any]) -> plt.Figure:
    """The time line of a plan; heights grow downwards."""
    names = list(plan["release"])
    height = TOP + ROW * len(names) + 20
    day = (WIDTH - LEFT - 24) / plan["days"]

    def at(number: float) -> float:
        return LEFT + day * number

    figure = plt.figure(figsize=(WIDTH / 96, height / 96), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    for number in range(plan["days"]):
        if number % 7 >= 5:
            axes.add_patch(
                Rectangle((at(number), TOP - 36), day, height - TOP + 30, fc=BACKGROUND, ec="none")
            )
    for week in range(0, plan["days"], 7):
        axes.plot([at(week)] * 2, [TOP - 64, height - 8], color=PALE, lw=1)
        axes.text(at(week) + 6, TOP - 54, f"week {week // 7 + 1}", size=SIZE, color=GREY, va="center")
    axes.text(LEFT - 12, TOP - 22, "sessions", size=SIZE, color=INK, va="center", ha="right")
    for session in plan["session"]:
        axes.plot(at(session["day"] - 0.5), TOP - 22, "D", ms=7, color=INK)
    rows = {name: TOP + ROW * (place + 0.5) for place, name in enumerate(names)}
    for name, (out, due) in plan["release"].items():
        edge, fill = ROLES["hidden"]
        y = rows[name]
        axes.add_patch(
            Rectangle((at(out - 1), y - 13), day * (due - out + 1), 26, fc=fill, ec=edge, lw=1.5, zorder=3)
        )
        axes.text(LEFT - 12, y, f"assignment {name}", size=SIZE, color=INK, va="center", ha="right")
        axes.plot(at(due), y, "s", ms=8, color=edge, zorder=4)
        for first in GIVES_AWAY.get(name, []):
            over = at(plan["release"][first][1])
            axes.plot(
                [over, over], [rows[first], y], color=ROLES["gate"][0], lw=1.6, ls=(0, (4, 3)), zorder=2
            )
            axes.plot([over, at(out - 1)], [y, y], color=ROLES["gate"][0], lw=1.6, ls=(0, (4, 3)), zorder=2)
    return figure


def write(plan: dict[str, Any], folder: Path) -> Path:
    path = folder / f"timeline-{plan['name']}.svg"
    with settings():
        figure = draw(plan)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    title = f"Time line: {plan['title']}"
    bars = ", ".join(f"{name} from day {out} to day {due}" for name, (out, due) in plan["release"].items())
    svg = described(
        path.read_text("utf-8"), title, f"Bars for the assignments: {bars}; marks for the sessions."
    )
    path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")
    return path


def main(arguments: list[str]) -> int:
    """Write the pictures, or say whether they are fresh."""
    if "--check" not in arguments:
        for plan in PLANS:
            write(plan, PICTURES)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        drawn = [write(plan, Path(folder)) for plan in PLANS]
        stale = [p.name for p in drawn if (PICTURES / p.name).read_text("utf-8") != p.read_text("utf-8")]
    return len(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
