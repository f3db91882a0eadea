"""Similar submissions: copies are found however they are dressed up, honest solutions are left alone."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import invented_class as invented
import pytest

from autograder.report.similarity import ALL, K, Pair, W, fingerprints, longest_shared, similar_pairs, tokens

EXERCISE = "lstm_cell_backward"


def texts(source: str) -> list[str]:
    return [token.text for token in tokens(source)]


def who(pairs: list[Pair]) -> set[tuple[str, str]]:
    return {(pair.first, pair.second) for pair in pairs}


# Tokens


def test_names_layout_comments_docstrings_and_quotes_do_not_matter() -> None:
    one = 'def f(x):\n    """Doubles."""\n    # twice\n    y = 2*x  # so\n    return np.tanh(y)["a"]\n'
    other = "def  double( value ):\n    result=7 * value\n    return np.tanh( result )[ 'bc' ]"
    assert texts(one) == texts(other)


def test_what_is_done_matters() -> None:
    assert texts("y = np.tanh(x)") != texts("y = np.exp(x)")
    assert texts("y = a @ b") != texts("y = a * b")
    assert texts("y = a.T") != texts("y = a.flat")
    assert texts("for x in y:") != texts("if x in y:")


@pytest.mark.parametrize(
    "source",
    [
        "",
        "'''never closed",
        "x = 'never closed\ny = 1",
        "\\" * 50,
        "def def def (((",
        "\ud800 = ☃",
        "0x_1.2.3e",
    ],
)
def test_text_that_is_not_python_has_tokens_too(source: str) -> None:
    for token in tokens(source):
        assert source[token.start : token.end].strip()


def test_no_text_is_read_again_and_again() -> None:
    """A text without an end would take minutes if the search for it began anew at every character."""
    pieces = ["\\'", "'''\"\"\"", "((((", "a.", "1e", "#", "'\\\n", "r'"]
    code = f"from autograder.report.similarity import *\nfor p in {pieces}: tokens((p * 20_000)[:20_000])"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# Fingerprints


def test_a_shared_passage_of_the_guaranteed_length_is_always_found() -> None:
    """The guarantee of winnowing for K + W - 1 equal tokens, whatever surrounds them."""
    rng = random.Random(3)
    operators = "+-*/%@&|^<>,"

    def noise(length: int) -> str:
        return " ".join(rng.choice(operators) for _ in range(length))

    for _ in range(200):
        passage = noise(K + W - 1)
        first = tokens(f"{noise(rng.randrange(40))} ; {passage} ; {noise(rng.randrange(40))}")
        second = tokens(f"{noise(rng.randrange(40))} : {passage} : {noise(rng.randrange(40))}")
        assert fingerprints(first).keys() & fingerprints(second).keys()


def test_fingerprints_are_few_and_the_same_in_every_run() -> None:
    source = invented.answer(random.Random(1))
    kept, all_of_them = fingerprints(tokens(source)), len(tokens(source)) - K + 1
    # The expected density of winnowing is 2 / (W + 1), and a gap can never be longer than W.
    assert all_of_them / W <= len(kept) <= all_of_them * 0.5
    code = (
        "import sys; from autograder.report.similarity import *; "
        "print(sorted(fingerprints(tokens(sys.argv[1]))))"
    )
    for seed in ("1", "2"):
        run = [sys.executable, "-c", code, source]
        said = subprocess.check_output(run, text=True, env=os.environ | {"PYTHONHASHSEED": seed})
        assert said.strip() == str(sorted(kept))


def test_short_code_has_no_fingerprints() -> None:
    assert fingerprints(tokens("x = 1")) == {}


# Pairs


@pytest.mark.parametrize("size", [2, 3, 5, 8, 15, 30, 100])
def test_a_disguised_copy_is_found_in_a_class_of_any_size(size: int) -> None:
    answers = invented.honest_class(size, seed=size)
    answers["s001"] = {EXERCISE: invented.disguised(answers["s000"][EXERCISE])}
    pairs = similar_pairs(answers, [invented.RELEASED])
    assert (pairs[0].first, pairs[0].second, pairs[0].exercise) == ("s000", "s001", EXERCISE)
    assert pairs[0].share > 0.85


@pytest.mark.parametrize("size", [2, 3, 8, 30, 100])
def test_honest_answers_to_a_narrow_exercise_are_left_alone(size: int) -> None:
    listed = [len(similar_pairs(invented.honest_class(size, seed), [invented.RELEASED])) for seed in range(5)]
    assert sum(listed) <= size // 30  # of 5 size (size - 1) / 2 pairs


def test_a_ring_is_found_in_a_large_class() -> None:
    answers = invented.honest_class(120, seed=4)
    ring = [f"s{number:03}" for number in range(0, 60, 10)]
    for student in ring[1:]:
        answers[student] = {EXERCISE: invented.disguised(answers[ring[0]][EXERCISE])}
    expected = {(a, b) for a in ring for b in ring if a < b}
    assert expected <= who(similar_pairs(answers, [invented.RELEASED]))


def test_the_reference_solution_and_the_released_text_are_nobodys_work() -> None:
    reference = invented.RELEASED.replace("    ### BEGIN SOLUTION\n", "").replace(
        "    ### END SOLUTION\n", ""
    )
    answers = {"ada": {EXERCISE: reference}, "bob": {EXERCISE: invented.disguised(reference)}}
    assert who(similar_pairs(answers)) == {("ada", "bob")}
    assert similar_pairs(answers, [invented.RELEASED]) == []


def test_what_the_whole_class_writes_is_no_evidence() -> None:
    """Everybody has the same helper from a lecture; only two have the same answer besides."""
    helper = invented.answer(random.Random(99)).replace("lstm_cell_backward", "helper")
    answers = invented.honest_class(20, seed=8)
    for sources in answers.values():
        sources["helper"] = helper
    assert similar_pairs(answers, [invented.RELEASED]) == []
    answers["s007"][EXERCISE] = invented.disguised(answers["s003"][EXERCISE])
    assert who(similar_pairs(answers, [invented.RELEASED])) == {("s003", "s007")}


def test_a_copy_moved_into_other_cells_is_found() -> None:
    answers = invented.honest_class(10, seed=11)
    copied = invented.disguised(answers["s000"][EXERCISE])
    middle = copied.index("\n", len(copied) // 2)
    answers["s009"] = {"": copied[:middle], EXERCISE: copied[middle:]}
    pairs = similar_pairs(answers, [invented.RELEASED])
    assert who(pairs) == {("s000", "s009")}
    assert pairs[0].exercise in (ALL, EXERCISE)


def test_who_wrote_next_to_nothing_is_like_nobody() -> None:
    short = {
        EXERCISE: "def lstm_cell_backward(da_next, dc_next, cache):\n    return sorted(cache)[0].sum(1) + 3\n"
    }
    answers = invented.honest_class(10, seed=2) | {"short": short, "shorter": dict(short), "nothing": {}}
    assert similar_pairs(answers, [invented.RELEASED]) == []
    assert similar_pairs({}) == similar_pairs({"one": short}) == []


def test_the_longest_shared_passage_is_shown_as_each_of_them_wrote_it() -> None:
    first = "a = 1\nfor t in range(n):\n    s = np.dot(W, s) + b\nprint(s)\n"
    second = "x = [2]\n\nfor step in range(T):\n    h=np.dot(M, h)+c\nreturn h\n"
    assert longest_shared(first, second) == (
        "for t in range(n):\n    s = np.dot(W, s) + b",
        "for step in range(T):\n    h=np.dot(M, h)+c",
    )
    assert longest_shared("", "x = 1") == ("", "")
