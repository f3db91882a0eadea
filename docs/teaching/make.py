"""Make the generated pages of the teaching pack:

    python docs/teaching/make.py              # all pages, and the quizzes' notebooks
    python docs/teaching/make.py --check      # only say which are not fresh
    python docs/teaching/make.py exam 17      # print the numeric exam questions with other numbers
    python docs/teaching/make.py dates two-weeks 2027-02-01  # print a plan with dates, from a Monday on

What they are made of lies beside this file: plan.toml, hours.toml, objectives.toml, exam.toml with
exam_numbers.py, oral.toml, quizzes/*.toml; hours are computed from the notebooks.
"""

from __future__ import annotations

import datetime
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COURSE = HERE.parents[1]
sys.path.insert(0, str(HERE))

import quiz_files  # noqa: E402
from exam_numbers import numbers  # noqa: E402
from hours import difficulty, estimates, rates  # noqa: E402

ASSIGNMENTS = sorted(path.parent.name for path in (COURSE / "source").glob("*/*.ipynb"))
LESSONS = sorted(path.stem for path in (COURSE / "notebooks").glob("*.ipynb"))
MINUS = "\N{MINUS SIGN}"
MADE = "<!-- Made by `python docs/teaching/make.py` from {source}; do not edit. -->"


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text("utf-8"))


