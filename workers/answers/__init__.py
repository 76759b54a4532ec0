"""What a sender must be told: its handshake before it sends, and its answer when it did. As data.

    handshake: {slack: {}}
    answer: {status: 200, body: "<Response/>", type: text/xml}

A handshake with a name of its own needs `method`, and says what recognises it (`query`, `body`),
what proves it (`proof`) and what is answered (`echo`, `reply`).
"""

from workers.answers.model import Answer, Handshake, Proof, Reply
from workers.answers.parsing import parse_answer, parse_handshakes
from workers.answers.replying import recognised, reply

__all__ = [
    "Answer",
    "Handshake",
    "Proof",
    "Reply",
    "parse_answer",
    "parse_handshakes",
    "recognised",
    "reply",
]
