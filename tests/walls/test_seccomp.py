"""The filter of system calls: the compiled program, and what the kernel makes of it."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import struct
from collections.abc import Sequence

import pytest

from autograder.boundary.linux import libc
from autograder.inside import seccomp
from autograder.inside.allowed import Policy, Rules, policy
from autograder.inside.numbers import ARCHITECTURES, LAST_KNOWN, numbers

KINDS = [
    Rules(landlock=landlock, processes=processes, truncates=current, scoped=current)
    for landlock in (False, True)
    for processes in (False, True)
    for current in ((True, False) if landlock else (True,))
]
NAMES = [
    "-".join(name for name, on in kind._asdict().items() if on and name != "pid") or "nothing"
    for kind in KINDS
]
ALLOW, ASK, KILL = 0x7FFF0000, 0x7FC00000, 0x80000000


def refused(number: int) -> int:
    return 0x00050000 | number


def verdict(program: bytes, architecture: int, number: int, arguments: Sequence[int] = ()) -> int:
    """The program's answer to a call: classic BPF as the kernel's documentation describes it."""
    values = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=iIQ6Q", number, architecture, 0, *(value & (1 << 64) - 1 for value in values))
    code = list(struct.iter_unpack("=HBBI", program))
    place, accumulator = 0, 0
    while True:
        operation, yes, no, value = code[place]
        place += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif operation == 0x54:
            accumulator &= value
        elif operation == 0x05:
            place += value
        elif operation == 0x06:
            return int(value)
        else:
            tests = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: accumulator & value != 0}
            place += yes if tests[operation] else no


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_every_number_has_the_outcome_that_the_policy_says(machine: str, kind: Rules) -> None:
    rules = policy(kind)
    program = seccomp.compile_policy(rules, machine)
    names = {number: name for name, number in numbers(machine).items()}
    for number in range(-1, LAST_KNOWN + 1):
        name = names.get(number, "")
        if name in rules.conditions:
            continue
        expected = refused(rules.answers.get(name, errno.EPERM))
        if name in rules.allowed | rules.asked:
            expected = ALLOW
        assert verdict(program, ARCHITECTURES[machine], number) == (
            expected if number >= 0 else refused(errno.ENOSYS)
        ), (number, name)
    for number in (LAST_KNOWN + 1, 1 << 30, 0x40000000 + 59):
        assert verdict(program, ARCHITECTURES[machine], number) == refused(errno.ENOSYS)
    for other in (0x40000003, 0x40000028, 0):
        assert verdict(program, other, 0) == KILL


PROBES = {335, 336} if platform.machine() == "x86_64" else set()
"""uretprobe and uprobe, which the kernel asks no filter about: it makes these calls itself."""
THREAD = 0x3D0F00
"""The flags that the C library gives `clone` for a thread."""
OTHER = 4321

CASES = [
    ("kill", (77, 9), True), ("kill", (OTHER, 9), False), ("kill", (0, 9), False), ("kill", (-1, 9), False),
    ("kill", (-OTHER, 9), False), ("tgkill", (77, 78, 6), True), ("tgkill", (OTHER, OTHER, 6), False),
    ("prlimit64", (0, 7), True), ("prlimit64", (OTHER, 7), False),
    ("socketpair", (1, 1), True), ("socketpair", (1, 1 | 0o2000000), True), ("socketpair", (1, 2), False),
    ("socketpair", (1, 5), False), ("socketpair", (2, 1), False),
    ("sendto", (3, 0, 0, 0, 0), True), ("sendto", (3, 0, 0, 0, 0x7F0000001000), False),
    ("sendto", (3, 0, 0, 0, 1 << 40), False),
    ("fcntl", (3, 3), True), ("fcntl", (3, 1030), True), ("fcntl", (3, 8), False), ("fcntl", (3, 6), False),
    ("fcntl", (3, 1024), False), ("fcntl", (3, 1031), False),
    ("ioctl", (3, 0x5401), True), ("ioctl", (3, 0x5412), False), ("ioctl", (3, 0x8901), False),
    ("ioctl", (3, 0x541C), False), ("ioctl", (3, (1 << 32) | 0x5412), False),
    ("mmap", (0, 4096, 3, 0x22), True), ("mmap", (0, 4096, 3, 0x01), True),
    ("mmap", (0, 4096, 3, 0x02), True),
    ("mmap", (0, 4096, 3, 0x21), False), ("mmap", (0, 4096, 1, 0x21), False),
    ("mmap", (0, 4096, 3, 0x23), False),
    ("mmap", (0, 4096, 3, 0x4021), False), ("mmap", (0, 1 << 21, 3, 0x40022), False),
    ("close_range", (3, 9, 0), True), ("close_range", (3, 9, 4), True), ("close_range", (3, 9, 2), False),
    ("clone", (THREAD & ~0x400,), False), ("clone", (0x10000000 | THREAD,), False),
    ("clone", (0x00020000 | THREAD,), False),
]  # fmt: skip


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("landlock", [False, True])
@pytest.mark.parametrize(("name", "arguments", "is_allowed"), CASES)
def test_arguments_are_looked_at(
    machine: str, landlock: bool, name: str, arguments: tuple[int, ...], is_allowed: bool
) -> None:
    program = seccomp.compile_policy(policy(Rules(landlock=landlock, processes=False, pid=77)), machine)
    found = verdict(program, ARCHITECTURES[machine], numbers(machine)[name], arguments)
    assert (found == ALLOW) is is_allowed
    assert is_allowed or found & 0xFFFF0000 == 0x00050000


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("landlock", [False, True])
def test_threads_may_be_started_and_processes_only_if_that_is_allowed(machine: str, landlock: bool) -> None:
    clone = numbers(machine)["clone"]
    for processes in (False, True):
        program = seccomp.compile_policy(policy(Rules(landlock=landlock, processes=processes)), machine)
        assert verdict(program, ARCHITECTURES[machine], clone, (THREAD,)) == ALLOW
        fork = verdict(program, ARCHITECTURES[machine], clone, (0x01200011,))
        assert fork == (ALLOW if processes else refused(errno.EPERM))


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_only_what_starts_something_is_asked_about(machine: str, kind: Rules) -> None:
    program = seccomp.compile_questions(policy(kind), machine)
    starts = {"clone", "fork", "vfork"} if kind.processes else {"clone"}
    names = numbers(machine)
    asked = {names[name] for name in starts if name in names} if kind.landlock else set()
    for number in range(LAST_KNOWN + 20):
        assert verdict(program, ARCHITECTURES[machine], number) == (ASK if number in asked else ALLOW)
    assert verdict(program, 0x40000003, 56) == KILL


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_clocks_of_other_processes_are_closed_where_these_are_in_reach(machine: str) -> None:
    of_another = (~4321 << 3) | 2
    for landlock in (False, True):
        program = seccomp.compile_policy(policy(Rules(landlock=landlock, processes=False)), machine)
        for name in ("clock_gettime", "clock_getres"):
            number = numbers(machine)[name]
            assert verdict(program, ARCHITECTURES[machine], number, (2, 0)) == ALLOW
            of_others = verdict(program, ARCHITECTURES[machine], number, (of_another, 0))
            assert of_others == (refused(errno.EPERM) if landlock else ALLOW)


def asked_of_the_kernel(rules: Rules, refused_numbers: list[int]) -> dict[int, int]:
    """The errors with which the kernel answers these calls in a process behind the filter."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            libc.prctl(38, 1, 0, 0, 0)
            seccomp.filter_system_calls(rules)
            found = {}
            for number in refused_numbers:
                ctypes.set_errno(0)
                result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(0)] * 6)
                found[number] = ctypes.get_errno() if result == -1 else 0
            os.write(writing, json.dumps(found).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return {int(number): error for number, error in json.loads(said).items()}


def refusals(rules: Policy, machine: str) -> dict[int, int]:
    """Numbers that are refused whatever their arguments, and with which error."""
    names = {number: name for name, number in numbers(machine).items()}
    found = {}
    for number in set(range(LAST_KNOWN + 20)) - PROBES:
        name = names.get(number, "")
        if name not in rules.allowed | rules.asked | set(rules.conditions):
            found[number] = errno.ENOSYS if number > LAST_KNOWN else rules.answers.get(name, errno.EPERM)
    return found


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_the_kernel_refuses_all_that_is_not_on_the_list(kind: Rules) -> None:
    """Everything else is asked of the kernel, one by one: nothing of it is done."""
    expected = refusals(policy(kind), platform.machine())
    assert len(expected) > 200
    assert asked_of_the_kernel(kind, list(expected)) == expected


@pytest.mark.parametrize(
    "name",
    ["setxattr", "fsetxattr", "add_key", "memfd_create", "io_uring_setup", "inotify_add_watch", "flock",
     "mq_open", "shmget", "msgget", "semget", "userfaultfd", "socket", "connect", "bind", "ptrace", "mount",
     "process_vm_readv", "pidfd_getfd", "pidfd_send_signal", "setpriority", "sched_setaffinity", "tkill",
     "rt_sigqueueinfo", "seccomp", "bpf", "keyctl", "perf_event_open", "vmsplice", "setsockopt", "sendmsg",
     "sendmmsg", "unshare", "execve", "pidfd_open", "kcmp", "process_madvise"],
)  # fmt: skip
def test_what_reaches_others_or_holds_uncounted_memory_is_on_no_list(name: str) -> None:
    for kind in KINDS:
        rules = policy(kind)
        if name == "execve" and kind.processes:
            continue
        assert name not in rules.allowed | rules.asked | set(rules.conditions)
