"""The manifests of docs/kubernetes: valid, confined, of one piece; and their commands work on this machine.

There is no cluster at hand: no pod was ever started from them.
"""

from __future__ import annotations

import copy
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import small_course
import yaml
from patience import wait_until

from autograder import __version__
from autograder.authoring.reference import COURSE, assignments
from autograder.cli.main import main

FOLDER = COURSE / "docs" / "kubernetes"
MANIFESTS = {
    f"{path.stem}-{number}": manifest
    for path in sorted(FOLDER.glob("*.yaml"))
    for number, manifest in enumerate(yaml.safe_load_all(path.read_text()))
}
VERSIONS = ("1.27", "1.31", kubernetes_validate.latest_version())


def pods(manifests: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each template of a pod, by the name of its manifest."""
    for name, manifest in manifests.items():
        if manifest["kind"] in ("Deployment", "Job"):
            yield name, manifest["spec"]["template"]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [manifest for manifest in MANIFESTS.values() if manifest["kind"] == kind]


PODS = dict(pods(MANIFESTS))


def test_the_manifests_are_those_that_are_meant() -> None:
    kinds = sorted(manifest["kind"] for manifest in MANIFESTS.values())
    assert kinds == ["ConfigMap", "Deployment", "Deployment", "Job", "NetworkPolicy", "Service"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_is_valid(name: str, version: str) -> None:
    kubernetes_validate.validate(MANIFESTS[name], version, strict=True)


@pytest.mark.parametrize(
    "path",
    [
        ("replicas",),
        ("template", "spec", "containers", 0, "command"),
        ("template", "spec", "containers", 0, "resources", "limits"),
        ("template", "spec", "securityContext", "runAsNonRoot"),
        ("template", "spec", "volumes", 1, "secret", "secretName"),
    ],
)
def test_a_misspelt_field_is_found(path: tuple[str | int, ...]) -> None:
    manifest = copy.deepcopy(MANIFESTS["workers-0"])
    inside: Any = manifest["spec"]
    for step in path[:-1]:
        inside = inside[step]
    inside[f"{path[-1]}s"] = inside.pop(path[-1])
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_what_the_strictest_standard_allows(name: str) -> None:
    """Kubernetes calls it "restricted"; and there is nothing in the pod that is worth reading."""
    said = PODS[name]["spec"]
    assert said["securityContext"]["runAsNonRoot"] and said["securityContext"]["runAsUser"] >= 1000
    assert said["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert said["automountServiceAccountToken"] is False and said["enableServiceLinks"] is False
    assert not said.keys() & {"hostNetwork", "hostPID", "hostIPC", "hostUsers"}
    for container in said["containers"]:
        context = container["securityContext"]
        assert context == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
    assert all(volume.keys() & {"configMap", "secret", "emptyDir", "persistentVolumeClaim"} for volume in
               said["volumes"])  # fmt: skip


@pytest.mark.parametrize("name", PODS)
def test_a_pod_has_what_it_names(name: str) -> None:
    said = PODS[name]["spec"]
    volumes = {volume["name"]: volume for volume in said["volumes"]}
    (container,) = said["containers"]
    mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    assert len(mounts) == len(volumes) and mounts["/tmp"]["emptyDir"]  # the image's HOME
    (settings,) = of_kind("ConfigMap")
    assert mounts["/settings"]["configMap"]["name"] == settings["metadata"]["name"]
    assert container["env"] == [{"name": "DASK_CONFIG", "value": f"/settings/{next(iter(settings['data']))}"}]
    (text,) = settings["data"].values()
    tls = yaml.safe_load(text)["distributed"]["comm"]["tls"]
    assert tls.keys() == {"ca-file", "scheduler", "worker", "client"}
    files = {
        tls["ca-file"],
        *(file for role in ("scheduler", "worker", "client") for file in tls[role].values()),
    }
    assert files == {"/key/certificate.pem", "/key/key.pem"}
    secret = mounts["/key"]["secret"]["secretName"]
    guide = (COURSE / "docs" / "cluster.md").read_text()
    assert f"create secret generic {secret} --from-file={{key,certificate}}.pem" in guide
    assert container["image"] == f"rnn-marking:{__version__}" and container["image"] in guide


def test_everything_finds_the_scheduler() -> None:
    (service,) = of_kind("Service")
    address = f"tls://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    found = [name for name, pod in PODS.items() if service["spec"]["selector"].items()
             <= pod["metadata"]["labels"].items()]  # fmt: skip
    assert found == ["scheduler-1"]
    for name, pod in PODS.items():
        (container,) = pod["spec"]["containers"]
        assert (address in container["command"]) is (name not in found)
    for deployment in of_kind("Deployment"):
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"] == labels
    (container,) = PODS["grade-0"]["spec"]["containers"]
    assert container["command"][2] in assignments()


def test_a_worker_has_the_memory_that_its_threads_may_use() -> None:
    (container,) = PODS["workers-0"]["spec"]["containers"]
    threads = int(container["command"][container["command"].index("--nthreads") + 1])
    memory = int(container["resources"]["limits"]["memory"].removesuffix("Gi"))
    assert memory >= 2 * threads + 2 and int(container["resources"]["requests"]["cpu"]) == threads


def start(pod: str, folder: Path, port: int, *more: str) -> subprocess.Popen[bytes]:
    """The program of a pod as a process: its mounts are in `folder`, the Service is a port here."""
    (container,) = PODS[pod]["spec"]["containers"]
    ours = {
        "/tmp": str(folder),
        "8786": str(port),
        "tls://autograder-scheduler:8786": f"tls://127.0.0.1:{port}",
    }
    program, *arguments = [ours.get(word, word) for word in container["command"]]
    assert program == "dask"
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments, *more],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
            env=os.environ | {"DASK_CONFIG": str(folder / "dask.yaml")},
        )  # fmt: skip


@pytest.mark.xdist_group("dask")
@pytest.mark.walls
@pytest.mark.proof
def test_the_commands_of_the_pods_mark_a_class(tmp_path: Path) -> None:
    assert main(["certificates", str(tmp_path / "key")]) == 0
    (settings,) = of_kind("ConfigMap")
    text = settings["data"]["dask.yaml"].replace("/key/", f"{tmp_path}/key/")
    (tmp_path / "dask.yaml").write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    course = tmp_path / "course"
    small_course.write_source(course)
    (course / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "small"\n')
    small_course.write_submission(course / "submitted" / "ada" / small_course.NAME)

    processes = [start("scheduler-1", tmp_path, port, "--host", "127.0.0.1")]
    try:
        processes.append(start("workers-0", tmp_path, port))
        log = tmp_path / "log"
        wait_until(lambda: "Registered to" in log.read_text(), log.read_text)
        scheduler = ["--scheduler", f"tls://127.0.0.1:{port}"]
        marked = subprocess.run(
            [sys.executable, "-m", "autograder.cli", "grade", small_course.NAME, *scheduler],
            cwd=course, env=os.environ | {"DASK_CONFIG": str(tmp_path / "dask.yaml")},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert marked.returncode == 0 and "ada: 30 of 30" in marked.stdout, marked.stdout + marked.stderr
    finally:
        for process in processes:
            process.kill()
            process.wait()
