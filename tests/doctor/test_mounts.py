"""What lies under a folder, read from a table of mounts as the kernel gives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint.doctor.mounts import Mount, holding

TABLE = r"""
22 1 0:30 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b
23 22 0:5 / /dev rw - tmpfs tmpfs rw
24 22 8:1 /var/lib/docker/volumes/models/_data /cache rw,relatime shared:7 - ext4 /dev/sda1 rw
25 22 0:50 / /nfs rw - nfs4 nas:/models rw,vers=4.2
26 22 0:51 / /with\040blank rw - fuse.sshfs host: rw
27 24 0:52 / /cache rw - cifs //nas/models rw
28 22 0:53 / /run rw - tmpfs tmpfs rw
nonsense
""".splitlines()


@pytest.mark.parametrize(
    ("folder", "point", "kind"),
    [
        ("/root/.cache/huggingface/hub", "/", "overlay"),
        ("/cache/hub", "/cache", "cifs"),
        ("/cachet", "/", "overlay"),
        ("/nfs", "/nfs", "nfs4"),
        ("/with blank/hub", "/with blank", "fuse.sshfs"),
        ("/run/hub", "/run", "tmpfs"),
    ],
)
def test_the_mount_that_holds_a_folder_is_the_last_and_longest(folder: str, point: str, kind: str) -> None:
    assert holding(Path(folder), TABLE, in_container=True) == Mount(Path(point), kind, True)


@pytest.mark.parametrize(
    ("mount", "own_layer", "network", "memory"),
    [
        (Mount(Path("/"), "overlay"), True, False, False),
        (Mount(Path("/"), "btrfs", in_container=True), True, False, False),
        (Mount(Path("/"), "ext4"), False, False, False),
        (Mount(Path("/cache"), "overlay", in_container=True), False, False, False),
        (Mount(Path("/cache"), "nfs4"), False, True, False),
        (Mount(Path("/cache"), "fuse.sshfs"), False, True, False),
        (Mount(Path("/cache"), "tmpfs"), False, False, True),
    ],
)
def test_what_a_mount_means_for_what_is_put_there(mount: Mount, own_layer: bool, network: bool, memory: bool) -> None:
    assert (mount.is_own_layer, mount.is_network, mount.is_memory) == (own_layer, network, memory)


def test_a_table_that_cannot_be_read_says_nothing() -> None:
    assert holding(Path("/cache"), [], in_container=True) is None
