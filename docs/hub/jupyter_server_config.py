"""Settings of everybody's JupyterLab on the hub."""

c = get_config()  # type: ignore[name-defined]  # noqa: F821

# A login shell, which terminals would get otherwise, forgets where the hub's programs are.
c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash"]}