def rows(head: list[str], body: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def title(path: Path) -> str:
    """The title of a notebook."""
    import json

    cells = json.loads(path.read_text("utf-8"))["cells"]
    return "".join(cells[0]["source"]).splitlines()[0].removeprefix("# ")


# ---- the exam ------------------------------------------------------------------------------------------

PLACE = re.compile(r"«(\w+)(?::([^»]*))?»")


def filled(text: str, values: dict[str, Any]) -> str:
    """The text with its numbers; a minus sign where one is meant, `$…$` and code as they are."""

    def shown(found: re.Match[str]) -> str:
        value = values[found[1]]
        said = format(value, found[2] or "") if not isinstance(value, str) else value
        said = re.sub(r"e([+-])0?(\d+)", lambda power: f"e{power[1]}{power[2]}", said)
        inside = text[: found.start()].count("$") % 2 == 1 or text[: found.start()].count("`") % 2 == 1
        return said if inside else said.replace("-", MINUS)

    return PLACE.sub(shown, text).strip()


def exam_question(question: dict[str, Any], seed: int = 0) -> tuple[str, str]:
    """Question and answer, with the numbers of a seed."""
    values = numbers(question["numbers"], seed) if "numbers" in question else {}
    return filled(question["ask"], values), filled(question["answer"], values)


def exam_page() -> str:
    parts = [
        "# Thirty exam questions",
        MADE.format(source="exam.toml and exam_numbers.py"),
        "Questions, worked answers and marking schemes. A point is meant for a minute of writing; a pocket "
        "calculator is needed where there are numbers, and nothing else. Which questions make an exam is "
        "proposed in [the pack](index.md#an-exam).",
        "**These answers are public.** Whoever finds this page has them. So draw other numbers, "
        "`python docs/teaching/make.py exam 17` prints all questions marked *with numbers* with those of "
        "seed 17, question and answer; keep your seed to yourself. For the others, turn "
        "the question round: ask "
        "for the case that is not in the answer, another step, another gate, another slip.",
    ]
    for question in read("exam.toml")["question"]:
        ask, answer = exam_question(question)
        about = ", ".join(f"`{name}`" for name in question["about"])
        kind = ", with numbers" if "numbers" in question else ""
        scheme = [
            f"- {points:g} {'point' if points == 1 else 'points'}: {what}"
            for points, what in question["marking"]
        ]
        parts += [
            f"## {question['id']} {question['title']}",
            f"*{question['points']} points{kind}; after {about}*",
            ask,
            "<details>\n<summary>Answer and marking scheme</summary>",
            answer,
            "\n".join(scheme),
            "</details>",
        ]
    return "\n\n".join(parts) + "\n"


def print_exam(seed: int) -> None:
    for question in read("exam.toml")["question"]:
        if "numbers" in question:
            ask, answer = exam_question(question, seed)
            print(f"{question['id']} {question['title']} ({question['points']} points)\n\n{ask}\n")
            print(f"Answer: {answer}\n")


# ---- objectives and oral questions -----------------------------------------------------------------------


def exercises(assignment: str) -> list[str]:
    """Names of the exercises of an assignment, in its order, as its grade cells have them."""
    import json

    cells = json.loads((COURSE / "source" / assignment / f"{assignment}.ipynb").read_text("utf-8"))["cells"]
    settings = (cell["metadata"].get("nbgrader", {}) for cell in cells)
    return [one["grade_id"].removesuffix("-grade") for one in settings if one.get("grade") and one["points"]]


def where() -> dict[str, str]:
    """Exercise -> assignment."""
    return {name: assignment for assignment in ASSIGNMENTS for name in exercises(assignment)}


def misconceptions() -> dict[str, dict[str, Any]]:
    """Known slips as exercise.slip, of all assignments."""
    found = {}
    for path in sorted((COURSE / "autograder" / "misconceptions").glob("*.toml")):
        for exercise, slips in tomllib.loads(path.read_text("utf-8")).items():
            found |= {f"{exercise}.{name}": slip for name, slip in slips.items() if isinstance(slip, dict)}
    return found


def objectives_page() -> str:
    objectives = read("objectives.toml")["objective"]
    titles = {question["id"]: question["title"] for question in read("exam.toml")["question"]}
    place, known = where(), misconceptions()
    table = [
        [
            one["id"],
            one["says"],
            "<br>".join(f"`{name}`" for name in one["exercises"] if name in place),
            ", ".join(f"[{name}](exam.md#{slug(name + ' ' + titles[name])})" for name in one["exam"]),
        ]
        for one in objectives
    ]
    parts = [
        "# Objectives, exercises, misconceptions, exam questions",
        MADE.format(source="objectives.toml"),
        "What a student can do at the end, the exercises in which it is practised and marked, and the exam "
        "questions that ask for it. Every exercise of every assignment is in the table; a test sees to that.",
        rows(["no.", "A student can", "practised in", "asked in"], table),
        "## Exercise by exercise",
        rows(
            ["assignment", "exercise", "objectives"],
            [
                [
                    f"`{assignment}`",
                    f"`{name}`",
                    ", ".join(o["id"] for o in objectives if name in o["exercises"]),
                ]
                for assignment in ASSIGNMENTS
                for name in exercises(assignment)
            ],
        ),
        "## What goes wrong, by objective",
        "A choice of the slips that `check` knows "
        "([how many, and how they are told apart](../misconceptions.md)); their names "
        "are those of the report. The sentence is the hint that a student gets. Each is a "
        "question for class: show the numbers, let the class find the slip.",
    ]
    for one in objectives:
        slips = [name for name in one["misconceptions"] if name in known]
        parts += [
            f"### {one['id']} {one['says']}",
            "\n".join(f"- `{name}`: {known[name]['hint']}" for name in slips),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def slug(heading: str) -> str:
    """The anchor that code hosts and MyST give to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def oral_page() -> str:
    asked = {one["name"]: one["questions"] for one in read("oral.toml")["exercise"]}
    parts = [
        "# Is the answer the student's own? Questions for five minutes",
        MADE.format(source="oral.toml"),
        "Marks say that a function is right, not whose it is. Five minutes with a student tell the rest: the "
        "student's notebook on the screen, one exercise chosen by you, two questions. Whoever wrote the "
        "answer, or has understood somebody else's, answers in a sentence and points at a line.",
        "Ask about code that is there: change a question so that it names a line or a variable of this "
        'student. Take answers that you would take from a colleague: other words, another way, "I would try '
        'it out like this". A wrong answer to one question means nothing; nobody recalls every line after a '
        "week. Not finding one's way in one's own function at all is a reason to ask on, and never by itself "
        "a proof. The report's list of similar pairs and of answers that *need a look* says where to begin.",
    ]
    for assignment in ASSIGNMENTS:
        parts.append(f"## {assignment}")
        for name in exercises(assignment):
            if name in asked:
                parts.append(f"### `{name}`")
                parts.append("\n".join(f"- {ask}\n  *A good answer:* {good}" for ask, good in asked[name]))
    return "\n\n".join(parts) + "\n"


# ---- plans and hours -------------------------------------------------------------------------------------

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def weekday(day: int) -> str:
    return f"{WEEKDAYS[(day - 1) % 7]} {(day + 6) // 7}" if day > 7 else f"{WEEKDAYS[day - 1]} 1"


def full(names: list[str], number: str) -> str | None:
    """The name that begins with this number, None if there is none (yet)."""
    return next((name for name in names if name.startswith(number)), None)


def plan_part(plan: dict[str, Any]) -> list[str]:
    hours = estimates()
    sessions = [
        [
            weekday(s["day"]),
            f"**{s['title']}.** {s['hold'][0].upper()}{s['hold'][1:]}.",
            "; ".join(s["read"]) or "nothing",
        ]
        for s in plan["session"]
    ]
    handed = []
    for number, (out, due) in plan["release"].items():
        name = full(ASSIGNMENTS, number)
        if name:
            link = f"[{title(COURSE / 'source' / name / f'{name}.ipynb')}](../../release/{name}/{name}.ipynb)"
            handed.append([number, link, weekday(out), weekday(due), f"{hours[name]:g}"])
    lessons = [
        [
            number,
            f"[{title(COURSE / 'notebooks' / f'{name}.ipynb')}](../../notebooks/{name}.ipynb)",
            weekday(day),
            f"{hours[name]:g}",
        ]
        for number, day in plan["lesson"].items()
        if (name := full(LESSONS, number))
    ]
    total = sum(float(row[-1]) for row in handed + lessons)
    return [
        f"## {plan['title']}",
        plan["says"].strip(),
        f"![{timeline_alt(plan)}](../images/timeline-{plan['name']}.svg)",
        "### Sessions",
        rows(["when", "in class", "read before"], sessions),
        "### Assignments",
        rows(["no.", "assignment", "released", "due", "hours"], handed),
        "### Lessons",
        rows(["no.", "lesson", "from", "hours"], lessons),
        f"Notebooks together: about {total:g} hours for a student, quizzes, sessions and exam not counted.",
    ]


def timeline_alt(plan: dict[str, Any]) -> str:
    """The time line in words."""
    bars = ", ".join(
        f"{number} from {weekday(out)} to {weekday(due)}" for number, (out, due) in plan["release"].items()
    )
    return (
        f"Time line of {plan['days']} days, one bar for each assignment from its release to its deadline, "
        f"marks for the sessions above: {bars}. The numbers behind the weekdays are weeks."
    )


def syllabus_page() -> str:
    parts = [
        "# Two syllabuses",
        MADE.format(source="plan.toml; the hours from the notebooks"),
        "Each is a plan that works as it stands, and a table to change. *Mon 2* is the Monday of the second "
        "week. Assignments are released at nine in the morning of their day and due at the end of theirs. "
        "`python docs/teaching/make.py dates two-weeks 2027-02-01` prints a plan with dates.",
        "The releases are staggered because later notebooks contain answers to earlier ones "
        "([which](../instructors.md#what-students-must-not-get)): whoever gets an extension for 01 delays 03 "
        "for everybody, or may see the answer. Both plans obey that table, and a test compares them.",
    ]
    for plan in read("plan.toml")["plan"]:
        parts += plan_part(plan)
    return "\n\n".join(parts) + "\n"


def print_dates(name: str, monday: datetime.date) -> None:
    plan = next(plan for plan in read("plan.toml")["plan"] if plan["name"] == name)
    events = [(s["day"], 1, f"session: {s['title']}") for s in plan["session"]]
    for number, (out, due) in plan["release"].items():
        events += [(out, 0, f"release {number} at 9:00"), (due, 2, f"{number} is due at 23:59")]
    events += [(day, 0, f"lesson {number} may be read") for number, day in plan["lesson"].items()]
    for day, _, what in sorted(events):
        print(f"{monday + datetime.timedelta(days=day - 1):%a %d %b %Y}  {what}")


def hours_page() -> str:
    hours, rate, marks = estimates(), rates(), difficulty()
    paths = {name: COURSE / "source" / name / f"{name}.ipynb" for name in ASSIGNMENTS}
    paths |= {name: COURSE / "notebooks" / f"{name}.ipynb" for name in LESSONS}

    def lines(names: list[str], folder: str) -> list[list[str]]:
        return [
            [
                f"[{name[:2]} {title(paths[name])}](../../{folder.format(name)}/{name}.ipynb)",
                f"{hours[name]:g}",
                "●" * marks[name]["level"] + "○" * (5 - marks[name]["level"]) + f" {marks[name]['level']}",
                marks[name]["why"],
            ]
            for name in names
            if name in marks
        ]

    parts = [
        "# Hours and difficulty of each notebook",
        MADE.format(source="hours.toml and the notebooks"),
        "The hours are **estimates**, computed from the notebooks; no class was timed. The model: "
        f"{rate['words_per_minute']} words of running text a minute (the slow rate of somebody who follows "
        f"formulas) and {rate['code_lines_per_minute']} lines of given code, "
        f"{rate['minutes_per_guess']} minutes for each question to guess at, "
        f"{rate['minutes_per_exercise']} minutes to begin an exercise, and "
        f"{rate['minutes_per_line']} minutes for each line of its solution. Where the difficulty is 4 or 5, "
        f"reading takes {rate['reading_hard']} times as long and a line {rate['minutes_per_line_hard']} "
        "minutes, deriving and looking for slips included. The sum is rounded to half hours. "
        "Questions *On your own* are not counted. Students who are new to NumPy need twice as long; the "
        "prerequisite quiz of 01 shows who they are.",
        "Difficulty, from 1 to 5, is a judgement: 1 is reading, 2 is transcribing equations, 3 asks for "
        "care with several things at once, 4 for a chain of reasoning, 5 for one's own derivation.",
        "## Lessons",
        rows(["lesson", "hours", "difficulty", "what makes it so"], lines(LESSONS, "notebooks")),
        "## Assignments",
        rows(["assignment", "hours", "difficulty", "what makes it so"], lines(ASSIGNMENTS, "release/{}")),
    ]
    return "\n\n".join(parts) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "syllabus.md": syllabus_page,
    "hours.md": hours_page,
    "objectives.md": objectives_page,
    "exam.md": exam_page,
    "oral.md": oral_page,
}


def made() -> dict[Path, str]:
    """Every generated file with its text."""
    titles = {name: title(COURSE / "source" / name / f"{name}.ipynb") for name in ASSIGNMENTS}
    return {HERE / name: page() for name, page in PAGES.items()} | quiz_files.files(titles)


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["exam"] and len(arguments) == 2:
        print_exam(int(arguments[1]))
    elif arguments[:1] == ["dates"] and len(arguments) == 3:
        print_dates(arguments[1], datetime.date.fromisoformat(arguments[2]))
    elif arguments in ([], ["--check"]):
        stale = [
            path for path, text in made().items() if not path.is_file() or path.read_text("utf-8") != text
        ]
        for path in stale:
            if arguments:
                print(f"{path.relative_to(COURSE)} is not fresh: python docs/teaching/make.py")
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(made()[path], "utf-8")
        return len(stale) if arguments else 0
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
