"""Ports: whether one is free, and a free one."""

import errno
import socket

from workers.errors import Faults

LOOPBACK = "127.0.0.1"


def in_use(port: int, *, host: str = LOOPBACK) -> str | None:
    """Return why nothing can listen on the port, None if something can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is in use"
            return f"cannot be listened on ({error.strerror})"
    return None


def check_port(port: int, option: str, *, host: str = LOOPBACK) -> None:
    """Raise Faults if nothing can listen on the port; they name the option to change it."""
    check_ports([(port, option)], host=host)


def check_ports(ports: list[tuple[int, str]], *, host: str = LOOPBACK) -> None:
    """Raise Faults with every port that cannot be listened on, or is named twice."""
    faults: list[str] = []
    for position, (port, option) in enumerate(ports):
        why = in_use(port, host=host)
        if any(port == other for other, _ in ports[:position]):
            why = "is named twice"
        if why:
            faults.append(
                f"port {port} {why}; stop what uses it, or choose another: {option} {port + 100}"
            )
    if faults:
        raise Faults(faults)


def free_port() -> int:
    """Return a port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
