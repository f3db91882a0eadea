"""JupyterHub's settings for courses on one machine. Who is who stands in courses.toml, beside this file."""

import pwd
import sys
import tomllib
from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821

HERE = Path(__file__).resolve().parent
PROGRAMS = Path(sys.prefix, "bin")
COURSES = tomllib.loads((HERE / "courses.toml").read_text())

teaching = {name for course in COURSES.values() for name in course["instructors"]}
attending = {name for course in COURSES.values() for name in course["students"]}

# Whoever marks has hidden tests, submissions and marks there.
for name in teaching | {course["account"] for course in COURSES.values() if "account" in course}:
    home = Path(pwd.getpwnam(name).pw_dir)
    if home.stat().st_mode & 0o077:
        raise SystemExit(f"Others can look into {home}. Close it: chmod 700 {home}")

# The proxy that npm has put beside this file.
c.ConfigurableHTTPProxy.command = [str(HERE / "node_modules" / ".bin" / "configurable-http-proxy")]
c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # put a web server with a certificate before it
STATE = HERE / "state"  # for root alone
c.JupyterHub.db_url = f"sqlite:///{STATE / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

# Accounts of the machine, with their passwords (PAM).
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_users = teaching | attending
c.PAMAuthenticator.open_sessions = False
c.LocalProcessSpawner.cmd = [str(PROGRAMS / "jupyterhub-singleuser")]
c.Spawner.environment = {"PATH": f"{PROGRAMS}:/usr/local/bin:/usr/bin:/bin"}
c.Spawner.http_timeout = c.Spawner.start_timeout = 180

# nbgrader reads from these groups who takes part in what.
c.JupyterHub.load_groups = {
    f"{role}-{course}": {"users": members + ([about["account"]] if "account" in about else [])}
    for course, about in COURSES.items()
    for role, members in (("nbgrader", about["students"]), ("formgrade", about["instructors"]))
}
# The token of a student's server may ask the hub for that student's groups, and for nothing else that is new.
own = ["access:servers!server", "users:activity!user", "read:users!user"]
c.JupyterHub.load_roles = [{"name": "server", "scopes": [*own, "list:services", "read:services"]}]

# A course that several people mark has an account of its own. Its server runs beside theirs, as a service of
# the hub, and lets in whoever is in the course's group.
c.JupyterHub.services = []
for course, about in COURSES.items():
    if "account" not in about:
        continue
    home = pwd.getpwnam(about["account"]).pw_dir
    c.JupyterHub.services.append(
        {
            "name": course,
            "url": f"http://127.0.0.1:{about['port']}",
            "command": [str(PROGRAMS / "jupyterhub-singleuser")],
            "user": about["account"],
            "cwd": home,
            "environment": {
                "HOME": home,
                "PATH": f"{PROGRAMS}:/usr/local/bin:/usr/bin:/bin",
                "JUPYTERHUB_USER": about["account"],
            },
            "oauth_client_allowed_scopes": [f"access:services!service={course}"],
        }
    )
    c.JupyterHub.load_roles += [
        {
            "name": f"formgrade-{course}",
            "scopes": [f"access:services!service={course}", "list:services", "read:services"],
            "groups": [f"formgrade-{course}"],
        },
        # For the names of those who take part.
        {"name": f"account-{course}", "scopes": ["read:users", "list:groups"], "services": [course]},
    ]


def only_for_instructors(spawner):
    """Students' servers come without the Formgrader, which would only show them an empty course."""
    if spawner.user.name not in teaching:
        off = {f"nbgrader.server_extensions.{name}": False for name in ("formgrader", "course_list")}
        spawner.args = [f"--ServerApp.jpserver_extensions={off}"]


c.Spawner.pre_spawn_hook = only_for_instructors
