"""One message offered to an SMTP server after the login, command by command (RFC 5321, M2).

Whether the server may have taken it depends on one thing: the line with the dot that ends it. That
line is sent by itself, after everything else. If the connection fails before, the server has no end
of the message, and a message without an end is never delivered (RFC 5321, sections 3.8 and
4.1.1.4). After it, only a complete answer tells what became of the message.
"""

import re
from collections.abc import Callable
from datetime import datetime

from adapters.mail.opening import Opening
from adapters.mail.refused import NotUnderstood, ServerRefused
from adapters.mail.smtp_session import Reply, SmtpSession, require, told, told_by
from adapters.mail.wire.refusals import submitted_by
from engine.work.classifying.evidence import At
from engine.work.ports import NOT_SUBMITTED, Message, Outcome, Refused, Submitted
from events.vocabulary import RefusalFault

_ADDRESS = re.compile(r"[!-;=?-~]+")
_END = b".\r\n"
_CLOSING, _GO_ON = 421, 354


class Submission:
    """A message from ``sender``; both addresses are ASCII.

    ``may_leave`` is asked right before the line with the dot: without it, the connection is closed
    and the server has no message.
    """

    def __init__(
        self,
        opened: Opening[SmtpSession],
        sender: str,
        message: Message,
        clock: Callable[[], datetime],
        may_leave: Callable[[], bool],
    ) -> None:
        self._opened = opened
        self._stages = opened.stages
        self._smtp = opened.session.smtp
        self._sender, self._recipient = sender, message.address
        self._content = _by_lines(message.content)
        self._clock = clock
        self._may_leave = may_leave
        self._ended = False

    def run(self) -> Submitted:
        """The outcome for the message. Raises what a session raises if MAIL already fails, as in a
        session that the server has left: then nothing of the message was sent."""
        if not _ADDRESS.fullmatch(self._recipient) or not _ADDRESS.fullmatch(self._sender):
            return Refused(RefusalFault.OTHER)
        try:
            with told():
                self._say_whose()
                self._say_what()
                if not self._may_leave():
                    self._opened.spent = True
                    return NOT_SUBMITTED
                self._end()
        except ServerRefused as refused:
            return self._refused(refused)
        except (NotUnderstood, OSError) as error:
            return self._broken(error)
        return Outcome.ACCEPTED

    def _say_whose(self) -> None:
        self._stages.at = At.MAIL
        mail = " ".join([f"MAIL FROM:<{self._sender}>", *self._parameters()])
        rcpt = f"RCPT TO:<{self._recipient}>"
        together = self._offers("pipelining")
        self._smtp.send(f"{mail}\r\n{rcpt}\r\n" if together else f"{mail}\r\n")
        self._require(self._smtp.getreply())
        self._stages.at = At.RCPT
        self._require(self._smtp.getreply() if together else self._smtp.docmd(rcpt))

    def _parameters(self) -> list[str]:
        """Parameters of MAIL, each only if the server offers it (RFC 1870, 6152, 6531)."""
        head = self._content.partition(b"\r\n\r\n")[0]
        wanted = {
            "size": f"SIZE={len(self._content)}",
            "8bitmime": "" if self._content.isascii() else "BODY=8BITMIME",
            "smtputf8": "" if head.isascii() else "SMTPUTF8",
        }
        return [said for name, said in wanted.items() if said and self._offers(name)]

    def _say_what(self) -> None:
        self._stages.at = At.DATA
        code, said = self._smtp.docmd("DATA")
        if code != _GO_ON:
            self._opened.spent = True
            raise ServerRefused(told_by(code, said))
        self._smtp.send(_stuffed(self._content))

    def _end(self) -> None:
        self._ended = True
        self._smtp.send(_END)
        self._require(self._smtp.getreply())

    def _require(self, reply: Reply) -> None:
        try:
            require(reply)
        except ServerRefused:
            self._opened.spent = reply[0] == _CLOSING or self._stages.at is At.MAIL
            raise

    def _refused(self, refused: ServerRefused) -> Submitted:
        if self._stages.at is At.MAIL and str(refused).startswith(f"{_CLOSING}"):
            raise refused
        evidence = self._stages.evidence(refused)
        if self._stages.at is At.RCPT:
            self._reset()
        return submitted_by(evidence, self._clock(), ended=self._ended)

    def _broken(self, error: Exception) -> Submitted:
        """The outcome after a broken conversation. A server that breaks off at the recipient or the
        content may do so because of them, so it counts as one of the message's tries (M8). At MAIL
        it is the account's trouble."""
        self._opened.spent = True
        if self._ended:
            return Outcome.UNKNOWN
        if self._stages.at is At.MAIL:
            raise error
        return Refused(RefusalFault.TEMPORARY)

    def _reset(self) -> None:
        """Give up the transaction, so that the next message starts without one."""
        try:
            with told():
                require(self._smtp.docmd("RSET"))
        except (ServerRefused, NotUnderstood, OSError):
            self._opened.spent = True

    def _offers(self, extension: str) -> bool:
        return extension in self._smtp.esmtp_features


def _by_lines(content: bytes) -> bytes:
    """The content with CRLF at the end of every line, whatever line ends it had."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return lines.replace(b"\n", b"\r\n")


def _stuffed(content: bytes) -> bytes:
    """The content for DATA: no line can be taken for the end (RFC 5321, section 4.5.2)."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    first = b"." if content.startswith(b".") else b""
    return first + stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n")
