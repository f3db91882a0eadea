"""Hostile cells with which `doctor` tries the walls."""

from __future__ import annotations

from typing import Final

PROBES: Final = {
    "no file of yours can be read": """
import os
for path in @SECRETS@:
    for look in (os.listdir, lambda path: open(path).read()):
        try:
            look(path)
            print("can read", path)
        except OSError:
            pass
    if @WALLS@ == "namespaces" and os.path.lexists(path):
        print("can see", path)
folders = ["/home", "/root", "/mnt", "/srv", "/opt"]
if @WALLS@ != "namespaces":
    folders += ["/", "/etc", "/var", "/proc", "/sys", "/dev/shm", "/tmp"]
for folder in folders:
    try:
        if os.listdir(folder):
            print("can see what is in", folder)
    except OSError:
        pass
""",
    "nothing can be written outside of the scratch folder": """
import os, sys
OWN = ("/scratch", "/tmp", "/dev/shm", "/dev/pts") if @WALLS@ == "namespaces" else (os.getcwd(),)
for folder, folders, files in os.walk("/"):
    if folder.startswith(OWN):
        folders.clear()
    elif os.access(folder, os.W_OK):
        print("can write to", folder)
PLACES = ["/", "/tmp", "/var/tmp", "/dev/shm", "/run"]
PLACES += [os.path.dirname(os.getcwd()), os.path.dirname(os.__file__)]
for folder in [*PLACES, *@SECRETS@, *sys.path]:
    if folder and not folder.startswith(OWN):
        try:
            os.close(os.open(folder + "/.autograder-probe", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            os.unlink(folder + "/.autograder-probe")
            print("can write to", folder)
        except OSError:
            pass
own_of_doctor = @SECRETS@[0]  # made for this; nothing else may be changed, should the wall not hold
for change in (lambda path: os.open(path, os.O_WRONLY), lambda path: os.truncate(path, 0)):
    try:
        change(own_of_doctor)
        print("can change", own_of_doctor)
    except OSError:
        pass
try:
    before = os.stat(own_of_doctor)
    os.chmod(own_of_doctor, before.st_mode ^ 0o001)
    os.utime(own_of_doctor, (1, 1))
    after = os.stat(own_of_doctor)
    if (before.st_mode, before.st_mtime) != (after.st_mode, after.st_mtime):
        print("can change the mode or the time of", own_of_doctor)
except OSError:
    pass
""",
    "no path of the course is shown": """
import os, sys
for name in os.listdir("/proc") if @WALLS@ == "namespaces" else ():
    print("can see /proc/" + name)
for name in ("self/mountinfo", "self/maps", "self/environ", "self/mem", "@PID@/cmdline", "@PID@/environ"):
    try:
        open("/proc/" + name, "rb").close()
        print("can read /proc/" + name)
    except OSError:
        pass
shown = repr([dict(os.environ), sys.path, sys.argv, os.getcwd(), sys.modules])
for path in @SECRETS@:
    if path in shown:
        print("can see the name", path)
""",
    "no network": """
import ctypes, socket
try:
    socket.create_connection(("127.0.0.1", @PORT@), 1).close()
    print("reached a server on this machine")
except OSError:
    pass
for family in (1, 2, 10, 16, 17, 38, 40):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(family, kind).close()
            print("can open a socket of family", family)
        except OSError:
            pass
try:
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    print("can open sockets that send to others")
except OSError:
    pass
""",
    "no other process can be seen or reached": """
import os, resource
# These only ask: a probe must do no harm where the wall does not hold.
for pid in (@PID@, os.getppid()):
    if pid in (0, os.getpid()):
        continue
    for what, ask in (
        ("reach", lambda pid: os.kill(pid, 0)),
        ("look into", lambda pid: os.listdir(f"/proc/{pid}/task")),
        ("ask for the limits of", lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE)),
    ):
        try:
            ask(pid)
            print("can", what, "process", pid)
        except OSError:
            pass
""",
    "no privileges": """
import ctypes, os
libc = ctypes.CDLL(None)
if os.getuid() == 0 and @WALLS@ == "namespaces":
    print("is root")
for name, works in (
    ("read what only root may", lambda: open("/etc/shadow").read() != ""),
    ("mount", lambda: libc.mount(b"tmpfs", b"/scratch", b"tmpfs", 0, None) == 0),
    ("make namespaces", lambda: libc.unshare(0x10000000) == 0),
    ("debug", lambda: libc.ptrace(0, 0, 0, 0) == 0),
    ("change its user", lambda: libc.setuid(0) == 0),
    ("change its root", lambda: libc.chroot(b".") == 0),
):
    try:
        if works():
            print("can", name)
    except OSError:
        pass
""",
    "no memory that nobody counts": """
import ctypes, mmap, os
try:
    os.close(os.memfd_create("probe"))
    print("can open a memfd")
except OSError:
    pass
if ctypes.CDLL(None).shmget(0, 4096, 0o1600) != -1:
    print("can make a shared segment")
def zeros():
    file = os.open("/dev/zero", os.O_RDWR)
    try:
        return mmap.mmap(file, 4096)
    finally:
        os.close(file)
for what, share in (("without a file", lambda: mmap.mmap(-1, 4096)), ("of /dev/zero", zeros)):
    try:
        share().close()
        print("can share memory", what)
    except OSError:
        pass
open("file", "w").close()
for name in ("user.note", "system.posix_acl_access"):
    try:
        os.setxattr("file", name, bytes.fromhex("02000000010006000000000004000000000000002000000000000000"))
        print("can give a file", name)
    except OSError:
        pass
for folder in (".", "/tmp", "/dev/shm") if @WALLS@ == "namespaces" else ():
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
threads = ("RLIMIT_NPROC",) if @WALLS@ == "namespaces" else ()
for name in (*threads, "RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
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
