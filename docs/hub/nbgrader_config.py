"""nbgrader's settings for everybody on the hub. Each course has its own besides, in its folder."""

from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.Exchange.root = "/srv/nbgrader/exchange"
# Assignments of a student who takes several courses lie in a folder for each.
c.Exchange.path_includes_course = True
c.Exchange.timezone = "UTC"
# Who takes part in which course, says the hub.
c.Authenticator.plugin_class = "nbgrader.auth.JupyterHubAuthPlugin"

# The settings of the course in the folder of whoever marks: grace's recurrent-networks, for instance. They
# name that folder and the course.
for settings in sorted(Path.home().glob("*/nbgrader_config.py")):
    load_subconfig(str(settings))  # type: ignore[name-defined]  # noqa: F821
