"""The connection to the scheduler of a Dask cluster, and the certificates without which there is none."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from autograder.errors import UsageError
from autograder.text import show

if TYPE_CHECKING:
    from distributed import Client

CONNECTING: Final = 15
"""Seconds to wait for a scheduler."""

_EXTRA: Final = "Install the extra: `pip install 'rnn-course-autograder[cluster]'`."

_SETTINGS: Final = """\
# For scheduler, workers and `autograder`: set DASK_CONFIG to this file.
distributed:
  comm:
    require-encryption: true
    tls:
      ca-file: {certificate}
      scheduler: {{cert: {certificate}, key: {key}}}
      worker: {{cert: {certificate}, key: {key}}}
      client: {{cert: {certificate}, key: {key}}}
  # Dask looks a hundred times a second at what each worker does, to draw it: time that marking could use.
  worker:
    profile: {{enabled: false}}
  admin:
    tick: {{interval: 500ms}}
    system-monitor: {{interval: 5s, disk: false}}
    # Of the last thousand messages on each connection, all would be kept, with the submissions in them.
    low-level-log-length: 10
"""


def check(place: str) -> None:
    """See that there is a scheduler, before anything is done. Raises UsageError as `joined` does."""
    if find_spec("distributed") is None:
        raise UsageError(f"--scheduler needs the package distributed. {_EXTRA}")
    address = _address(place)
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECTING).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _no_answer(address, error) from None


@contextmanager
def joined(place: str) -> Iterator[Client]:
    """A client of the scheduler at an address, or of that which wrote the file `place`, for some time.

    Raises UsageError if Dask is not installed, nobody answers, or others could listen and join in.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            f"--scheduler needs the package {show(error.name or 'distributed')}. {_EXTRA}"
        ) from None
    address = _address(place)
    client = _client(address, Client)
    try:
        yield client
    finally:
        client.close(timeout=10)  # type: ignore[no-untyped-call]


def workers(client: Client) -> dict[str, Any]:
    """By address, what the scheduler knows of each worker now. Raises OSError if it does not answer."""
    if client.scheduler is None:
        raise OSError("the connection is closed")
    # `Client.scheduler_info` would keep the answer where the client itself puts one without workers every two
    # seconds, perhaps before it is read.
    about: dict[str, Any] = client.sync(client.scheduler.identity)  # type: ignore[no-untyped-call]
    found: dict[str, Any] = about["workers"]
    return found


def _client(address: str, client: type[Client]) -> Client:
    for name in [*logging.root.manager.loggerDict]:  # Dask has set up each; what matters we say ourselves
        if name.partition(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        # What comes back are bytes; with no other way to read an answer, none is unpickled.
        return client(  # type: ignore[no-untyped-call]
            address,
            timeout=CONNECTING,
            set_as_default=False,
            deserializers=["dask", "msgpack"],
            name="autograder",
        )
    except TypeError as error:  # Dask's way to say that a certificate is missing
        raise UsageError(
            f"The scheduler at {show(address)} wants a certificate ({show(error)}). Set DASK_CONFIG to the"
            " dask.yaml that `autograder certificates FOLDER` has made, here and for scheduler and workers."
        ) from None
    except (OSError, ValueError, RuntimeError) as error:
        raise _no_answer(address, error) from None


def _no_answer(address: str, error: Exception) -> UsageError:
    said = show(error) or type(error).__name__
    return UsageError(
        f"No scheduler answers at {show(address)} ({said}). Start one (`dask scheduler`), or correct the"
        " address, such as tls://node1:8786; its certificate must be the one that DASK_CONFIG names."
    )


def _address(place: str) -> str:
    """Raises UsageError for an address that is none, and for one that is not protected."""
    if "://" not in place and (place.endswith(".json") or Path(place).is_file()):
        try:
            address = json.loads(Path(place).read_text(encoding="utf-8"))["address"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{show(place)} is no file of a scheduler ({type(error).__name__}: {show(error)}). `dask"
                " scheduler --scheduler-file FILE` writes one, and removes it when it ends."
            ) from None
    else:
        address = place
    if not isinstance(address, str):
        raise UsageError(f"{show(place)} names no address of a scheduler.")
    scheme, found, rest = address.partition("://")
    if not found:
        scheme, rest = "tcp", address
    if scheme == "tls":
        return address
    host = rest.rpartition(":")[0] or rest
    if scheme == "tcp" and _is_loopback(host.strip("[]")):
        return address
    raise UsageError(
        f"{show(address)} is not protected: whoever can connect to a scheduler can run programs on all its"
        " workers, and read submissions. Only tls:// is used beyond this machine. `autograder certificates"
        " FOLDER` makes what scheduler, workers and this command need for it."
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def make_certificates(folder: Path) -> Path:
    """Make a key, a certificate and the settings that name them; the path of the settings.

    Whoever has the key may join the cluster. Raises UsageError if `folder` cannot be written, has them
    already, or the package `cryptography` is not installed.
    """
    try:
        import cryptography  # noqa: F401
        from distributed.security import Security
    except ImportError as error:
        raise UsageError(f"The package {show(error.name or 'cryptography')} is missing. {_EXTRA}") from None
    made = Security.temporary()  # type: ignore[no-untyped-call]
    key, certificate = (folder.resolve() / name for name in ("key.pem", "certificate.pem"))
    settings = folder.resolve() / "dask.yaml"
    contents = {
        key: made.tls_client_key,
        certificate: made.tls_ca_file,
        settings: _SETTINGS.format(certificate=json.dumps(str(certificate)), key=json.dumps(str(key))),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
    except FileExistsError as error:
        raise UsageError(
            f"{show(error.filename)} is there already. Whoever uses it would be shut out by a new one: name"
            " another folder, or remove it."
        ) from None
    except OSError as error:
        raise UsageError(f"{show(folder)} cannot be written ({error.strerror}).") from None
    return settings
