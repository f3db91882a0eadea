"""Quizzes that mark themselves. The notebooks beside this file call `answer` and `score`.

The questions are in questions.json, made from docs/teaching/quizzes/ of the course. Answers are kept as long
as the kernel runs, and in the notebook that you save; they count for nothing.
"""

import json
from functools import cache
from pathlib import Path

# A folder in another language has a messages.json with the same in it.
SENTENCES = {
    "not-yet": "Write the number of your answer in place of the dots, and run this cell.",
    "not-yet-several": (
        "Write the numbers of all right answers in place of the dots, as in `2, 3`, and run this cell."
    ),
    "answers-have-numbers": "The answers have the numbers 1 to {count}.",
    "right": "**Right.**",
    "right-so-far": "**Right so far, but something is missing.**",
    "wrong": "**Not right yet.** Change the number and run the cell again.",
    "score": "{right} of {count} right.",
    "score-missing": "{right} of {count} right. Not answered yet: {missing}.",
}
right_so_far = {}
"""Question -> whether the last answer to it was right."""


@cache
def questions():
    """Name -> choices with their reasons, numbers of the right ones, and whether several are wanted."""
    return json.loads(Path(__file__).with_name("questions.json").read_text("utf-8"))


@cache
def sentences():
    """The sentences of this file in the language of its folder."""
    try:
        return SENTENCES | json.loads(Path(__file__).with_name("messages.json").read_text("utf-8"))["quiz"]
    except (OSError, ValueError, KeyError, TypeError):
        return SENTENCES


def say(name, **values):
    return sentences()[name].format(**values)


def answer(question, *chosen):
    """Mark the answer to a question and say why.

    question : its name, such as "01-before-1"
    chosen   : the numbers of the choices, counted from 1; `...` for none yet
    """
    asked = questions()[question]
    count = len(asked["choices"])
    if not chosen or ... in chosen:
        right_so_far.pop(question, None)
        show(say("not-yet-several" if asked["several"] else "not-yet"))
    elif any(type(number) is not int or not 1 <= number <= count for number in chosen):
        show(say("answers-have-numbers", count=count))
    else:
        show("\n\n".join(verdict(question, set(chosen))))


def verdict(question, chosen):
    """Sentences on an answer; all reasons once it is right, else those of what was chosen."""
    asked = questions()[question]
    right = set(asked["right"])
    right_so_far[question] = chosen == right
    if chosen == right:
        yield say("right")
        explained = range(1, len(asked["choices"]) + 1)
    elif asked["several"] and chosen < right:
        yield say("right-so-far")
        explained = sorted(chosen)
    else:
        yield say("wrong")
        explained = sorted(chosen)
    for number in explained:
        _, why = asked["choices"][number - 1]
        yield f"{number}. {'✓' if number in right else '✗'} {why}"


def score(quiz):
    """How many answers of a quiz, such as "01-before", are right at this moment."""
    names = [name for name in questions() if name.startswith(f"{quiz}-")]
    right = sum(right_so_far.get(name, False) for name in names)
    missing = [name.rpartition("-")[2] for name in names if name not in right_so_far]
    name = "score-missing" if missing else "score"
    show(say(name, right=right, count=len(names), missing=", ".join(missing)))


def show(markdown):
    """Markdown in a notebook, plain text elsewhere."""
    try:
        from IPython import get_ipython
        from IPython.display import Markdown, display
    except ImportError:
        print(markdown)
        return
    if get_ipython() is None:
        print(markdown)
    else:
        display(Markdown(markdown))
