"""Makes a policy for system calls into a program for the kernel, and installs it (seccomp(2))."""

from __future__ import annotations

import ctypes
import errno
import functools
import itertools
import os
import platform
import struct
from typing import Final

from autograder.boundary.linux import libc
from autograder.inside.allowed import Condition, Never, Nowhere, Only, Policy, Rules, With, Without, policy
from autograder.inside.numbers import ARCHITECTURES, LAST_KNOWN, numbers

_Instruction = tuple[int, int, int, int]
"""Of classic BPF: operation, how many instructions to skip if so, how many if not, value."""
_LOAD, _AND, _JUMP, _EQUAL, _AT_LEAST, _ANY_BIT, _ANSWER = 0x20, 0x54, 0x05, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Where the data of a call have its number, its architecture, and its six arguments of eight bytes each."""
_ALLOW, _ASK, _FAIL, _KILL = 0x7FFF0000, 0x7FC00000, 0x00050000, 0x80000000
_FARTHEST: Final = 255
"""Instructions that a conditional jump can skip."""
_SYSTEM_CALL: Final = {"x86_64": 317, "aarch64": 277}
_SET_FILTER: Final = 1
_WITH_LISTENER: Final = 1 << 3


def _answer(value: int) -> _Instruction:
    return (_ANSWER, 0, 0, value)


def _unless_met(condition: Condition, refusal: _Instruction) -> list[_Instruction]:
    """Ends with the refusal, unless the condition is met: then what follows is done."""
    low = _ARGUMENTS + 8 * condition.argument
    load = (_LOAD, 0, 0, low)
    match condition:
        case Only(values=values, mask=mask) | Never(values=values, mask=mask):
            tests = [
                (_EQUAL, left, 0, value)
                for left, value in zip(range(len(values), 0, -1), values, strict=True)
            ]
            # Whoever is equal jumps to what stands behind the next instruction after the tests.
            end = [refusal] if isinstance(condition, Only) else [(_JUMP, 0, 0, 1), refusal]
            return [load, (_AND, 0, 0, mask), *tests, *end]
        case Without(bits=bits):
            return [load, (_ANY_BIT, 0, 1, bits), refusal]
        case With(bit=bit):
            return [load, (_ANY_BIT, 1, 0, bit), refusal]
        case Nowhere():
            return [load, (_EQUAL, 0, 2, 0), (_LOAD, 0, 0, low + 4), (_EQUAL, 1, 0, 0), refusal]


def _outcome(name: str | None, rules: Policy) -> tuple[_Instruction, ...]:
    """The action for one system call."""
    if name is None:
        return (_answer(_FAIL | errno.EPERM),)
    refusal = _answer(_FAIL | rules.answers.get(name, errno.EPERM))
    code = [
        instruction
        for condition in rules.conditions.get(name, ())
        for instruction in _unless_met(condition, refusal)
    ]
    is_allowed = name in rules.allowed | rules.asked or name in rules.conditions
    return (*code, _answer(_ALLOW) if is_allowed else refusal)


def _search(ranges: list[tuple[int, tuple[_Instruction, ...]]]) -> list[_Instruction]:
    """The number of the call is looked up by halves: (first number, what is done from there on)."""
    if len(ranges) == 1:
        return list(ranges[0][1])
    half = len(ranges) // 2
    below, above = _search(ranges[:half]), _search(ranges[half:])
    number = ranges[half][0]
    if len(below) <= _FARTHEST:
        return [(_AT_LEAST, len(below), 0, number), *below, *above]
    return [(_AT_LEAST, 0, 1, number), (_JUMP, 0, 0, len(below)), *below, *above]


def _assembled(machine: str, code: list[_Instruction]) -> bytes:
    """`code` looks at the number of a call of this kind of machine; there are no others."""
    head: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, ARCHITECTURES[machine]),
        _answer(_KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    return b"".join(
        struct.pack("=HBBI", operation, yes, no, value) for operation, yes, no, value in [*head, *code]
    )


def compile_questions(rules: Policy, machine: str) -> bytes:
    """The program that asks somebody outside, and refuses nothing. The kernel goes through all programs, and
    does what the strictest one says: a refusal by the other is not asked about."""
    code = [
        instruction
        for name, number in numbers(machine).items()
        if name in rules.asked
        for instruction in ((_EQUAL, 0, 1, number), _answer(_ASK))
    ]
    return _assembled(machine, [*code, _answer(_ALLOW)])


def compile_policy(rules: Policy, machine: str) -> bytes:
    """The program for this kind of machine, in classic BPF."""
    by_number = {number: name for name, number in numbers(machine).items()}
    outcomes = [(number, _outcome(by_number.get(number), rules)) for number in range(LAST_KNOWN + 1)]
    outcomes.append((LAST_KNOWN + 1, (_answer(_FAIL | errno.ENOSYS),)))
    # Neighbours with the same outcome are one range.
    groups = itertools.groupby(outcomes, key=lambda entry: entry[1])
    ranges = [(next(group)[0], outcome) for outcome, group in groups]
    return _assembled(machine, _search(ranges))


@functools.lru_cache(maxsize=8)
def _programs(rules: Rules) -> tuple[bytes, bytes]:
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"no system call filter for {machine}")
    found = policy(rules)
    return compile_questions(found, machine), compile_policy(found, machine)


def ask_outside(rules: Rules) -> int:
    """Have some calls wait for an answer from outside (see `inside.doorkeeper`), given at the descriptor that
    this returns. Needs `no_new_privs`. Raises OSError, also on a machine for which we have no filter."""
    return _install(_programs(rules)[0], _WITH_LISTENER)


def filter_system_calls(rules: Rules) -> None:
    """Forbid what no exercise needs, for good; see `allowed.policy`. Needs `no_new_privs`. Raises OSError,
    also on a machine for which we have no filter."""
    _install(_programs(rules)[1], 0)


def _install(program: bytes, flags: int) -> int:
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    number = _SYSTEM_CALL[platform.machine()]
    found = int(libc.syscall(number, _SET_FILTER, ctypes.c_uint(flags), header))
    if found < 0:
        reason = ctypes.get_errno()
        raise OSError(reason, f"seccomp: {os.strerror(reason)}")
    return found
