"""Brings notices to a webhook or a mail server; says in few words, without secrets, what failed."""

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from email.message import EmailMessage
from urllib.parse import urlsplit

import requests

from workers.notices.watch import Notice
from workers.notices.wording import mailed, posted
from workers.settings import Notices, Smtp, Target

TIMEOUT_S = 10.0


class Undelivered(Exception):
    """Raised when a target did not take the notices; they are brought again later."""


def bring(
    target: Target, notices: Sequence[Notice], *, settings: Notices, look: str | None
) -> None:
    """Bring all of `notices` in one message. Raises Undelivered."""
    if target.mail:
        if settings.smtp is None:
            raise Undelivered("mail: there is no `smtp`")
        smtp = settings.smtp
        mail(smtp, mailed(notices, sender=smtp.sender, to=target.mail, look=look))
    else:
        post(target.url, posted(target, notices, look=look))


def post(url: str, body: object) -> None:
    """Post JSON. Raises Undelivered for whatever is not answered with 2xx."""
    host = urlsplit(url).hostname
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(url, json=body, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        raise Undelivered(f"{host}: {type(error).__name__}") from error
    if not 200 <= answer.status_code < 300:
        raise Undelivered(f"{host}: answered {answer.status_code}")


def mail(smtp: Smtp, message: EmailMessage) -> None:
    """Hand a mail to the server. Raises Undelivered."""
    try:
        server = _connected(smtp)
        try:
            if smtp.user is not None and smtp.password is not None:
                server.login(smtp.user, smtp.password)
            server.send_message(message)
            with suppress(OSError, smtplib.SMTPException):  # the mail is theirs already
                server.quit()
        finally:
            server.close()
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"{smtp.host}: {type(error).__name__}") from error


def _connected(smtp: Smtp) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if smtp.security == "tls":
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIMEOUT_S, context=context)
    server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT_S)
    if smtp.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server
