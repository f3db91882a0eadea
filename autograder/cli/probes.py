"""Hostile cells with which `doctor` tries the walls."""

from __future__ import annotations

from typing import Final

PROBES: Final = {
    "no file of yours can be read": """
import os
for path in @SECRETS@:
    try:
        os.stat(path)
        print("can see", path)
    except OSError:
        pass
for folder in ("/home", "/mnt", "/srv", "/opt"):
    if os.path.exists(folder) and os.listdir(folder):
        print("can see", folder)
""",
    "nothing can be written outside of the scratch folder": """
import os
for folder, folders, files in os.walk("/"):
    if folder.startswith(("/scratch", "/tmp", "/dev/shm", "/dev/pts")):
        folders.clear()
    elif os.access(folder, os.W_OK):
        print("can write to", folder)
""",
    "no path of the course is shown": """
import os, sys
for name in os.listdir("/proc"):
    print("can see /proc/" + name)
shown = repr([dict(os.environ), sys.path, sys.argv, os.getcwd(), sys.modules])
for path in @SECRETS@:
    if path in shown:
        print("can see the name", path)
""",
    "no network": """
import socket
try:
    socket.create_connection(("127.0.0.1", @PORT@), 1).close()
    print("reached a server on this machine")
except OSError:
    pass
for family in (16, 17, 38, 40):
    try:
        socket.socket(family, socket.SOCK_RAW if family in (16, 17) else socket.SOCK_STREAM).close()
        print("can open a socket of family", family)
    except OSError:
        pass
""",
    "no other process can be seen or reached": """
import os, signal
for pid in (@PID@, os.getppid()):
    try:
        os.kill(pid, 0)
        if pid not in (0, os.getpid()):
            print("can reach process", pid)
    except OSError:
        pass
""",
    "no privileges": """
import ctypes, os
libc = ctypes.CDLL(None)
if os.getuid() == 0:
    print("is root")
for name, works in (
    ("mount", lambda: libc.mount(b"tmpfs", b"/scratch", b"tmpfs", 0, None) == 0),
    ("make namespaces", lambda: libc.unshare(0x10000000) == 0),
    ("debug", lambda: libc.ptrace(0, 0, 0, 0) == 0),
    ("change its user", lambda: libc.setuid(0) == 0),
):
    if works():
        print("can", name)
""",
    "no memory that nobody counts": """
import ctypes, os
try:
    os.close(os.memfd_create("probe"))
    print("can open a memfd")
except OSError:
    pass
if ctypes.CDLL(None).shmget(0, 4096, 0o1600) != -1:
    print("can make a shared segment")
open("file", "w").close()
for name in ("user.note", "system.posix_acl_access"):
    try:
        os.setxattr("file", name, bytes.fromhex("02000000010006000000000004000000000000002000000000000000"))
        print("can give a file", name)
    except OSError:
        pass
for folder in (".", "/tmp", "/dev/shm"):
    info = os.statvfs(folder)
    if info.f_blocks * info.f_frsize > @SCRATCH@:
        print("has too much room in", folder)
""",
    "no process can be started, and few threads": """
import os, threading
try:
    if os.fork() == 0:
        os._exit(0)
    print("could start a process")
except OSError:
    pass
done = threading.Event()
threads = []
try:
    while len(threads) < 200:
        threads.append(threading.Thread(target=done.wait, daemon=True))
        threads[-1].start()
    print("could start 200 threads")
except RuntimeError:
    pass
done.set()
""",
    "files cannot be locked": """
import fcntl
with open("file", "w") as file:
    for how in (fcntl.flock, fcntl.lockf):
        try:
            how(file, fcntl.LOCK_EX)
            print("could lock a file")
        except OSError:
            pass
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        print("could take a lease")
    except OSError:
        pass
""",
    "limits cannot be raised": """
import resource
for name in ("RLIMIT_NPROC", "RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
    try:
        resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print("could raise", name)
    except (OSError, ValueError):
        pass
try:
    with open("big", "wb") as file:
        file.truncate(1 << 40)
    print("could make a file of 1 TB")
except OSError:
    pass
""",
}

FILL_TOGETHER: Final = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        hoard = b"x" * (64 << 20)
        time.sleep(1000)
time.sleep(1000)
"""
