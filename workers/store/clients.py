"""An address → the client of redis-py that reaches it, now and after a fail-over."""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.retry import Retry
from redis.sentinel import Sentinel

from workers.settings.addresses import Address, Kind

CLUSTER_TRIES = 2  # more than one: each asks anew which server has what


def client(url: str, *, timeout_s: float) -> Any:
    """Return a client of the store. That of a cluster asks it at once; the others do not.

    Raises ValueError for a URL that is none, and what redis-py raises.
    """
    address = Address.of(url)
    waits: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "protocol": 2,
    }
    # One more try: a pooled connection may have been closed. Whoever is silent stays so.
    once_more = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    match address.kind:
        case Kind.SINGLE:
            return redis.Redis.from_url(url, retry=once_more, **waits)
        case Kind.SENTINEL:
            sentinels: Any = Sentinel(  # type: ignore[no-untyped-call]
                list(address.hosts),
                sentinel_kwargs={**waits, **address.of_sentinels()},
                **waits,
                **address.keywords(),
            )
            return sentinels.master_for(address.primary, db=address.database, retry=once_more)
        case Kind.CLUSTER:
            return redis.RedisCluster(
                startup_nodes=[
                    ClusterNode(host, port)  # type: ignore[no-untyped-call]
                    for host, port in address.hosts
                ],
                retry=Retry(NoBackoff(), CLUSTER_TRIES),
                **waits,
                **address.keywords(),
            )
