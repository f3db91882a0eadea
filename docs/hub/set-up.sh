#!/bin/sh
# A JupyterHub with nbgrader and the autograder on this machine: sudo sh docs/hub/set-up.sh
# Needs Debian or Ubuntu with python3-venv, nodejs and npm, and the accounts that courses.toml names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
hub=${HUB:-/opt/hub}                             # programs and settings
exchange=${EXCHANGE:-/srv/nbgrader/exchange}     # what is handed out, and in
package=${PACKAGE:-$here/../..}                  # this repository, or the name of the package

# Everybody starts these programs, so they lie where everybody may read.
mkdir -p "$hub/state"
chmod 755 "$hub"
chmod 700 "$hub/state"
/usr/bin/python3 -m venv "$hub"
"$hub/bin/python" -m pip install --quiet -c "$here/../../constraints.txt" "$package[hub]"
npm install --silent --prefix "$hub" configurable-http-proxy@5.3.0

# Files of students and instructors are exchanged in a folder in which everybody may make some. What a
# student hands in, others can neither list nor read: nbgrader sees to that.
mkdir -p "$exchange"
chmod 777 "$exchange"

for name in jupyterhub_config.py courses.toml; do
    [ -e "$hub/$name" ] || cp "$here/$name" "$hub/$name"
done
mkdir -p "$hub/etc/jupyter"
cp "$here/jupyter_server_config.py" "$hub/etc/jupyter/"
sed "s|/srv/nbgrader/exchange|$exchange|" "$here/nbgrader_config.py" > "$hub/etc/jupyter/nbgrader_config.py"
echo "Start it: cd $hub && $hub/bin/jupyterhub"
