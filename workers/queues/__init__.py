"""Events from other systems' queues, by the same path as those over HTTP.

`consume` takes messages from a queue of any broker that kombu speaks, keeps what they carry and
acknowledges them only then. A queue has no signatures: whoever may publish to it is believed, so
the endpoint's authentication is the broker's credentials.
"""

from workers.queues.brokers import Broker
from workers.queues.consuming import Consumption, consume
from workers.queues.inlets import Inlet
from workers.queues.messages import Message

__all__ = ["Broker", "Consumption", "Inlet", "Message", "consume"]
