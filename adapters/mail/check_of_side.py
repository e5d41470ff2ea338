"""Checks one side of a mailbox, IMAP or SMTP, stage by stage, from its server's name on (C1)."""

from adapters.mail.opening import OpeningImap, OpeningSmtp
from engine.work.classifying.evidence import At
from events.vocabulary import Stage


class CheckOfImap(OpeningImap):
    def enter(self) -> None:
        with self.stages.stage(Stage.LOGIN):
            self._log_in()
        with self.stages.stage(Stage.IMAP):
            self.session.introduce()
            self.stages.folders = self.session.look_around()


class CheckOfSmtp(OpeningSmtp):
    def enter(self) -> None:
        with self.stages.stage(Stage.SMTP):
            self._log_in()
            self.stages.at = At.MAIL
            self.session.try_sender(self.mailbox.account_id)
