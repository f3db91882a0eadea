# An image for marking, with everything in it. Your course stays outside:
#
#   docker build --tag rnn-marking .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/course" rnn-marking autograder doctor
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/course" rnn-marking autograder grade 01-rnn-forward
#
# `make image` runs these commands in a root file system of Debian, and then `doctor` and `grade`.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/autograder
COPY pyproject.toml constraints.txt README.md LICENSE rnn_check.py rnn_utils.py ./
COPY autograder ./autograder
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir -c constraints.txt '.[cluster,postgres]'
RUN useradd --create-home --uid 1000 marker
ENV PATH=/opt/venv/bin:/usr/bin:/bin HOME=/tmp LANG=C.UTF-8
USER 1000
WORKDIR /course
CMD ["autograder", "doctor"]
